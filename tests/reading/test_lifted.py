"""Lambdas and functions inside of functions, read as functions of the file."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from backproof.checking import check_program
from backproof.reading.lifted import lifted
from backproof.reading.program import of_script


def functions(text: str) -> dict[str, object]:
    space: dict[str, object] = {"np": np}
    exec(compile(lifted(ast.parse(text)), "one.py", "exec"), space)
    return space


OUTER = """
def make(X, y, lam=0.0):
    n = len(y)
    unused = open("nowhere")
    half = lambda t: t / 2
    def residual(w):
        return X @ w - y
    def grad(w):
        return X.T @ residual(w) / n + lam * w
    return grad
"""


def test_a_function_inside_of_another_takes_what_that_takes() -> None:
    rng = np.random.default_rng(1)
    X, y, w = rng.standard_normal((5, 3)), rng.standard_normal(5), rng.standard_normal(3)
    grad = functions(OUTER)["grad"]
    expected = X.T @ (X @ w - y) / 5
    assert np.array_equal(grad(w, X, y), expected)  # type: ignore[operator]
    assert np.array_equal(grad(w, X, y, lam=0.5), expected + 0.5 * w)  # type: ignore[operator]


def test_a_lambda_is_a_function_of_its_name() -> None:
    tree = lifted(ast.parse("f = lambda a, b=2: a * b\ng = f"))
    assert [type(one) for one in tree.body] == [ast.FunctionDef, ast.Assign]
    assert functions("f = lambda a, b=2: a * b")["f"](3) == 6  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    [
        "def fit(X, y):\n    def grad(w):\n        return X.T @ w\n    w = 0\n    w -= grad(w)",
        "def f(*parts):\n    def grad(w):\n        return w\n    return grad",
        "def f(X):\n    def grad(w):\n        global n\n        return w\n    return grad",
        "def g(w):\n    return w\ndef f(X):\n    def g(w):\n        return X\n    return g",
    ],
)
def test_what_is_left_where_it_stands(text: str) -> None:
    tree = ast.parse(text)
    assert ast.unparse(lifted(tree)) == ast.unparse(tree)


APART = """
import numpy as np

def grad_w(w, b, X, y):
    return X.T @ (X @ w + b - y) / len(y)

def grad_b(w, b, X, y):
    return {of_b}
"""


@pytest.mark.parametrize(
    ("of_b", "verdict"),
    [("np.mean(X @ w + b - y)", "right"), ("np.sum(X @ w + b - y)", "wrong")],
)
def test_functions_that_give_one_gradient_each_are_judged_together(of_b: str, verdict: str) -> None:
    told = check_program(of_script(Path("one.py"), APART.format(of_b=of_b)), cases=100)
    assert told.verdict == verdict
    (one,) = told.functions
    assert {name: g.verdict for name, g in one.gradients.items()} == {"dw": "right", "db": verdict}
