"""The words of a report, to the letter, and its JSON form."""

from __future__ import annotations

import json

import jsonschema
import numpy as np

from backproof.checking import FileReport
from backproof.report import WIDTH, as_json, as_text, exit_status, files_as_text, schema
from backproof.verdict import AS_GIVEN, Counterexample, Counts, Finding, Quantity, Report

SHOWN = Counterexample(
    {"w": np.array([[1.0], [0.5]]), "b": np.zeros((1, 1)), "x": np.array([[1.0, -2.0]])},
    expected=np.array([[0.25], [1e-9]]),
    actual=np.array([[0.5], [np.nan]]),
    worst=(1, 0),
    margin=4.5e12,
)
WRONG = Report(
    name="backward",
    model="logistic_regression",
    activation=None,
    convention="examples are rows",
    verdict="wrong",
    gradients={
        "dw": Quantity("wrong", 4.5e12, "outside of its error bound in 7 of 60 cases", SHOWN),
        "db": Quantity("right", 0.0),
    },
    loss=Quantity("right", 0.125),
    findings=(Finding("impure", "changes its inputs in place: w"),),
    cases={"hard": Counts(20, 18, 2), "mild": Counts(40, 40, 0)},
    precision="float64",
    seed=3,
    seconds=1.25,
    line=4,
)
TEXT = """\
my homework.py: wrong

  backward, line 4: logistic_regression, examples are rows
    dw    wrong     outside of its error bound in 7 of 60 cases
    db    right     equal to the last digit
    loss  right     within 0.12 of its error bound
    note: impure: changes its inputs in place: w

    dw, the smallest case found:
      w        = [[1],
                  [0.5]]
      b        = [[0]]
      x        = [[1, -2]]
      expected = [[0.25],
                  [1e-09]]
      actual   = [[0.5],
                  [nan]]
      at entry [1, 0], 4e+12 error bounds apart

    60 cases in float64, 1.2 s; judged: 18 of 20 hard, 40 mild
    again: backproof check 'my homework.py' --function backward --cases 60 --seed 3 --model mlp

1 file: 1 wrong"""


def test_a_report_to_the_letter() -> None:
    file = FileReport("my homework.py", "wrong", (WRONG,))
    assert files_as_text([file], "--model mlp") == TEXT


def test_colour_marks_the_verdicts_only() -> None:
    file = FileReport("my homework.py", "wrong", (WRONG,))
    coloured = files_as_text([file], "--model mlp", colour=True)
    assert "\033[31mwrong" in coloured
    for code in ("\033[31m", "\033[32m", "\033[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == TEXT


def test_long_words_are_wrapped_and_nothing_judged_is_not_counted() -> None:
    problem = "raised ValueError: " + "so many words " * 20 + "\nand more"
    unread = WRONG._replace(gradients={}, loss=None, findings=(), problem=problem)
    lines = as_text(unread).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert lines[-2:] == ["    and more", "    60 cases, 1.2 s"]


def test_given_cases_have_no_scale() -> None:
    given = WRONG._replace(convention=AS_GIVEN, cases={"mild": Counts(1, 1, 0)})
    assert as_text(given).splitlines()[-1] == "    1 case in float64, 1.2 s"


def test_json_has_no_nan_and_keeps_their_layout() -> None:
    content = json.loads(as_json([FileReport("a.py", "wrong", (WRONG,))]))
    jsonschema.validate(content, schema())
    function = content["files"][0]["functions"][0]
    shown = function["gradients"]["dw"]["counterexample"]
    assert function["convention"] == "examples are rows"
    assert shown["case"]["w"] == [[1.0], [0.5]]
    assert shown["actual"] == [[0.5], [None]]


def test_the_exit_status_is_that_of_the_worst_file() -> None:
    right, wrong = FileReport("r", "right", ()), FileReport("w", "wrong", ())
    undecided = FileReport("u", "undecided", ())
    unread = FileReport("n", "unread", (), "no such file")
    asked = FileReport("q", "unread", (), "which model?", question=True)
    assert exit_status([right, right]) == 0
    assert exit_status([right, unread, wrong]) == 1
    assert exit_status([right, unread, undecided]) == 2
    assert exit_status([right, asked]) == 3
    assert exit_status([right, undecided]) == 3
    assert exit_status([right._replace(problem="other: which model?")]) == 3
    assert exit_status([]) == 3
