import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.grading.datasets import choices, made, sizes_of
from backproof.notation import MODELS

NAMES = [(name, data) for name, model in MODELS.items() for data in choices(model)]


@given(st.sampled_from(NAMES), st.integers(0, 2**32), st.integers(2, 5))
def test_data_are_those_of_the_seed_and_fit_the_model(pair, seed, d) -> None:
    model, data = MODELS[pair[0]], pair[1]
    sizes = sizes_of(data, model, {} if data == "xor" else {"d": d})
    drawn = made(data, model, sizes, np.random.default_rng(seed))
    again = made(data, model, sizes, np.random.default_rng(seed))
    n = drawn["x"].shape[1]
    for tensor in ("x", "y"):
        assert np.array_equal(drawn[tensor], again[tensor])
        assert drawn[tensor].shape == model.shape(tensor, {**sizes, "n": n})
    if model.output == "softmax":
        assert np.array_equal(drawn["y"].sum(axis=0), np.ones(n))
        assert drawn["y"].sum(axis=1).min() > 0
    elif model.output == "sigmoid":
        assert {*np.unique(drawn["y"])} <= {0.0, 1.0}


@given(st.integers(0, 2**32), st.integers(2, 5), st.integers(2, 6))
def test_separable_classes_are_nearer_to_their_own_mean(seed, d, k) -> None:
    """So the lines halfway between the means, which are linear, separate them."""
    model = MODELS["softmax_regression"]
    drawn = made("separable", model, {"d": d, "k": k}, np.random.default_rng(seed))
    labels = drawn["y"].argmax(axis=0)
    means = np.stack([drawn["x"][:, labels == one].mean(axis=1) for one in range(k)], axis=1)
    apart = np.linalg.norm(drawn["x"][:, :, None] - means[:, None, :], axis=0)
    assert np.array_equal(apart.argmin(axis=1), labels)


def test_a_linear_target_is_fitted_exactly() -> None:
    drawn = made("linear", MODELS["linear_regression"], {"d": 3}, np.random.default_rng(1))
    columns = np.vstack([drawn["x"], np.ones(drawn["x"].shape[1])]).T
    _, (residual,), *_ = np.linalg.lstsq(columns, drawn["y"][0])
    assert residual < 1e-25


@pytest.mark.parametrize("data", ["xor", "quadrants"])
def test_what_no_linear_model_separates_is_for_networks_of_two_classes(data) -> None:
    assert data not in choices(MODELS["logistic_regression"])
    drawn = made(data, MODELS["mlp"], {"d": 2}, np.random.default_rng(1))
    linear = np.linalg.lstsq(np.vstack([drawn["x"], np.ones(drawn["x"].shape[1])]).T, drawn["y"][0])
    assert np.abs(linear[0][:2]).max() < 0.5
    with pytest.raises(ValueError, match="2 classes"):
        sizes_of(data, MODELS["mlp_softmax"], {"k": 3})
    with pytest.raises(ValueError, match="2 features"):
        sizes_of(data, MODELS["mlp"], {"d": 1})
