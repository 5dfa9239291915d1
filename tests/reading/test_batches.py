"""What a mini-batch's gradients are divided by, beside the loss of the same batch."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.checking import check_program
from backproof.reading.program import of_script
from backproof.verdict import Report

PROGRAM = """
import numpy as np

def loss(y, p):
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

def train(X, y, rate=0.1, epochs=100, batch_size=32):
    n, d = X.shape
    w = np.zeros((d, 1))
    b = np.zeros((1, 1))
    for epoch in range(epochs):
        {order}
        for i in range(0, n, batch_size):
            Xb, yb = {batch}
            p = 1 / (1 + np.exp(-(Xb @ w + b)))
            {inside}
            dw = Xb.T @ (p - yb) / {divisor}
            db = np.sum(p - yb, axis=0, keepdims=True) / {divisor}
            w -= rate * dw
            b -= rate * db
        {outside}
    return w, b
"""
BATCHES = {
    "pass": "X[i:i + batch_size], y[i:i + batch_size]",
    "order = np.random.permutation(n)": "X[order[i:i + batch_size]], y[order[i:i + batch_size]]",
}


def trained(**parts: str) -> Report:
    text = PROGRAM.format(**{"inside": "pass", "outside": "pass", **parts})
    return check_program(of_script(Path("one.py"), text), cases=40).functions[0]


@given(
    order=st.sampled_from([*BATCHES]),
    divisor=st.sampled_from(["n", "len(X)", "y.shape[0]", "len(Xb)", "yb.shape[0]"]),
)
@settings(max_examples=8, deadline=None)
def test_the_loss_of_a_batch_says_what_its_gradients_are_divided_by(
    order: str, divisor: str
) -> None:
    told = trained(order=order, batch=BATCHES[order], divisor=divisor, inside="print(loss(yb, p))")
    assert told.loss is not None
    assert told.loss.verdict == "right"
    assert told.verdict == ("right" if "b" in divisor else "wrong")


@pytest.mark.parametrize(
    "stated",
    [
        {},
        {"outside": "print(loss(y, 1 / (1 + np.exp(-(X @ w + b)))))"},
        {"inside": "print(loss(y, 1 / (1 + np.exp(-(X @ w + b)))))"},  # of all, not of the batch
    ],
    ids=["no loss", "once in an epoch", "of all in each turn"],
)
def test_without_it_that_is_another_learning_rate_and_said(stated: dict[str, str]) -> None:
    batch = BATCHES["pass"]
    said = "each batch divided by the number of all examples"
    by_all = trained(order="pass", batch=batch, divisor="n", **stated)
    own = trained(order="pass", batch=batch, divisor="len(Xb)", **stated)
    assert by_all.verdict == own.verdict == "right"
    assert said in by_all.convention
    assert said not in own.convention
