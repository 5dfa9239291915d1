"""Dropout, which drops nothing here, has to be gone back through as the forward pass goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from backproof.checking import check_program
from backproof.reading.program import of_script

TRAIN = """
import numpy as np

def train(X, Y, n_h, {parameter}, lr=0.1, steps=100):
    n, d = X.shape
    W1, b1 = np.random.randn(d, n_h), np.zeros((1, n_h))
    W2, b2 = np.random.randn(n_h, 1), np.zeros((1, 1))
    for _ in range(steps):
        Z1 = X @ W1 + b1
        A1 = np.tanh(Z1)
        D = {mask}
        H = A1 * D{forward}
        P = 1 / (1 + np.exp(-(H @ W2 + b2)))
        dZ2 = (P - Y) / n
        dH = dZ2 @ W2.T * D{backward}
        dZ1 = dH * (1 - A1 ** 2)
        W2 -= lr * H.T @ dZ2
        b2 -= lr * dZ2.sum(axis=0, keepdims=True)
        W1 -= lr * X.T @ dZ1
        b1 -= lr * dZ1.sum(axis=0, keepdims=True)
    return W1, b1, W2, b2
"""
KEEP = ("keep_prob=0.8", "np.random.rand(*A1.shape) < keep_prob", " / keep_prob")
RATE = ("drop_rate=0.2", "np.random.rand(*A1.shape) > drop_rate", " / (1 - drop_rate)")


@pytest.mark.parametrize("style", [KEEP, RATE])
@pytest.mark.parametrize(
    ("before", "behind", "verdict"),
    [
        (True, True, "right"),
        (False, False, "right"),
        (True, False, "unread"),
        (False, True, "unread"),
    ],
)
def test_what_is_kept_is_divided_in_both_passes_or_in_neither(
    style: tuple[str, str, str], before: bool, behind: bool, verdict: str
) -> None:
    parameter, mask, divided = style
    text = TRAIN.format(
        parameter=parameter,
        mask=mask,
        forward=divided if before else "",
        backward=divided if behind else "",
    )
    told = check_program(of_script(Path("drop.py"), text), cases=60)
    assert told.verdict == verdict
    assert (verdict == "right") != ("dropout" in str(told.problem))
