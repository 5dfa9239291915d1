from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backproof.cases
from backproof import strategies
from backproof.cases import Case, draw
from backproof.notation import ACTIVATIONS, FAMILY, MODELS, PIECES, Model
from backproof.verdict import RIGHT_BELOW, margin
from backproof.witnesses import dissent, finite_difference, reference, truths

# The fast suite compiles one program pair for each of these; nightly, for all.
PAIRS = [
    ("linear_regression", "identity"),
    ("logistic_regression", "identity"),
    ("softmax_regression", "identity"),
    ("mlp", "tanh"),
    ("mlp_softmax", "relu"),
    ("mlp3", "tanh"),
    ("linear_piece", "identity"),
    ("activation_piece", "sigmoid"),
    ("linear_activation_piece", "relu"),
]
ALL_PAIRS = [
    (name, activation)
    for name, model in {**MODELS, **PIECES}.items()
    for activation in (ACTIVATIONS if model.has_activation else ("identity",))
]


def assert_reference_agrees(model: Model, activation: str, cases: list[Case]) -> None:
    for case, truth in zip(cases, truths(model, cases, activation), strict=True):
        assert truth.agrees
        for precision in ("float64", "longdouble"):
            by_hand = reference(model, case.arrays, activation, precision)
            for name, value in truth.values.items():
                assert margin(by_hand[name], value, truth.bounds[name]) <= RIGHT_BELOW, name


@pytest.mark.parametrize(("name", "activation"), PAIRS)
def test_reference_and_jax_agree(name: str, activation: str) -> None:
    model = FAMILY[name]

    @given(strategies.cases(model))
    @settings(max_examples=40)
    def agree(case: Case) -> None:
        assert_reference_agrees(model, activation, [case])

    agree()


@pytest.mark.nightly
@pytest.mark.parametrize(("name", "activation"), ALL_PAIRS)
def test_reference_and_jax_agree_for_every_activation(name: str, activation: str) -> None:
    model = FAMILY[name]
    assert_reference_agrees(model, activation, draw(model, 1500, seed=3))


def test_padded_classes_count_for_nothing_however_steep_the_others_are() -> None:
    model = MODELS["softmax_regression"]
    case = draw(model, 1, seed=4, scales={"mild": 1.0})[0]
    steep = Case({**case.arrays, "b": np.full_like(case.arrays["b"], -(2.0**40))}, "hard")
    assert_reference_agrees(model, "identity", [steep])


@pytest.mark.parametrize(("name", "activation"), PAIRS)
def test_all_witnesses_agree_on_mild_cases(name: str, activation: str) -> None:
    model = FAMILY[name]
    cases = draw(model, 8, seed=5, scales={"mild": 1.0})
    small = [case for case in cases if case.numbers() < 400]
    assert small
    for case, truth in zip(small, truths(model, small, activation), strict=True):
        assert dissent(model, case, truth, activation) is None


@pytest.mark.parametrize("name", ["dW1", "db2", "loss"])
def test_a_wrong_truth_finds_dissent(name: str) -> None:
    model = MODELS["mlp"]
    case = draw(model, 1, seed=8, scales={"mild": 1.0})[0]
    (truth,) = truths(model, [case], "tanh")
    bent = {**truth.values, name: truth.values[name] * (1.0 + 1e-9)}
    assert dissent(model, case, truth._replace(values=bent), "tanh") is not None


def test_padding_and_company_change_nothing() -> None:
    model = MODELS["mlp"]
    cases = draw(model, 40, seed=11)
    together = truths(model, cases, "tanh")
    for i in (0, 17, 39):
        (alone,) = truths(model, [cases[i]], "tanh")
        for name, value in alone.values.items():
            assert np.array_equal(value, together[i].values[name])
            assert np.array_equal(alone.bounds[name], together[i].bounds[name])


def test_bounds_follow_the_precision() -> None:
    model = MODELS["mlp"]
    cases = draw(model, 10, seed=2, scales={"mild": 1.0})
    wide, narrow = (truths(model, cases, "tanh", precision=p) for p in ("float32", "float64"))
    for one, other in zip(wide, narrow, strict=True):
        ratio = np.median(one.bounds["dW1"] / other.bounds["dW1"])
        assert 2.0**27 < ratio < 2.0**29


@pytest.mark.parametrize("name", ["logistic_regression", "softmax_regression", "mlp_softmax"])
def test_bounds_of_mild_cases_are_finite_in_float32_however_they_are_padded(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backproof.cases, "LARGER", 0.5)
    model = MODELS[name]
    cases = draw(model, 20, 11, {"mild": 1.0})
    assert len({max(max(a.shape) for a in case.arrays.values()) > 16 for case in cases}) == 2
    for truth in truths(model, cases, precision="float32"):
        assert all(np.isfinite(bound).all() for bound in truth.bounds.values())


def test_the_kink_is_the_slope_at_zero() -> None:
    model = MODELS["mlp3"]
    arrays = {t: np.ones(model.shape(t, {"d": 1, "h1": 1, "h2": 1, "n": 1})) for t in model.layouts}
    arrays["b2"] = -np.ones((1, 1)) * 2.0
    case = Case(arrays, "integer")
    gradients = [
        truths(model, [case], "leaky_relu", kink=kink)[0].values["dW1"][0, 0]
        for kink in (0.0, 0.25, 1.0)
    ]
    assert gradients[0] == 0.0
    assert gradients[1] == pytest.approx(0.25 * gradients[2], rel=1e-14)


@given(st.floats(-3.0, 3.0), st.floats(0.1, 5.0), st.sampled_from(["float64", "longdouble"]))
def test_a_finite_difference_knows_its_error(point: float, scale: float, dtype: str) -> None:
    u = float(np.finfo(dtype).eps) / 2

    def f(value: np.ndarray) -> np.floating:
        return np.sum(np.exp(scale * np.sin(value)))

    at = np.array([point], dtype=dtype)
    slope, error = finite_difference(f, at, np.ones(1, dtype=dtype), u)
    exact = scale * np.cos(at) * np.exp(scale * np.sin(at))
    assert abs(slope - float(exact[0])) <= error
    assert error < 1e-3 * max(1.0, abs(float(exact[0])))
