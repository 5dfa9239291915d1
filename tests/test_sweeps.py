from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backproof
from backproof.notation import MODELS
from backproof.start import folded
from backproof.sweeps import sweep

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 20))
TWO = (X[:1] + 0.3 * RNG.normal(size=(1, 20)) > 0).astype(float)
THREE = np.eye(3)[:, RNG.integers(3, size=20)]


@pytest.mark.parametrize(("model", "y"), [("mlp", TWO), ("softmax_regression", THREE)])
def test_each_run_is_the_one_that_is_trained_alone(model: str, y: np.ndarray) -> None:
    told: dict[str, Any] = {"activation": "tanh", "steps": 30, "dtype": "float64", "scale": 0.5}
    swept = sweep(model, X, y, learning_rates=[0.1, 1.0], seeds=[3, 4, 5], **told)
    assert swept.losses.shape == (2, 3, 1, 30)
    assert np.isnan(swept.held_losses).all()
    for r, rate in enumerate([0.1, 1.0]):
        for s, seed in enumerate([3, 4, 5]):
            alone = backproof.train(model, X, y, learning_rate=rate, seed=seed, **told)
            np.testing.assert_allclose(swept.losses[r, s, 0], alone.losses, rtol=1e-12)
            for name, value in alone.parameters.items():
                found = swept.parameters[name][r, s, 0]
                np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-12)


def test_each_fold_is_trained_on_the_others_and_judged_on_itself() -> None:
    told: dict[str, Any] = {"activation": "tanh", "steps": 40, "dtype": "float64", "scale": 0.5}
    swept = sweep("mlp", X, TWO, folds=6, learning_rates=[1.0], **told)
    for fold, trained_on in enumerate(folded(MODELS["mlp"], TWO, 6)):
        held = np.flatnonzero(~trained_on)
        kept = np.setdiff1d(np.arange(20), held)
        alone = backproof.train("mlp", X[:, kept], TWO[:, kept], learning_rate=1.0, **told)
        np.testing.assert_allclose(swept.losses[0, 0, fold], alone.losses, rtol=1e-11)
        W1, b1, W2, b2 = alone.parameters.values()
        z = (W2 @ np.tanh(W1 @ X[:, held] + b1) + b2)[0]
        label = TWO[0, held]
        assert swept.accuracies[0, 0, fold] == pytest.approx(np.mean((z > 0) == (label > 0.5)))
        for i, j in np.ndindex(2, 2):
            count = np.sum(((label > 0.5) == i) & ((z > 0) == j))
            assert swept.confusions[0, 0, fold, i, j] == count
        loss = np.mean(np.logaddexp(0, z) - label * z)
        assert swept.held_losses[0, 0, fold] == pytest.approx(loss, rel=1e-9)


OUTPUTS = ["linear_regression", "logistic_regression", "softmax_regression"]


@given(
    st.sampled_from(OUTPUTS),
    st.lists(st.integers(0, 2), min_size=2, max_size=60).flatmap(
        lambda labels: st.tuples(st.just(labels), st.integers(2, len(labels)))
    ),
)
def test_folds_hold_out_each_example_once_and_as_many_of_each_class(
    model: str, two: tuple[list[int], int]
) -> None:
    labels, folds = np.array(two[0]), two[1]
    one_hot = np.eye(3)[:, labels]
    y = one_hot if model == "softmax_regression" else one_hot[:1]
    held = ~folded(MODELS[model], y, folds)
    assert held.shape == (folds, len(labels))
    np.testing.assert_array_equal(held.sum(axis=0), 1)
    assert np.ptp(held.sum(axis=1)) <= 1
    for of_class in y if model != "linear_regression" else []:
        assert np.ptp(held @ of_class) <= 1
        assert np.ptp(held @ (1.0 - of_class)) <= 1 or model == "softmax_regression"


def test_folds_are_shuffled_within_a_class() -> None:
    held = ~folded(MODELS["logistic_regression"], np.zeros((1, 40)), 2)
    assert held[0, :20].any()
    assert not np.array_equal(held[0], np.arange(40) % 2 == 0)


def test_numbers_have_no_accuracy() -> None:
    swept = sweep("linear_regression", X, X[:1] * 2.0, folds=2, steps=5)
    assert np.isnan(swept.accuracies).all()
    assert np.isfinite(swept.held_losses).all()
    assert swept.confusions.shape == (1, 1, 2, 0, 0)


# One shape for all examples, so that one program serves them.
FOLDS = 4
KEPT = folded(MODELS["mlp"], TWO, FOLDS)
KEPT_OF_NUMBERS = folded(MODELS["linear_regression"], TWO, FOLDS)
LARGE = st.sampled_from([-1e38, 1e38]) | st.floats(-1e38, 1e38)


@settings(max_examples=25)
@given(st.integers(0, FOLDS - 1), st.lists(LARGE, min_size=15, max_size=15), st.sampled_from("xy"))
def test_nothing_of_a_folds_training_depends_on_what_it_holds_out(
    fold: int, numbers: list[float], which: str
) -> None:
    told: dict[str, Any] = {"activation": "relu", "steps": 3, "scale": 5.0, "folds": FOLDS}
    told |= {"seeds": [0, 1], "standardise": True}
    other, flipped = X.copy(), TWO.copy()
    if which == "x":
        other[:, ~KEPT[fold]] = np.reshape(numbers, (3, 5))
    else:  # of numbers: labels say which folds there are
        flipped[:, ~KEPT_OF_NUMBERS[fold]] = 1.0 - TWO[:, ~KEPT_OF_NUMBERS[fold]]
    model = "mlp" if which == "x" else "linear_regression"
    one, another = sweep(model, X, TWO, **told), sweep(model, other, flipped, **told)
    np.testing.assert_array_equal(one.losses[:, :, fold], another.losses[:, :, fold])
    for name, value in one.parameters.items():
        np.testing.assert_array_equal(value[:, :, fold], another.parameters[name][:, :, fold])


@pytest.mark.parametrize("model", ["mlp", "softmax_regression"])
def test_a_fold_is_on_the_scale_of_its_own_training_part(model: str) -> None:
    y = THREE if model == "softmax_regression" else TWO
    far = 100.0 * X + [[5.0], [-7.0], [1e4]]
    told: dict[str, Any] = {"activation": "tanh", "steps": 30, "dtype": "float64", "scale": 0.5}
    swept = sweep(model, far, y, folds=FOLDS, standardise=True, **told)
    for fold, kept in enumerate(folded(MODELS[model], y, FOLDS)):
        x = far[:, kept]
        x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
        alone = backproof.train(model, x, y[:, kept], **told)
        np.testing.assert_allclose(swept.losses[0, 0, fold], alone.losses, rtol=1e-6)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"folds": 1}, "folds=1: expected a whole number from 2 to n=20"),
        ({"folds": 21}, "folds=21: expected a whole number from 2 to n=20"),
        ({"learning_rates": []}, "learning_rates and seeds: expected at least one of each"),
        ({"learning_rates": [0.1, -1]}, "learning_rates=-1: expected a positive number"),
        ({"seeds": [-1]}, "seed=-1: expected a whole number from 0"),
    ],
)
def test_bad_input_is_named(bad: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        sweep("mlp", X, TWO, **bad)
