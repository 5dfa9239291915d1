"""A slope and an intercept that are numbers: one feature, as people first write it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.checking import check_program
from backproof.reading.program import of_script
from backproof.verdict import Report

SCRIPT = """
import numpy as np
X = np.array([1.0, 2.0, 3.0, 4.0])
Y = np.array([2.0, 4.0, 6.0, 8.0])
{slope} = 0.0
{intercept} = 0.0
rate = 0.01
for epoch in range(100):
    P = {slope} * X + {intercept}
    loss = np.mean((Y - P) ** 2)
    d_{slope} = -2 * np.mean(X * (Y - P))
    d_{intercept} = {mistake}-2 * np.mean(Y - P)
    {slope} -= rate * d_{slope}
    {intercept} -= rate * d_{intercept}
"""
CLASS = """
import math

class Unit:
    def __init__(self, rate=0.01, epochs=100):
        self.rate, self.epochs = rate, epochs
        self.{slope}, self.{intercept} = 0.0, 0.0

    def fit(self, X, y):
        for _ in range(self.epochs):
            for x, t in zip(X, y):
                p = 1 / (1 + math.exp(-(self.{slope} * x + self.{intercept})))
                self.{slope} -= self.rate * (p - t) * x
                self.{intercept} -= {mistake}self.rate * (p - t)
"""
FUNCTION = """
def gradient_descent(x, y, {slope}, {intercept}, alpha, num_iters):
    m = len(x)
    for i in range(num_iters):
        d_{slope} = 0
        d_{intercept} = 0
        for i in range(m):
            f = {slope} * x[i] + {intercept}
            d_{slope} += (f - y[i]) * x[i]
            d_{intercept} += f - y[i]
        {slope} = {slope} - alpha * d_{slope} / m
        {intercept} = {intercept} - {mistake}alpha * d_{intercept} / m
    return {slope}, {intercept}
"""


def told(text: str) -> Report:
    return check_program(of_script(Path("one.py"), text), cases=40).functions[0]


@given(
    program=st.sampled_from([SCRIPT, CLASS, FUNCTION]),
    names=st.sampled_from([("w", "b"), ("weight", "bias"), ("theta1", "theta0"), ("b1", "b0")]),
    mistake=st.sampled_from(["", "-", "2 * "]),
)
@settings(max_examples=8, deadline=None)
def test_a_line_of_two_numbers_is_read(program: str, names: tuple[str, str], mistake: str) -> None:
    slope, intercept = names
    report = told(program.format(slope=slope, intercept=intercept, mistake=mistake))
    found = {name: one.verdict for name, one in report.gradients.items()}
    assert found == {"dw": "right", "db": "wrong" if mistake else "right"}
    assert "always d = 1" in report.convention


@pytest.mark.parametrize("names", [("m", "c"), ("m", "b"), ("k", "q")])
def test_letters_that_are_no_parameters_elsewhere_are_so_by_their_derivatives(
    names: tuple[str, str],
) -> None:
    slope, intercept = names
    for mistake in ("", "-"):
        report = told(SCRIPT.format(slope=slope, intercept=intercept, mistake=mistake))
        assert report.verdict == ("wrong" if mistake else "right")


def test_one_number_alone_is_a_slope() -> None:
    text = SCRIPT.format(slope="w", intercept="b", mistake="")
    lines = [line for line in text.splitlines() if "b -=" not in line and "d_b" not in line]
    report = told("\n".join(lines).replace(" + b", "").replace("b = 0.0", ""))
    assert report.verdict == "right"
    assert [*report.gradients] == ["dw"]


def test_sums_over_all_examples_are_not_taken_one_at_a_time() -> None:
    """Where the loop inside counts by the name of the one outside: then / m would not show."""
    text = FUNCTION.format(slope="w", intercept="b", mistake="")
    assert "one at a time" not in told(text).convention
    assert told(text.replace("d_b / m", "d_b")).verdict == "wrong"
