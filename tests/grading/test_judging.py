"""In how many runs a program is judged, and that it does not matter in how many."""

import ast
import json
from pathlib import Path

import pytest

from backproof.grading.assignment import read
from backproof.grading.exam import exam
from backproof.grading.judging import judge
from backproof.grading.outcome import Answer, Outcome
from backproof.grading.prepared import BARE, prepared
from backproof.grading.ready_made import found
from backproof.reading.program import of_script
from grading.papers import run, whole

HEAD = "import numpy as np\n\nEPS = 1e-9\n\n"
SIGMOID = "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))\n\n"
FORWARD = "def forward(w, b, x):\n    return sigmoid(w @ x + b), None\n\n"
LOSS = """def loss(p, y):
    print("a loss")
    return -np.mean(y * np.log(p + EPS) + (1 - y) * np.log(1 - p + EPS)){0}

"""
BACKWARD = """def backward(w, b, x, y):
    dz = (forward(w, b, x)[0] - y) / x.shape[1]
    return dz @ x.T, dz.sum(axis=1, keepdims=True){0}

"""
TEXT = HEAD + SIGMOID + FORWARD + LOSS + BACKWARD


@pytest.fixture(scope="module")
def asked():
    return exam(whole("logistic_regression"))


def judged(text: str, asked, answered=run):
    """The marks by function, and of each run the functions that were called in it."""
    runs: list[list[str]] = []

    def counted(text: str, calls, limits):
        runs.append(list(dict.fromkeys(call.function for call in calls)))
        return answered(text, calls)

    found = judge(of_script(Path("hw.py"), text), set(), asked, counted)
    return found.marks, runs


def test_a_program_is_asked_without_its_guards_in_the_same_run(asked) -> None:
    found, runs = judged(TEXT.format(""), asked)
    assert runs == [["forward", "loss", "backward", BARE]]
    assert all(mark.verdict == "right" for mark in found)
    assert [m.function for m in found if {"code": "guarded"} in m.because] == ["loss"]


def lost(text: str, calls) -> Outcome:
    """Ended where the program without its guards begins."""
    own = [call for call in calls if call.function != BARE]
    outcome = run(text, own)
    return outcome if own == calls else _as_killed(outcome)


def tampered(text: str, calls) -> Outcome:
    """The program answers for the one without its guards, wrongly."""
    outcome = run(text, calls)
    answers = [
        Answer(error="NameError: x") if call.function == BARE else answer
        for call, answer in zip(calls, outcome.answers, strict=True)
    ]
    return Outcome("answered", tuple(answers), "", "")


def _as_killed(outcome: Outcome) -> Outcome:
    return Outcome("killed", outcome.answers, "", "It ended its own process.")


@pytest.mark.parametrize("how", [lost, tampered])
@pytest.mark.parametrize("wrong", ["", " * 2"])
def test_what_came_to_nothing_there_is_asked_alone(how, wrong: str, asked) -> None:
    together, _ = judged(TEXT.format(wrong), asked)
    found, runs = judged(TEXT.format(wrong), asked, how)
    assert found == together
    assert runs[1] == ["loss"]


def test_what_no_guard_reaches_is_not_asked_again(asked) -> None:
    text = TEXT.replace("x.shape[1]\n", "1\n").format("")
    found, runs = judged(text, asked)
    assert {m.function for m in found if m.verdict != "right"} == {"backward"}
    assert len(runs) == 1


def test_a_loop_that_may_need_its_tolerance_is_run_without_it_only_if_it_must(asked) -> None:
    text = TEXT.replace("    dz", "    while EPS < 0:\n        pass\n    dz").format("")
    found, runs = judged(text, asked)
    assert runs == [["forward", "loss", "backward"], ["loss"]]
    assert all(mark.verdict == "right" for mark in found)


def test_what_is_printed_without_guards_is_told_once(asked, capsys) -> None:
    judged(TEXT.format(""), asked)
    losses = sum(function.name == "loss" for function, _ in asked.asked)
    assert capsys.readouterr().out == "a loss\n" * losses


def test_the_program_itself_keeps_its_guards(asked) -> None:
    read = of_script(Path("hw.py"), TEXT.format(""))
    before = ast.dump(read.tree)
    ready = prepared(read, asked.assignment)
    assert "EPS = 1e-9" in ready.text
    assert "EPS = 0.0" in (ready.bare or "")
    assert ast.dump(read.tree) == before


