from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import candidates as on_trial
from backproof.cases import draw
from backproof.kinks import find_kink
from backproof.notation import MODELS

MODEL = MODELS["mlp"]


def relu_with(kink: float) -> Any:
    def backward(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
        z1 = W1 @ x + b1
        a1 = np.maximum(z1, 0.0)
        dz2 = (on_trial.sigmoid(W2 @ a1 + b2) - y) / x.shape[1]
        dz1 = W2.T @ dz2 * np.where(z1 > 0.0, 1.0, np.where(z1 < 0.0, 0.0, kink))
        return dz1 @ x.T, dz1.sum(1, keepdims=True), dz2 @ a1.T, dz2.sum(1, keepdims=True)

    return backward


@pytest.mark.parametrize("kink", [0.0, 0.5, 1.0, 0.3])
def test_one_number_explains_all_kinks(kink: float) -> None:
    candidate = on_trial.candidate(relu_with(kink), activation="relu")
    cases = draw(MODEL, 40, scales={"integer": 1.0})
    assert find_kink(candidate, cases, candidate.answers(cases)) == pytest.approx(kink)


@pytest.mark.parametrize("kink", [-0.5, 1.5])
def test_a_slope_outside_of_zero_and_one_explains_nothing(kink: float) -> None:
    candidate = on_trial.candidate(relu_with(kink), activation="relu")
    cases = draw(MODEL, 40, scales={"integer": 1.0})
    assert find_kink(candidate, cases, candidate.answers(cases)) is None


def test_two_slopes_explain_nothing() -> None:
    one, other = relu_with(0.0), relu_with(1.0)

    def both(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
        chosen = one if x.shape[1] % 2 else other
        return chosen(W1, b1, W2, b2, x, y)

    candidate = on_trial.candidate(both, activation="relu")
    cases = draw(MODEL, 60, scales={"integer": 1.0})
    assert find_kink(candidate, cases, candidate.answers(cases)) is None
