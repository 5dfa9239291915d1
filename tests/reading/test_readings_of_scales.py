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


KEPT = """
import numpy as np
{first}

class Unit:
    def __init__(self, lr: float = {lr}, epochs: int = {epochs}):
        self.lr: float = float(lr)
        self.epochs = epochs

    def fit(self, X, y):
        self.w = np.zeros((X.shape[1], 1))
        self.history = np.zeros(self.epochs)
        for i in range(self.epochs):
            r = X @ self.w - y
            self.history[i] = self.cost(X, y)
            self.w -= {mistake}self.lr * X.T @ r / len(X)

    def cost(self, X, y):
        r = X @ self.w - y
        return r.T @ r / (2 * len(X))
"""


@pytest.mark.parametrize("mistake", ["", "-"])
@pytest.mark.parametrize("named", [True, False])
def test_defaults_by_name_and_losses_that_are_matrices(named: bool, mistake: str) -> None:
    """A default is looked up where its function is defined; (1, 1) is no entry for NumPy 2.4."""
    names = {"first": "LR = 0.1\nEPOCHS = 100", "lr": "LR", "epochs": "EPOCHS"}
    numbers = {"first": "", "lr": "0.1", "epochs": "100"}
    told = checked(KEPT.format(mistake=mistake, **(names if named else numbers)))
    assert told.verdict == ("wrong" if mistake else "right"), told.problem


BETWEEN = """
import numpy as np

def train(X, y, rate=0.1, epochs=9):
    w = np.zeros((X.shape[1], 1))
    for _ in range(epochs):
        t = np.tanh(X @ w)
        p = {p}
        w -= rate * X.T @ ((p - y) * (1 - t ** 2))
    return w
"""


def test_a_tanh_that_is_brought_between_0_and_1_is_no_output() -> None:
    assert checked(BETWEEN.format(p="t")).verdict == "right"
    assert checked(BETWEEN.format(p="(t + 1) / 2")).verdict == "unread"


@pytest.mark.parametrize("rate", ["initial_alpha", "init_lr", "base_lr", "start_alpha"])
def test_rates_that_training_starts_from(rate: str) -> None:
    text = BETWEEN.format(p="t").replace("rate=0.1", rate).replace("epochs=9", "epochs")
    assert checked(text.replace("rate *", f"{rate} *")).verdict == "right"


@pytest.mark.parametrize("used", ["Z.T", "X.T"])
def test_gradients_of_what_is_not_on_the_scale_are_not_right(used: str) -> None:
    text = FIT.format(helper="", scale="Z = (X - X.mean(axis=0)) / X.std(axis=0)", mistake="")
    text = text.replace("-X @ self.w", "-Z @ self.w").replace("X.T @", f"{used} @")
    assert (checked(text).verdict == "right") == (used == "Z.T")
