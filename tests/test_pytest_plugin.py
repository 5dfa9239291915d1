"""The fixture in somebody's own tests: one line, and our report where it fails."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import numpy as np

def right(w, b, x, y):
    dz = (w @ x + b - y) / x.shape[1]
    return dz @ x.T, dz.sum(axis=1, keepdims=True)

def wrong(w, b, x, y):
    dw, db = right(w, b, x, y)
    return dw, 2 * db

def test_right(backproof_check):
    assert backproof_check(right, "linear_regression", cases=60).verdict == "right"

def test_wrong(backproof_check):
    backproof_check(wrong, "linear_regression", cases=60)
"""


def test_it_fails_with_our_report(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*backproof: wrong*", "*db * wrong*", "*expected = *"])
    result.stdout.no_fnmatch_line("*Traceback*")
