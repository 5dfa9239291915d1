"""Parameters that a step holds under another name, and steps that are no gradient's."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.checking import check_program
from backproof.reading.program import of_script
from backproof.verdict import FileReport

HELPER = """
import numpy as np

def update(w, b, dw, db, rate):
    {w} = w - rate * dw
    {b} = b - {mistake}rate * db
    return {w}, {b}

def train(X, y, rate=0.1, epochs=9):
    n, d = X.shape
    w, b = np.zeros((d, 1)), 0.0
    for _ in range(epochs):
        p = 1 / (1 + np.exp(-(X @ w + b)))
        w, b = update(w, b, X.T @ (p - y) / n, np.sum(p - y) / n, rate)
    return w, b
"""
LOOP = """
import numpy as np

def train(X, y, rate=0.1, epochs=9):
    n, d = X.shape
    w, b = np.zeros((d, 1)), 0.0
    for _ in range(epochs):
        p = 1 / (1 + np.exp(-(X @ w + b)))
        {w} = w - rate * X.T @ (p - y) / n
        {b} = b - {mistake}rate * np.sum(p - y) / n
        {taken}
    return w, b
"""
LINE = """
import numpy as np

def gradient_descent(X, y, theta0, theta1, alpha, turns):
    m = len(y)
    for i in range(turns):
        temp0 = theta0 - alpha * (1 / m) * np.sum(theta0 + theta1 * X - y)
        {early}
        temp1 = theta1 - alpha * (1 / m) * np.sum((theta0 + theta1 * X - y) * X)
        theta0 = temp0
        theta1 = temp1
    return theta0, theta1
"""


def checked(text: str) -> FileReport:
    return check_program(of_script(Path("one.py"), text), cases=40)


@given(
    names=st.sampled_from([("w_new", "b_new"), ("new_w", "new_b"), ("w1", "b1"), ("t0", "t1")]),
    way=st.sampled_from(["helper", "one by one", "together"]),
    mistake=st.sampled_from(["", "-", "2 * "]),
)
@settings(max_examples=8, deadline=None)
def test_a_step_by_another_name_is_read(names: tuple[str, str], way: str, mistake: str) -> None:
    w, b = names
    taken = f"w = {w}\n        b = {b}" if way == "one by one" else f"w, b = {w}, {b}"
    text = (HELPER if way == "helper" else LOOP).format(w=w, b=b, mistake=mistake, taken=taken)
    told = checked(text)
    assert told.verdict == ("wrong" if mistake else "right"), told.problem


def test_a_step_that_is_taken_too_early_shows() -> None:
    assert checked(LINE.format(early="pass")).verdict == "right"
    told = checked(LINE.format(early="theta0 = temp0"))
    assert told.verdict == "wrong"
    assert told.functions[0].gradients["db"].verdict == "right"


NEWTON = """
import numpy as np

def fit(X, y, turns=9):
    w = np.zeros((X.shape[1], 1))
    for _ in range(turns):
        p = 1 / (1 + np.exp(-X @ w))
        grad = X.T @ (p - y)
        H = X.T @ (X * p * (1 - p))
        {step}
    return w
"""


@pytest.mark.parametrize(
    "step",
    [
        "w -= np.linalg.solve(H, grad)",
        "w = w - np.linalg.inv(H) @ grad",
        "H_inv = np.linalg.pinv(H)\n        w -= H_inv.dot(grad)",
        "delta = np.linalg.solve(H, grad)\n        w -= delta",
    ],
)
def test_newtons_steps_are_none_of_the_gradients(step: str) -> None:
    told = checked(NEWTON.format(step=step))
    assert told.verdict == "unread"
    assert "no multiples of the gradient" in (told.problem or "")
    assert checked(NEWTON.format(step="w -= 0.1 * grad")).verdict == "right"
