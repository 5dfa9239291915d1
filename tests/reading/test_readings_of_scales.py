"""Data that code puts on one scale before it trains, and gradients with longer names."""

from pathlib import Path

import pytest

from backproof.checking import check_program
from backproof.reading.program import of_script
from backproof.verdict import FileReport

FIT = """
import numpy as np

{helper}

class Unit:
    def fit(self, X, y, rate=0.1, epochs=9):
        {scale}
        n, d = X.shape
        self.w = np.zeros((d, 1))
        for _ in range(epochs):
            p = 1 / (1 + np.exp(-X @ self.w))
            self.w -= {mistake}rate * X.T @ (p - y) / n
"""
SCALES = {
    "inline": ("", "X = (X - X.mean(axis=0)) / X.std(axis=0)"),
    "held": ("", "self.mu, self.sd = X.mean(0), X.std(0)\n        X = (X - self.mu) / self.sd"),
    "guarded": ("", "X = (X - np.mean(X, axis=0)) / (np.std(X, axis=0) + 1e-8)"),
    "to 0 and 1": ("", "X = (X - X.min(axis=0)) / (X.max(axis=0) - X.min(axis=0))"),
    "helper": (
        "def standardize(X):\n    mu, sigma = X.mean(axis=0), X.std(axis=0)\n"
        "    return (X - mu) / sigma",
        "X = standardize(X)",
    ),
}


def checked(text: str) -> FileReport:
    return check_program(of_script(Path("one.py"), text), cases=40)


@pytest.mark.parametrize("mistake", ["", "2 * "])
@pytest.mark.parametrize("name", [*SCALES])
def test_what_is_trained_on_is_taken_as_it_comes(name: str, mistake: str) -> None:
    helper, scale = SCALES[name]
    told = checked(FIT.format(helper=helper, scale=scale, mistake=mistake))
    assert told.verdict == ("wrong" if mistake else "right"), told.problem
    assert "its data not put on one scale" in told.functions[0].convention


def test_what_only_looks_like_it_stays() -> None:
    """A difference of data and a prediction is no scale."""
    text = FIT.format(helper="", scale="pass", mistake="").replace("(p - y) / n", "((p - y) / n)")
    told = checked(text)
    assert told.verdict == "right"
    assert "scale" not in told.functions[0].convention


BACKWARD = """
import numpy as np

def backward_propagation_with_{what}(x, y, cache):
    a1, w2, a2 = cache["a1"], cache["w2"], cache["a2"]
    m = x.shape[1]
    dz2 = a2 - y
    dz1 = w2.T @ dz2 * {slope}
    grads = {{"dz2": dz2, "dw2": dz2 @ a1.T / m, "db2": dz2.sum(axis=1, keepdims=True) / m,
             "dz1": dz1, "dw1": dz1 @ x.T / m, "db1": dz1.sum(axis=1, keepdims=True) / m}}
    return grads

def forward_propagation(x, parameters):
    w1, b1, w2, b2 = parameters["w1"], parameters["b1"], parameters["w2"], parameters["b2"]
    a1 = np.tanh(w1 @ x + b1)
    a2 = 1 / (1 + np.exp(-(w2 @ a1 + b2)))
    return a2, {{"a1": a1, "w2": w2, "a2": a2}}
"""


@pytest.mark.parametrize("what", ["regularization", "dropout", "tanh"])
@pytest.mark.parametrize("right", [True, False])
def test_a_backward_pass_with_something_is_one(what: str, right: bool) -> None:
    slope = "(1 - a1 ** 2)" if right else "(1 - a1)"
    told = checked(BACKWARD.format(what=what, slope=slope))
    assert told.verdict == ("right" if right else "wrong"), told.problem
