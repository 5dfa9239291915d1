"""The autograder's zip, unpacked as Gradescope does and run on a submission."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given

from backproof.cli import main
from backproof.grading import autograder, gradescope
from backproof.grading.assignment import read
from backproof.grading.ready_made import READY_MADE
from backproof.grading.solution import solution
from grading.conftest import started
from grading.made_results import any_results, hand_written

GOLDEN = Path(__file__).parent / "golden"
ASSIGNMENT = READY_MADE / "logistic_regression.toml"


def of_one(results, place):
    return results | {"submissions": [results["submissions"][place]]}


@pytest.mark.parametrize("place", [1, 3])
def test_golden(place):
    expected = (GOLDEN / f"gradescope.{place}.json").read_bytes()
    assert gradescope.as_results(of_one(hand_written("pt"), place)) == expected


@given(any_results())
def test_the_total_is_the_parts_and_hidden_ones_wait_until_grades_are_published(results):
    for place, submission in enumerate(results["submissions"]):
        told = json.loads(gradescope.as_results(of_one(results, place)))
        assert ("score" in told) == (not submission["parts"])
        assert [one["score"] for one in told["tests"]] == [
            part["points"] for part in submission["parts"]
        ]
        for test, part in zip(told["tests"], submission["parts"], strict=True):
            shown = "visible" if part["public"] else "after_published"
            assert test["visibility"] == shown


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A fake /autograder in which the zip is unpacked, and a Python where setup.sh puts one."""
    root = tmp_path_factory.mktemp("autograder")
    with zipfile.ZipFile(io.BytesIO(autograder.autograder(ASSIGNMENT.read_bytes()))) as made:
        made.extractall(root / "source")
    for name in ("submission", "results", "home/venv/bin"):
        (root / name).mkdir(parents=True)
    python = root / "home" / "venv" / "bin" / "python"
    # What is packed is what is imported.
    python.write_text(
        f'#!/bin/sh\nPYTHONPATH="{root}/source/package" exec "{sys.executable}" "$@"\n', "utf-8"
    )
    python.chmod(0o755)
    return root


def run_autograder(root, *options):
    for old in (*(root / "results").iterdir(), *(root / "submission").iterdir()):
        old.unlink()
    text = solution(read(ASSIGNMENT)).replace("yhat - y", "y - yhat")
    (root / "submission" / "hw1.py").write_text(text, "utf-8")
    (root / "submission" / "link.py").symlink_to(root / "source" / "assignment.toml")
    run = ["bash", str(root / "source" / "run_autograder"), *options]
    told = {"AUTOGRADER_ROOT": str(root), "BACKPROOF_HOME": str(root / "home")}
    return subprocess.run(
        run, env=os.environ | told, cwd=root, capture_output=True, text=True, check=False
    )


def test_the_zip_holds_what_gradescope_asks_for_and_is_the_same_again():
    content = autograder.autograder(ASSIGNMENT.read_bytes(), isolated=False)
    assert autograder.autograder(ASSIGNMENT.read_bytes(), isolated=False) == content
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        names = made.namelist()
        assert made.getinfo("run_autograder").external_attr >> 16 == 0o100755
        assert made.read("assignment.toml") == ASSIGNMENT.read_bytes()
        assert b"--without-isolation\n" in made.read("run_autograder")
        assert b"numpy==" in made.read("requirements.txt")
    assert {"setup.sh", "package/backproof/reference/mlp.py"} <= {*names}
    assert not [name for name in names if "__pycache__" in name]


def test_a_submission_is_graded_where_the_zip_is_unpacked(root):
    started(warm=False).close()  # skips where there is no isolation
    told = run_autograder(root)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "6 of 11 points" in told.stdout
    results = json.loads((root / "results" / "results.json").read_text("utf-8"))
    assert results["extra_data"] == {"isolation": "bubblewrap"}
    lost = {one["name"] for one in results["tests"] if one["score"] == 0}
    assert lost == {"gradient: dw", "gradient: db", "optimize: training"}
    assert root.stat().st_mode & 0o777 == 0o700


def test_where_nothing_can_be_run_as_another_user_nothing_is_written(root, monkeypatch, capsys):
    (root / "submission" / "hw1.py").write_text(solution(read(ASSIGNMENT)), "utf-8")
    monkeypatch.setenv("BACKPROOF_RUN_AS", "nobody at all")
    for old in (root / "results").iterdir():
        old.unlink()
    assert gradescope.main([str(root), "--without-isolation"]) == 1
    assert "BACKPROOF_RUN_AS=nobody at all: no program can be run" in capsys.readouterr().out
    assert not list((root / "results").iterdir())


def test_the_command_writes_it_and_overwrites_nothing(tmp_path, capsys):
    to = tmp_path / "autograder.zip"
    told = ["assignment", "gradescope", "logistic_regression", str(to)]
    assert main(told) == 0
    assert zipfile.is_zipfile(to)
    assert main(told) == 2
    assert "is there already" in capsys.readouterr().err
