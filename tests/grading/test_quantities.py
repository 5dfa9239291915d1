import numpy as np
import pytest

from backproof.grading.quantities import drawn, known, layouts, rate_of
from backproof.notation import FAMILY, MODELS
from backproof.verdict import RIGHT_BELOW, margin
from backproof.witnesses import truths

SOME = [("logistic_regression", "identity"), ("mlp", "relu"), ("mlp3_softmax", "tanh")]


@pytest.mark.parametrize(
    ("name", "activation"),
    [SOME[0], *(pytest.param(*one, marks=pytest.mark.nightly) for one in SOME[1:])],
)
def test_gradients_and_loss_are_those_of_the_witnesses(name: str, activation: str) -> None:
    model = MODELS[name]
    cases = drawn(model, 16, seed=3)
    for precision in ("float64", "float32"):
        found = known(model, cases, activation, precision)
        for one, truth in zip(found, truths(model, cases, activation, precision), strict=True):
            for symbol, value in truth.values.items():
                assert margin(one.values[symbol], value, truth.bounds[symbol]) <= RIGHT_BELOW
                wide = truth.bounds[symbol] > 1e-30  # not of underflow alone, as behind a dead ReLU
                ratio = one.bounds[symbol][wide] / truth.bounds[symbol][wide]
                assert np.all((ratio > 0.25) & (ratio < 4.0)), symbol


@pytest.mark.parametrize(
    ("name", "activation"), [*SOME[:2], pytest.param(*SOME[2], marks=pytest.mark.nightly)]
)
def test_what_is_on_the_way_goes_together(name: str, activation: str) -> None:
    """Each quantity follows from the others by the lecture's lines, up to rounding."""
    model = MODELS[name]
    last = str(model.depth) if model.depth > 1 else ""
    weights = [one for one in model.parameters if one[0] in "Ww"]
    for place, one in enumerate(known(model, drawn(model, 16, seed=5), activation)):
        v, n = one.values, one.sizes["n"]
        close = {"rtol": 1e-12, "atol": 1e-14}
        below = v["x"] if model.depth == 1 else v[f"a{model.depth - 1}"]
        assert np.allclose(v[f"z{last}"], v[weights[-1]] @ below + v[f"b{last}"], **close)
        assert np.allclose(v[f"dz{last}"], (v["yhat"] - v["y"]) / n, **close)
        assert np.allclose(v[f"d{weights[-1]}"], v[f"dz{last}"] @ below.T, **close)
        assert np.allclose(
            v["dx"], v[weights[0]].T @ v["dz1" if model.depth > 1 else "dz"], **close
        )
        assert v["rate"] == rate_of(place)
        assert np.allclose(v[f"{weights[0]}'"], v[weights[0]] - v["rate"] * v[f"d{weights[0]}"])
        if model.output == "sigmoid":
            assert np.allclose(v["dyhat"] * v["yhat"] * (1 - v["yhat"]), v[f"dz{last}"], **close)
            assert np.array_equal(v["label"], v["yhat"] >= 0.5)
        else:
            assert np.array_equal(v["label"][0], v["yhat"].argmax(axis=0))


def test_every_symbol_has_its_shape_and_cases_are_those_of_the_seed() -> None:
    for model in (FAMILY["mlp"], FAMILY["softmax_regression"]):
        cases = drawn(model, 9, seed=1, fixed={"d": 4})
        again = drawn(model, 9, seed=1, fixed={"d": 4})
        for one, other in zip(cases, again, strict=True):
            assert all(np.array_equal(one.arrays[name], other.arrays[name]) for name in one.arrays)
        for one in known(model, cases, "relu"):
            assert one.sizes["d"] == 4
            for symbol, layout in layouts(model).items():
                shape = tuple(1 if axis == "1" else one.sizes[axis] for axis in layout.split())
                assert one.values[symbol].shape == shape, symbol
        assert any(one.arrays["x"].shape[1] == 1 for one in cases)
