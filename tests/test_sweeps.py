from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import backproof
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
    order = np.random.default_rng(0).permutation(20)
    for fold in range(6):
        held = order[fold::6]
        kept = np.setdiff1d(np.arange(20), held)
        alone = backproof.train("mlp", X[:, kept], TWO[:, kept], learning_rate=1.0, **told)
        np.testing.assert_allclose(swept.losses[0, 0, fold], alone.losses, rtol=1e-11)
        W1, b1, W2, b2 = alone.parameters.values()
        z = (W2 @ np.tanh(W1 @ X[:, held] + b1) + b2)[0]
        label = TWO[0, held]
        assert swept.accuracies[0, 0, fold] == pytest.approx(np.mean((z > 0) == (label > 0.5)))
        loss = np.mean(np.logaddexp(0, z) - label * z)
        assert swept.held_losses[0, 0, fold] == pytest.approx(loss, rel=1e-9)


def test_numbers_have_no_accuracy() -> None:
    swept = sweep("linear_regression", X, X[:1] * 2.0, folds=2, steps=5)
    assert np.isnan(swept.accuracies).all()
    assert np.isfinite(swept.held_losses).all()


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
