"""A small class from its folder to its results: right, wrong, hostile, broken and late."""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import json
import threading
from pathlib import Path
from typing import NamedTuple

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backproof.grading.grade
from backproof.grading import bubblewrap, outputs, papers, results, sandbox
from backproof.grading.assignment import read
from backproof.grading.grade import grade
from backproof.grading.pools import Pool
from backproof.grading.ready_made import READY_MADE
from backproof.grading.sandbox import Sandbox, Unavailable
from backproof.grading.solution import solution
from backproof.grading.submissions import Submission
from backproof.reading.told import Unreadable
from grading.classes import zipped

ASSIGNMENT = READY_MADE / "logistic_regression.toml"
RIGHT = """
import numpy as np
import matplotlib.pyplot as plt
import pandas as pd

df = pd.read_csv("cells.csv")
X = df.values
plt.plot(X)

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def logistic_regression(X, w, b):
    return sigmoid(w @ X + b)

def initialize_weights(d):
    return np.random.randn(1, d) * 0.01, 0.0

def binary_cross_entropy(Y, Y_hat):
    m = X.shape[1]
    return -np.sum(Y * np.log(Y_hat + 1e-15) + (1 - Y) * np.log(1 - Y_hat + 1e-15)) / m

def gradient(X, Y, Y_hat):
    m = X.shape[1]
    return (Y_hat - Y) @ X.T / m, np.sum(Y_hat - Y) / m

def predict(X, w, b):
    return (logistic_regression(X, w, b) > 0.5).astype(int)

w, b = initialize_weights(len(X))
for i in range(10**9):
    w = w - 0.1 * gradient(X, X[:1], X[:1])[0]
"""
CLASS = {
    "ana.py": RIGHT,
    "bob.py": RIGHT.replace("@ X.T / m", "@ X.T"),
    "cleo.py": RIGHT.replace("np.exp(-z)", "np.exp(z)"),
    "dan.py": "def sigmoid(z:\n",
    "eve.py": "import numpy as np, os\nnp.allclose = lambda *a: True\n"
    + RIGHT.replace("return 1 / (1 + np.exp(-z))", "os._exit(0)"),
    "finn.py": "import torch\n" + RIGHT.replace("1 / (1 + np.exp(-z))", "torch.sigmoid(z)"),
    "gil.py": "",
    "hana.py": RIGHT.replace("import numpy as np", "import numpy as np\nimport numpy\n").replace(
        "return (Y_hat - Y) @ X.T / m", "X *= 1.5\n    return (Y_hat - Y) @ (X / 1.5).T / m"
    ),
}


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    try:
        with Sandbox():
            pass
    except Unavailable as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("class")
    for name, text in CLASS.items():
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def graded(handed_in, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return grade(handed_in, read(ASSIGNMENT), out, date="2026-01-02", jobs=2), out


def by_key(told):
    return {one["key"]: one for one in told["submissions"]}


def parts(one, verdict):
    return {(part["function"], part["part"]) for part in one["parts"] if part["verdict"] == verdict}


def test_every_submission_gets_what_it_deserves(graded) -> None:
    found = by_key(graded[0])
    assert {key: one["points"] for key, one in found.items()} == {
        "ana": 9,
        "bob": 7,
        "cleo": 8,
        "dan": 0,
        "eve": 8,
        "finn": 8,
        "gil": 0,
        "hana": 9,
    }
    assert {key: one["status"] for key, one in found.items()} == {
        **dict.fromkeys(found, "graded"),
        "dan": "unread",
        "finn": "review",
    }
    assert all(one["out_of"] == 11 for one in found.values())


def test_what_is_wrong_is_named_and_not_counted_twice(graded) -> None:
    found = by_key(graded[0])
    assert parts(found["bob"], "wrong") == {("gradient", "dw")}
    (dw,) = [one for one in found["bob"]["parts"] if one["part"] == "dw"]
    assert dw["because"] == [{"code": "factor", "factor": "n"}]
    assert parts(found["cleo"], "wrong") == {("sigmoid", "yhat")}
    carried = [
        one
        for one in found["cleo"]["parts"]
        if {"code": "carried", "functions": "sigmoid"} in one["because"]
    ]
    assert [one["function"] for one in carried] == ["logistic_regression"]
    mutated = [one for one in found["hana"]["parts"] if one["function"] == "gradient"]
    assert all({"code": "mutates", "argument": "x"} in one["because"] for one in mutated)


def test_autodiff_and_what_cannot_be_read_are_said(graded) -> None:
    found = by_key(graded[0])
    assert {"code": "autodiff", "module": "torch", "line": "line 1"} in found["finn"]["problems"]
    (syntax,) = found["dan"]["problems"]
    assert syntax["code"] == "syntax"
    assert "line 1" in syntax["words"]
    assert any("os._exit" in str(one) or "ended" in str(one) for one in found["eve"]["problems"])


def test_grading_again_gives_the_same_bytes_and_grades_only_what_changed(
    graded, handed_in, tmp_path, monkeypatch
) -> None:
    told, out = graded
    monkeypatch.setattr(backproof.grading.grade, "_graded", None)  # nothing is graded again
    again = grade(handed_in, read(ASSIGNMENT), out, date="2026-01-02", jobs=1)
    assert results.as_json(again) == results.as_json(told)


def test_a_damaged_result_is_made_anew_and_an_override_stays(graded, handed_in, tmp_path) -> None:
    told, _ = graded
    own = tmp_path / "out"
    for name in ("ana", "dan"):
        (tmp_path / "two").mkdir(exist_ok=True)
        (tmp_path / "two" / f"{name}.py").write_text(CLASS[f"{name}.py"], "utf-8")
    grade(tmp_path / "two", read(ASSIGNMENT), own, date="2026-01-02", jobs=1)
    for kept in (own / "graded").glob("*.json"):
        kept.write_bytes(kept.read_bytes()[:20])
    (own / "overrides.toml").write_text('[dan]\npoints = 4\nreason = "shown on paper"\n', "utf-8")
    again = grade(tmp_path / "two", read(ASSIGNMENT), own, date="2026-01-02", jobs=1)
    assert by_key(again)["dan"]["override"] == {"points": 4, "reason": "shown on paper"}
    assert by_key(again)["ana"] == by_key(told)["ana"]


@pytest.mark.parametrize(
    "text",
    [
        "[dan]\npoints = 4\n",
        "dan = 3\n",
        '[dan]\npoints = "4"\nreason = "r"\n',
        '[dan]\npoints = nan\nreason = "r"\n',
        '[dan]\npoints = inf\nreason = "r"\n',
        '[dan]\npoints = -1\nreason = "r"\n',
        "[dan",
    ],
)
def test_an_override_needs_points_and_a_reason(text: str, tmp_path: Path) -> None:
    (tmp_path / "overrides.toml").write_text(text, "utf-8")
    with pytest.raises(Unreadable, match="overrides"):
        results.overrides(tmp_path)


def test_one_may_be_graded_and_the_others_kept(graded, handed_in, tmp_path) -> None:
    told, out = graded
    again = grade(handed_in, read(ASSIGNMENT), out, date="2026-01-02", only="bob", rerun=True)
    assert by_key(again) == by_key(told)
    with pytest.raises(Unreadable, match="no submission zoe"):
        grade(handed_in, read(ASSIGNMENT), out, date="2026-01-02", only="zoe")


def test_the_written_program_gets_full_marks_in_the_sandbox(handed_in, tmp_path) -> None:
    asked = read(ASSIGNMENT)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "right.py").write_text(solution(asked), "utf-8")
    told = grade(tmp_path / "in", asked, tmp_path / "out", date="2026-01-02")
    assert json.dumps(told["submissions"][0]["points"]) == "11.0"


