"""`backproof check --assignment`: a student's own file, before it is handed in."""

import json

import jsonschema
import pytest

from backproof.cli import main
from backproof.grading.assignment import read
from backproof.grading.ready_made import READY_MADE
from backproof.grading.solution import solution

ASSIGNED = ["--assignment", "logistic_regression"]


@pytest.fixture
def paths(tmp_path):
    text = solution(read(READY_MADE / "logistic_regression.toml"))
    right, wrong = tmp_path / "my_right.py", tmp_path / "my_wrong.py"
    right.write_text(text, "utf-8")
    wrong.write_text(text.replace(">= 0.5", ">= 0.9"), "utf-8")
    return str(right), str(wrong)


def test_json_is_what_results_json_holds(paths, capsys) -> None:
    assert main(["check", *paths, *ASSIGNED, "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(
        found, json.loads((READY_MADE.parent / "results.schema.json").read_text("utf-8"))
    )
    assert [one["points"] for one in found["submissions"]] == [8.0, 7.0]
    assert found["isolation"] == "none"
    assert {part["public"] for part in found["assignment"]["parts"]} == {True}


def test_text_is_without_marks_and_quiet_is_a_line_for_each_file(paths, capsys) -> None:
    assert main(["check", paths[0], *ASSIGNED]) == 0
    text = capsys.readouterr().out
    assert "my_right.py" in text
    assert "\\" not in text
    assert "|" not in text
    assert "This is the public part" in text
    assert main(["check", *paths, *ASSIGNED, "--quiet"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["my_right.py: Points: 8 of 8", "my_wrong.py: Points: 7 of 8"]


@pytest.mark.parametrize(
    "told", ["--cases 7", "--seed 3", "--timeout 5", "--memory 1", "--function f", "--model mlp"]
)
def test_what_the_assignment_says_itself_is_refused(told, paths, capsys) -> None:
    assert main(["check", paths[0], *ASSIGNED, *told.split()]) == 2
    said = capsys.readouterr().err
    assert told.split()[0] in said
    assert "--assignment" in said
