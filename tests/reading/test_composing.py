"""What gives the values that a function takes is a forward pass, never a training."""

import ast
from pathlib import Path

import pytest

from backproof.reading.program import of_script
from backproof.reading.recipes import PROBE
from backproof.reading.source import UNTOLD
from backproof.reading.understand import plan
from reading.small_programs import checked, wrong

PROGRAM = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def {name}(X, y, w, b):
    {body}
    return p

def gradients(p, X, y):
    dz = p - y
    return X.T @ dz / len(y), np.mean(dz)
"""
FORWARD = "p = sigmoid(X @ w + b)"
TRAINING = """for epoch in range(5000):
        p = sigmoid(X @ w + b)
        w = w - 0.1 * X.T @ (p - y) / len(y)
        b = b - 0.1 * np.mean(p - y)"""


def drivers(text: str) -> list[str]:
    """The code that a plan runs beside the file's own definitions."""
    recipes = plan(of_script(Path("one.py"), text), UNTOLD).recipes.values()
    found = (ast.unparse(one.statements[-1:][0]) for one in recipes if one.statements)
    return [text for text in found if PROBE in text]


@pytest.mark.parametrize("name", ["forward", "run_network"])
def test_a_function_that_takes_steps_gives_no_prediction(name: str) -> None:
    called = f"{name}("
    assert any(called in one for one in drivers(PROGRAM.format(name=name, body=FORWARD)))
    for one in drivers(PROGRAM.format(name=name, body=TRAINING)):
        assert f"= {called}" not in one


HANDED = """
import numpy as np

class Two:
    def __init__(self, d, h):
        self.W1, self.b1 = np.random.randn(h, d), np.zeros((h, 1))
        self.W2, self.b2 = np.random.randn(1, h), np.zeros((1, 1))

    def forward(self, X):
        Z1 = self.W1 @ X + self.b1
        {held} = np.tanh(Z1)
        P = 1 / (1 + np.exp(-(self.W2 @ {value} + self.b2)))
        return P

    def backward(self, X, Y, G, P):
        n = X.shape[1]
        dZ2 = P - Y
        dZ1 = self.W2.T @ dZ2 * ({slope})
        dW1, db1 = dZ1 @ X.T / n, np.mean(dZ1, axis=1, keepdims=True)
        dW2, db2 = dZ2 @ G.T / n, np.mean(dZ2, axis=1, keepdims=True)
        return dW1, db1, dW2, db2
"""


@pytest.mark.parametrize(("held", "value"), [("G", "G"), ("self.G", "self.G")])
@pytest.mark.parametrize(("slope", "amiss"), [("1 - G ** 2", set()), ("1 - G", {"dW1", "db1"})])
def test_what_forward_holds_and_does_not_return_is_handed_over(
    held: str, value: str, slope: str, amiss: set[str]
) -> None:
    told = checked(HANDED.format(held=held, value=value, slope=slope))
    assert told.verdict == ("wrong" if amiss else "right"), told.problem
    assert wrong(told) == amiss


@pytest.mark.parametrize("held", ["H", "self.H"])
@pytest.mark.parametrize(("slope", "amiss"), [("1 - H ** 2", set()), ("1 - H", {"dW1", "db1"})])
def test_what_is_multiplied_is_no_size(held: str, slope: str, amiss: set[str]) -> None:
    text = HANDED.replace("G", "H").format(held=held, value=held, slope=slope)
    assert wrong(checked(text)) == amiss
    returned = text.replace("return P\n", f"return {held}, P\n")
    assert wrong(checked(returned)) == amiss
    assert checked(returned).verdict == ("wrong" if amiss else "right")


TURNED = """
import numpy as np

class One:
    def __init__(self, d):
        self.w = np.zeros((1, d))

    def forward(self, given):
        given = np.array(given, ndmin=2).T
        return 1 / (1 + np.exp(-(self.w @ given)))

    def train(self, given, truth, rate):
        given = np.array(given, ndmin=2).T
        p = 1 / (1 + np.exp(-(self.w @ given)))
        self.w += rate * ({residual}) @ given.T
"""


@pytest.mark.parametrize(("residual", "amiss"), [("truth - p", set()), ("p - truth", {"dw"})])
def test_what_forward_is_handed_too_is_not_its_own(residual: str, amiss: set[str]) -> None:
    told = checked(TURNED.format(residual=residual))
    assert told.verdict == ("wrong" if amiss else "right"), told.problem
    assert wrong(told) == amiss