def test_points_given_to_nobody_and_others_without_results_are_said(
    graded, handed_in, tmp_path
) -> None:
    (tmp_path / "overrides.toml").write_text('[dann]\npoints = 4\nreason = "r"\n', "utf-8")
    with pytest.raises(Unreadable, match="no submission dann; did you mean 'dan'"):
        grade(handed_in, read(ASSIGNMENT), tmp_path, date="2026-01-02")
    with pytest.raises(Unreadable, match="7 other submissions have no results"):
        grade(handed_in, read(ASSIGNMENT), tmp_path / "new", date="2026-01-02", only="bob")


def test_results_are_what_the_published_schema_says(graded) -> None:
    schema = json.loads((READY_MADE.parent / "results.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(results.as_json(graded[0])), schema)


def test_shards_taken_over_are_the_whole(graded, handed_in, tmp_path, monkeypatch) -> None:
    told, _ = graded
    asked = read(ASSIGNMENT)
    for number in (1, 2, 3):
        part = grade(handed_in, asked, tmp_path / str(number), date="2026-01-02", shard=(number, 3))
        assert 1 <= len(part["submissions"]) < len(CLASS)
    parts = [str(tmp_path / str(number)) for number in (1, 2, 3)]
    assert results.taken_over(tmp_path / "all", parts) == len(CLASS)
    assert results.taken_over(tmp_path / "all", parts) == 0
    monkeypatch.setattr(backproof.grading.grade, "_graded", None)  # nothing is graded again
    whole = grade(handed_in, asked, tmp_path / "all", date="2026-01-02")
    assert results.as_json(whole) == results.as_json(told)
    with pytest.raises(Unreadable, match="holds no results"):
        results.taken_over(tmp_path / "all", [str(tmp_path)])


def test_a_shard_that_was_forgotten_is_said(handed_in, tmp_path) -> None:
    asked, said, date = read(ASSIGNMENT), [], "2026-01-02"
    some = grade(handed_in, asked, tmp_path, date=date, shard=(2, 3))["submissions"]
    grade(handed_in, asked, tmp_path, date=date, tell=said.append)
    words = f"{len(some)} of {len(CLASS)} are graded already; the others are graded now"
    assert words in said


TWO = {"ana.py": CLASS["ana.py"], "dan.py": CLASS["dan.py"]}


@pytest.fixture
def two(tmp_path):
    (tmp_path / "two").mkdir()
    for name, text in TWO.items():
        (tmp_path / "two" / name).write_text(text, "utf-8")
    return tmp_path / "two"


def test_without_isolation_nothing_is_graded_unless_told_and_all_results_say_so(
    two, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(papers, "_isolates", threading.Event())
    monkeypatch.setattr(papers, "self_test", lambda: "there is no bubblewrap; install it")
    out = tmp_path / "out"
    with pytest.raises(Unreadable, match=r"no bubblewrap; install it; .* --without-isolation"):
        grade(two, read(ASSIGNMENT), out, date="2026-01-02")
    told = grade(two, read(ASSIGNMENT), out, date="2026-01-02", isolated=False)
    assert by_key(told)["ana"]["points"] == 9
    schema = json.loads((READY_MADE.parent / "results.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads(results.as_json(told)), schema)
    assert told["isolation"] == "none"
    assert "; no isolation" in outputs.write(told, out)
    assert (out / "results.csv").read_text("utf-8").count('"no isolation"') == len(TWO)
    for key in by_key(told):
        feedback = (out / "feedback" / f"{key}.md").read_text("utf-8")
        assert "\n\nGraded without isolation.\n\n" in feedback
    for page in ("class.html", "class-anonymous.html"):
        assert "No isolation: these programs ran" in (out / page).read_text("utf-8")


def test_isolated_results_and_others_are_not_mixed(
    graded, handed_in, tmp_path, monkeypatch
) -> None:
    asked, out, said = read(ASSIGNMENT), tmp_path / "out", []
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ana.py").write_text(CLASS["ana.py"], "utf-8")
    told = {"date": "2026-01-02", "tell": said.append}
    first = grade(tmp_path / "in", asked, out, **told)
    assert not any("isolation" in line for line in said)
    other = grade(tmp_path / "in", asked, out, isolated=False, **told)
    assert (first["isolation"], other["isolation"]) == ("bubblewrap", "none")
    assert (
        f"{out} holds 1 results of submissions graded in isolation; these are graded anew" in said
    )
    assert len(list((out / "graded").glob("*.json"))) == 2
    monkeypatch.setattr(backproof.grading.grade, "_graded", None)  # nothing is graded again
    assert grade(tmp_path / "in", asked, out, **told) == first
    assert grade(tmp_path / "in", asked, out, isolated=False, **told) == other


def test_what_only_a_person_can_tell_is_left_for_one(handed_in, tmp_path) -> None:
    bia = "Bia_2_assignsubmission_file"
    entries = {
        "Ana_1_assignsubmission_file_/a.py": CLASS["ana.py"],
        "Ana_1_assignsubmission_file_/b.py": CLASS["bob.py"],
        f"{bia}/a.py": CLASS["ana.py"],
        f"{bia}_/a.py": CLASS["bob.py"],
        "Cy_3_assignsubmission_file_/a.zip": "PK no zip at all",
        "Di_4_assignsubmission_file_/a.pdf": "",
        "notes.txt": "",
    }
    said: list[str] = []
    (tmp_path / "class.zip").write_bytes(zipped(entries))
    told = {"date": "2026-01-02", "tell": said.append}
    graded = grade(tmp_path / "class.zip", read(ASSIGNMENT), tmp_path / "out", **told)
    status = {key: one["status"] for key, one in by_key(graded).items()}
    assert status == {**dict.fromkeys(["1", "2", "2 (2)", "3"], "review"), "4": "unread"}
    assert any(line.startswith("  left out: notes.txt has no name that") for line in said)


def test_what_the_platform_says_of_a_submission_is_not_kept(
    handed_in, tmp_path, monkeypatch
) -> None:
    asked, path, out = read(ASSIGNMENT), tmp_path / "class.zip", tmp_path / "out"
    path.write_bytes(zipped({"doejane_7_1_a.py": CLASS["bob.py"]}))
    (before,) = grade(path, asked, out, date="2026-01-02")["submissions"]
    path.write_bytes(zipped({"doejanet_LATE_7_2_a.py": CLASS["bob.py"]}))
    monkeypatch.setattr(backproof.grading.grade, "_graded", None)  # nothing is graded again
    (after,) = grade(path, asked, out, date="2026-01-02")["submissions"]
    late = {"name": "doejanet", "late": True, "problems": [{"code": "late"}, *before["problems"]]}
    assert after == {**before, **late}


def test_a_bug_of_ours_costs_no_other_its_grade_and_is_not_kept(
    two, tmp_path, monkeypatch, capsys
) -> None:
    (two / "bob.py").write_text(CLASS["bob.py"], "utf-8")
    judge = papers.judge

    def failing(read, *told):
        return judge(read, *told) if "@ X.T / m" in read.text else {}["gradient"]

    with monkeypatch.context() as patched:
        patched.setattr(papers, "judge", failing)
        told = grade(two, read(ASSIGNMENT), tmp_path / "out", date="2026-01-02")
    found = by_key(told)
    assert (found["ana"]["points"], found["bob"]["status"], found["bob"]["points"]) == (
        9,
        "review",
        0,
    )
    said = outputs.write(told, tmp_path / "out")
    words = (
        "look at bob: a bug of backproof's own, please report it: KeyError: 'gradient' (test_grade"
    )
    assert words in said
    again = grade(two, read(ASSIGNMENT), tmp_path / "out", date="2026-01-02")
    assert by_key(again)["bob"]["points"] == 7


class Died(Exception):  # noqa: N818 - an outcome
    """What a pool raises when whoever graded has died."""


class AtOnce(concurrent.futures.Executor):
    def submit(self, function, /, *arguments):
        future = concurrent.futures.Future()
        try:
            future.set_result(function(*arguments))
        except Died as error:
            future.set_exception(error)
        return future


class Content(NamedTuple):
    text: bytes
    sha256: str

    def content(self) -> bytes:
        return self.text


@given(st.lists(st.booleans(), max_size=12), st.integers(1, 5), st.integers(1, 4))
def test_a_submission_that_kills_whoever_grades_it_costs_no_other(deadly, size, room) -> None:
    def grader(told):
        if any(one.content == b"True" for one in told):
            raise Died
        return [{"points": 1, "problems": []} for _ in told]

    submissions = [
        Submission(
            str(key), str(key), None, None, {"a.py": Content(b"%a" % kills, str(key))},
            (), (), (), (), "",
        )
        for key, kills in enumerate(deadly)
    ]  # fmt: skip
    pool = Pool(AtOnce(), grader, size, lambda: room, lambda: None, (Died,), "")
    told = backproof.grading.grade._graded(submissions, None, pool)
    found = [submission.key for submission, _ in itertools.islice(told, len(deadly) - sum(deadly))]
    assert sorted(found, key=int) == [str(key) for key, kills in enumerate(deadly) if not kills]
    if any(deadly):
        with pytest.raises(Unreadable, match=f"^{sum(deadly)} could not be graded"):
            next(told)
    assert list(told) == []


@pytest.mark.parametrize("amiss", [False, True])
def test_every_sandbox_ends_with_the_grading(amiss, handed_in, tmp_path, monkeypatch) -> None:
    started, ended = [], []
    start, end = bubblewrap.started, sandbox._ended

    def starting(*told, **named):
        started.append(start(*told, **named))
        return started[-1]

    def ending(process, *told) -> None:
        end(process, *told)
        ended.append(process)

    monkeypatch.setattr(bubblewrap, "started", starting)
    monkeypatch.setattr(sandbox, "_ended", ending)

    def progress(done, of) -> None:
        if amiss and done:
            raise Unreadable("the disk is full")

    with contextlib.suppress(Unreadable):
        grade(handed_in, read(ASSIGNMENT), tmp_path, date="x", jobs=2, progress=progress)
    assert 1 <= len(started) == len(ended)
    assert all(process.poll() is not None for process in started)
