"""What gives the values that a function takes is a forward pass, never a training."""

import ast
from pathlib import Path

import pytest

from backproof.reading.program import of_script
from backproof.reading.recipes import PROBE
from backproof.reading.source import UNTOLD
from backproof.reading.understand import plan

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
