"""The words of a report, to the letter, and its JSON form."""

from __future__ import annotations

import json

import jsonschema
import numpy as np
import pytest

from backproof.report import (
    WIDTH,
    as_json,
    as_text,
    exit_status,
    files_as_text,
    files_in_lines,
    schema,
)
from backproof.verdict import (
    AS_GIVEN,
    Counterexample,
    Counts,
    FileReport,
    Finding,
    Quantity,
    Report,
)

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
    cases={"hard": Counts(20, 18), "mild": Counts(40, 40)},
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
    given = WRONG._replace(convention=AS_GIVEN, cases={"mild": Counts(1, 1)})
    assert as_text(given).splitlines()[-1] == "    1 case in float64, 1.2 s"


def test_json_has_no_nan_and_keeps_their_layout() -> None:
    content = json.loads(as_json([FileReport("a.py", "wrong", (WRONG,))]))
    jsonschema.validate(content, schema())
    function = content["files"][0]["functions"][0]
    shown = function["gradients"]["dw"]["counterexample"]
    assert function["convention"] == "examples are rows"
    assert shown["case"]["w"] == [[1.0], [0.5]]
    assert shown["actual"] == [[0.5], [None]]


def test_a_report_prints_itself() -> None:
    assert str(WRONG) == as_text(WRONG)
    assert f"{WRONG}".startswith("  backward, line 4: logistic_regression")


@pytest.mark.parametrize(
    ("name", "where", "title"),
    [
        ("backward", None, "backward, line 4"),
        ("backward", "cell 2, line 1", "backward, cell 2, line 1"),
        ("the loop in line 4", None, "the loop in line 4"),
        ("the loop in line 4", "line 4", "the loop in line 4"),
        ("the loop in line 4", "cell 2, line 1", "the loop in cell 2, line 1"),
        ("the loop in line 14", "line 4", "the loop in line 14, line 4"),
    ],
)
def test_the_line_is_said_once_and_as_people_count(
    name: str, where: str | None, title: str
) -> None:
    header = as_text(WRONG._replace(name=name, where=where)).splitlines()[0]
    assert header == f"  {title}: logistic_regression, examples are rows"


def test_a_line_for_each_file() -> None:
    undecided = WRONG._replace(
        verdict="undecided", gradients={"dw": Quantity("undecided", 2.0)}, name="g", line=None
    )
    raised = WRONG._replace(gradients={}, loss=None, problem="raised ValueError: no\nso", name="h")
    files = [
        FileReport("a.py", "right", ()),
        FileReport("b.py", "wrong", (WRONG, undecided, raised)),
        FileReport("c.py", "undecided", (undecided,)),
        FileReport("d.py", "unread", (), "backward: which model?\nother: which?"),
    ]
    assert files_in_lines(files).splitlines() == [
        "a.py: right",
        "b.py: wrong: backward, line 4: dw; h, line 4: raised ValueError: no",
        "c.py: undecided: g: dw",
        "d.py: unread: backward: which model?",
        "4 files: 1 right, 1 wrong (b.py), 1 undecided, 1 unread",
    ]
    assert files_in_lines(files[:1]) == "a.py: right"
    long = FileReport("e.py", "unread", (), "so many words " * 20)
    assert len(files_in_lines([long])) < WIDTH + 20


def test_the_last_line_names_a_few_wrong_files() -> None:
    files = [FileReport(f"{place}.py", "wrong", ()) for place in range(7)]
    last = files_as_text(files).splitlines()[-1]
    assert last == "7 files: 7 wrong (0.py, 1.py, 2.py, 3.py, 4.py, 2 more)"


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
