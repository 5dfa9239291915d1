"""An assignment tried before students see it."""

import pytest

from backproof.grading import rehearsal
from backproof.grading.assignment import read
from backproof.reading.told import Unreadable

TEXT = """
title = "T"
model = "logistic_regression"
cases = 8
[[function]]
name = "gradient"
arguments = ["x", "y", "yhat"]
returns = ["dw", "db"]
points = { dw = 2, db = POINTS }
"""


@pytest.fixture
def rehearsed(tmp_path):
    """Tries the assignment with so many points for db."""

    def rehearsed(points):
        path = tmp_path / "hw.toml"
        path.write_text(TEXT.replace("POINTS", points), "utf-8")
        try:
            return rehearsal.rehearsed(read(path))
        except Unreadable as error:
            pytest.skip(str(error))

    return rehearsed


def test_a_mistake_that_costs_no_points_is_one_that_is_not_found(rehearsed):
    found = rehearsed("1")
    assert found.sound
    assert found.text.endswith("  4 of 4 mistakes cost points")
    found = rehearsed("0")
    assert not found.sound
    assert "  3 of 4 mistakes cost points\n  not found: a mean for a sum, in db" in found.text


def test_what_a_right_program_loses_is_said_in_words(rehearsed, monkeypatch):
    right = rehearsal.solution
    wrong = lambda *told: right(*told).replace("yhat - y", "2 * yhat - y")  # noqa: E731
    monkeypatch.setattr(rehearsal, "solution", wrong)
    words = "does not get full marks\n    gradient, dw: The values are wrong.\n"
    assert words in rehearsed("1").text
