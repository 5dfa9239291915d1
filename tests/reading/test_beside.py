"""Steps without a sigmoid are no linear regression where the rest of the file speaks of one."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.checking import check_program
from backproof.reading.program import of_script
from backproof.reading.source import UNTOLD
from backproof.verdict import FileReport

STEPS = """
import numpy as np

def {sigmoid}(z):
    return 1 / (1 + np.exp(-z))

{more}

def train(X, y, rate=0.1, turns=100):
    n, d = X.shape
    w = np.zeros((d, 1))
    for _ in range(turns):
        w -= rate * X.T @ ({steps} - y) / n
    return w
"""
LOSS = """
def {loss}(X, y, w):
    p = {sigmoid}(X @ w)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
"""
OF_P = """
def {loss}(y, p):
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
w = train(X, y)
print({loss}(y, {sigmoid}(X @ w)))
"""
IN_SCRIPT = """
w = train(X, y)
p = {sigmoid}(X @ w)
print(-(y.T @ np.log(p) + (1 - y).T @ np.log(1 - p)) / len(y))
"""
PREDICT = """
def predict(X, w):
    return {sigmoid}(X @ w) > 0.5
"""


def checked(text: str, model: str | None = None) -> FileReport:
    return check_program(of_script(Path("one.py"), text), UNTOLD._replace(model=model), cases=40)


@given(
    more=st.sampled_from([LOSS, OF_P, IN_SCRIPT, PREDICT]),
    sigmoid=st.sampled_from(["sigmoid", "squash"]),
    loss=st.sampled_from(["loss", "cost"]),
    linear=st.booleans(),
)
@settings(max_examples=8, deadline=None)
def test_a_sigmoid_that_the_steps_lack_is_asked_for(
    more: str, sigmoid: str, loss: str, linear: bool
) -> None:
    steps = "X @ w" if linear else f"{sigmoid}(X @ w)"
    text = STEPS.format(sigmoid=sigmoid, more=more.format(sigmoid=sigmoid, loss=loss), steps=steps)
    told = checked(text)
    if linear:
        assert told.verdict == "unread"
        assert told.question
        assert "those of linear regression" in (told.problem or "")
    else:
        assert told.verdict == "right"


def test_what_is_told_decides() -> None:
    text = STEPS.format(sigmoid="sigmoid", more=PREDICT.format(sigmoid="sigmoid"), steps="X @ w")
    assert checked(text, "linear_regression").verdict == "right"
    assert checked(text, "logistic_regression").verdict == "wrong"


@pytest.mark.parametrize(
    "beside",
    [
        "def mse(y, p):\n    return np.mean((y - p) ** 2)\n" + OF_P,  # which of them is meant?
        "def predict(X, w):\n    return X @ w\nprint(np.exp(predict(X, train(X, np.log(y)))))",
        "def entropy(p):\n    return -np.sum(p * np.log(p))",
        "def classify(X, y):\n    w = np.zeros((X.shape[1], 1))\n    for _ in range(9):\n"
        "        w -= 0.1 * X.T @ (sigmoid(X @ w) - y) / len(y)\n    return w\n" + PREDICT,
    ],
    ids=["a squared error too", "of logarithms", "an entropy", "another trains with it"],
)
def test_linear_regression_stays_right(beside: str) -> None:
    more = beside.format(sigmoid="sigmoid", loss="loss")
    told = checked(STEPS.format(sigmoid="sigmoid", more=more, steps="X @ w"))
    assert told.verdict == "right", told.problem


def test_one_part_that_is_asked_of_leaves_no_file_right() -> None:
    layer = "def linear_backward(dZ, cache):\n    A, W, b = cache\n    m = A.shape[1]\n"
    layer += "    return W.T @ dZ, dZ @ A.T / m, np.sum(dZ, axis=1, keepdims=True) / m\n"
    more = layer + PREDICT.format(sigmoid="sigmoid")
    told = checked(STEPS.format(sigmoid="sigmoid", more=more, steps="X @ w"))
    assert told.functions
    assert told.verdict == "undecided"