@pytest.mark.parametrize(
    ("old", "new", "guarded"),
    [
        ("", "", {"loss"}),
        ("np.exp(-z)", "np.exp(-z) + 1e-12", {"forward", "loss", "backward"}),
        ("np.exp(-z)", "np.exp(-z) + helped()", {"forward", "loss", "backward"}),
        ("return dz", "globals()\n    return dz", {"forward", "loss", "backward"}),
        ("return dz", "global EPS\n    return dz", {"forward", "loss", "backward"}),
        ("EPS = 1e-9", "EPS = 1e-3", set()),
    ],
)
def test_guarded_is_whatever_a_guard_may_reach(old: str, new: str, guarded, asked) -> None:
    text = TEXT.format("").replace(old, new) + "def helped():\n    return 1e-12\n" * (
        "helped" in new
    )
    read = of_script(Path("hw.py"), text)
    assert prepared(read, asked.assignment).guarded == guarded


PARTS = """import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(z))

def logistic_regression(X, w, b):
    return sigmoid(w @ X + b)

def predict(X, w, b):
    X *= 1.0{0}
    return logistic_regression(X, w, b) > {1}
"""


@pytest.fixture(scope="module")
def by_function():
    return exam(read(found("logistic_regression")))


def carried(found) -> dict[str, str]:
    """By function what was wrong before it, of those that are right when that is right."""
    return {
        mark.function: one["functions"]
        for mark in found
        for one in mark.because
        if one["code"] == "carried"
    }


def test_what_others_carry_over_is_asked_in_one_run(by_function) -> None:
    found, runs = judged(PARTS.format("", 0.5), by_function)
    assert carried(found) == {
        "logistic_regression": "sigmoid",
        "predict": "logistic_regression, sigmoid",
    }
    assert [BARE in calls for calls in runs] == [False, True]


@pytest.mark.parametrize("change", ["", "1"])  # of an argument of predict's
@pytest.mark.parametrize("how", [lost, tampered])
def test_what_others_carry_over_is_the_same_alone(how, change: str, by_function) -> None:
    text = PARTS.format(change, 0.5)
    together, _ = judged(text, by_function)
    found, runs = judged(text, by_function, how)
    assert found == together
    assert runs[1:] == [[BARE], ["logistic_regression"], ["predict"]]
    (mark,) = [one for one in found if one.function == "predict"]
    changed = [one["argument"] for one in mark.because if one["code"] == "mutates"]
    assert changed == (["x"] if change else [])


def test_what_is_wrong_there_is_asked_again_alone_and_with_fewer_in_place(by_function) -> None:
    found, runs = judged(PARTS.format("", 0.9), by_function)
    assert carried(found) == {"logistic_regression": "sigmoid"}
    assert runs[1:] == [[BARE], ["predict"], ["predict"]]


@pytest.mark.parametrize(
    ("statement", "modules"),
    [
        ("from google.colab import drive, files", []),
        ("from google import colab", []),
        ("import google.colab as place", []),
        ("from IPython.display import display", []),
        ("from google import genai", ["google"]),
        ("from scipy import special, stats", ["scipy"]),
        ("import scipy, google.colab, pandas", ["scipy", "pandas"]),
    ],
)
def test_what_a_notebook_imports_of_its_own_place_is_allowed(statement, modules, asked) -> None:
    ready = prepared(of_script(Path("hw.py"), f"{statement}\n{SIGMOID}"), asked.assignment)
    assert [module for module, _ in ready.imports] == modules


@pytest.mark.parametrize("factor", ["np.nan", "np.inf", "np.float32(np.inf)"])
def test_what_is_infinite_or_no_number_can_be_written_as_json(factor: str, asked) -> None:
    found, _ = judged(TEXT.format(f" * {factor}"), asked)
    cases = {mark.part: mark.case for mark in found if mark.case is not None}
    assert {"loss", "db"} <= {*cases}
    assert cases["loss"]["actual"] is None
    assert cases["db"]["actual"] == [[None]]
    json.dumps([mark._asdict() for mark in found], allow_nan=False)
