"""What a file says of its loss counts where it is run, and not where it only stands."""

from __future__ import annotations

import pytest

from reading.small_programs import checked, loop

TWO_ERRORS = """
import numpy as np

def slope(s):
    return 1 / (1 + np.exp(-s)) * (1 - 1 / (1 + np.exp(-s)))

def of_the_square(X, t, s, p):
    return X.T @ ((p - t) * slope(s))

def fit(X, t, turns=80, lr=0.1):
    w = np.zeros((X.shape[1], 1))
    for turn in range(turns):
        s = X @ w
        p = 1 / (1 + np.exp(-s))
        w -= lr * {step}
    return w
"""


@pytest.mark.parametrize(
    ("step", "model"),
    [
        ("X.T @ (p - t)", "logistic_regression"),
        ("of_the_square(X, t, s, p)", "regression_sigmoid_squared"),
    ],
)
def test_what_no_loss_states_is_meant_by_what_is_run(step: str, model: str) -> None:
    """What stands in the file and is not called says nothing of the training."""
    told = checked(TWO_ERRORS.format(step=step))
    fit = next(one for one in told.functions if one.name == "fit")
    assert (fit.verdict, fit.model) == ("right", model)
    tripled = checked(TWO_ERRORS.format(step=f"(w + {step})"))
    assert "wrong" in [one.verdict for one in tripled.functions if one.name == "fit"]


TWO_WAYS = """
import numpy as np

def curve(s):
    return 1 / (1 + np.exp(-s))

def slope(s):
    return curve(s) * (1 - curve(s))

class Classifier:
    def __init__(self, lr=0.1, plain={plain}):
        self.lr, self.plain = lr, plain

    def fit(self, X, y, turns=50):
        self.w = np.zeros(X.shape[1])
        for turn in range(turns):
            p = curve(X @ self.w)
            if self.plain:
                self.w += self.lr * X.T @ (y - p)
            else:
                self.w += self.lr * X.T @ ((y - p) * slope(X @ self.w))
"""


@pytest.mark.parametrize(
    ("plain", "model"),
    [(True, "logistic_regression"), (False, "regression_sigmoid_squared")],
)
def test_a_branch_that_does_not_run_says_nothing_of_the_loss(plain: bool, model: str) -> None:
    told = checked(TWO_WAYS.format(plain=plain))
    assert [(one.verdict, one.model) for one in told.functions] == [("right", model)]
    slip = TWO_WAYS.format(plain=plain).replace("(y - p)", "(y - p + self.w.mean())")
    assert checked(slip).verdict == "wrong"


def test_what_the_compiler_refuses_and_the_parser_does_not_is_said() -> None:
    told = loop("w -= lr * dw; b -= *db", ", lr=0.1")
    assert told.verdict == "unread"
    assert told.problem == "one.py, line 12: can't use starred expression here"
