"""`backproof check --assignment`: a student's own file, before it is handed in."""

import json
from pathlib import Path

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


def test_autodiff_that_only_the_run_imports_is_found(paths, capsys) -> None:
    path = Path(paths[0])
    text = path.read_text("utf-8")
    hidden = 'def sigmoid(z):\n    return __import__("ja" + "x").nn.sigmoid(z)\n'
    path.write_text(f"{text}\n\n{hidden}", "utf-8")
    assert main(["check", str(path), *ASSIGNED, "--format", "json"]) == 1
    (one,) = json.loads(capsys.readouterr().out)["submissions"]
    line = f"line {len(text.splitlines()) + 4}"
    assert {"code": "autodiff", "module": "jax", "line": line} in one["problems"]
    assert one["status"] == "review"
