"""Small programs that take one example at a time and were once unread."""

import pytest

from reading.small_programs import checked, wrong

CUT = """
import numpy as np

X = np.hstack([np.ones((40, 1)), np.random.rand(40, 2)])
y = np.random.rand(40, 1)
w = np.zeros((3, 1))
for turn in range(20):
    for i in range(40):
        row, yi = X[i : i + 1], y[i : i + 1]
        w = w - 0.01 * {gradient}
"""


@pytest.mark.parametrize(
    ("gradient", "amiss"),
    [("2 * row.T.dot(row.dot(w) - yi)", set()), ("row.T.dot(yi - row.dot(w))", {"dw"})],
)
def test_the_label_of_a_turn_is_no_probability(gradient: str, amiss: set[str]) -> None:
    told = checked(CUT.format(gradient=gradient))
    assert told.verdict == ("wrong" if amiss else "right"), told.problem
    assert wrong(told) == amiss
