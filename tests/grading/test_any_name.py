"""Functions that are found, whatever they are called and whatever they take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.grading.assignment import read
from backproof.grading.exam import exam
from backproof.grading.judging import judge, missing
from backproof.grading.marking import Mark
from backproof.grading.outcome import Answer, Outcome
from backproof.grading.ready_made import READY_MADE
from backproof.grading.sandbox import Sandbox
from backproof.reading import wire
from backproof.reading.program import of_content
from backproof.reading.told import Unreadable

ASKED = exam(read(READY_MADE / "backward.toml"))
(BACKWARD,) = ASKED.found
RIGHT = """
import numpy as np

class Net:
    def __init__(self, d, h):
        self.W1 = np.random.randn(d, h)
        self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, 1)
        self.b2 = np.zeros(1)

    def fit(self, X, y, lr, epochs):
        m = len(X)
        for _ in range(epochs):
            hidden = 1 / (1 + np.exp(-(X @ self.W1 + self.b1)))
            out = 1 / (1 + np.exp(-(hidden @ self.W2 + self.b2)))
            d2 = (out - y) / m
            d1 = (d2 @ self.W2.T) * hidden * (1 - hidden)
            self.W2 -= lr * hidden.T @ d2
            self.b2 -= lr * d2.sum(axis=0)
            self.W1 -= lr * X.T @ d1
            self.b1 -= lr * d1.sum(axis=0)
"""


def marks(text: str, run) -> dict[str, Mark]:
    read = of_content(Path("homework.py"), text.encode())
    return {one.part: one for one in judge(read, set(), ASKED, run).marks}


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("", "", set()),
        ("X.T @ d1", "X.T @ d1 * 2", {"dW1"}),
        ("d2.sum(axis=0)", "d2.mean(axis=0)", {"db2"}),
        ("(out - y) / m", "(out - y)", {"dW1", "db1", "dW2", "db2"}),  # the loss is the mean
    ],
)
def test_what_is_wrong_loses_its_points_whatever_it_is_called(
    old: str, new: str, wrong: set[str], sandbox: Sandbox
) -> None:
    def run(text, calls, limits):
        return sandbox.run({"homework.py": text.encode()}, "homework.py", calls, limits)

    found = marks(RIGHT.replace(old, new), run)
    verdicts = {part: one.verdict for part, one in found.items()}
    assert verdicts == {part: "wrong" if part in wrong else "right" for part in BACKWARD.points}
    assert all(one.points == (0 if one.part in wrong else one.out_of) for one in found.values())
    assert all(found[part].case is not None for part in wrong)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
KEYS = ("ready", "loaded", "failures", "filled", "error", "outcomes", "kinds", "which", "slots")
HEADERS = st.dictionaries(st.sampled_from(KEYS), JSON)


def framed(headers: list[dict]) -> bytes:
    return b"".join(wire.packed(one, {"x": np.zeros(2)}) for one in headers)


@settings(deadline=None)
@given(st.binary(max_size=64) | st.lists(HEADERS, max_size=4).map(framed))
def test_whatever_is_answered_is_no_right_answer_and_no_error_of_ours(answer: bytes) -> None:
    def run(text, calls, limits):
        value = np.frombuffer(answer, np.uint8)
        return Outcome("answered", (Answer(value),), "", "", 0.1)

    found = marks(RIGHT, run)
    assert {one.verdict for one in found.values()} == {"undecided"}
    assert sum(one.points for one in found.values()) == 0


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome("time", (), "", "late", 20.0), "did not return within"),
        (Outcome("killed", (), "", "Its process ended."), "Its process ended."),
        (Outcome("answered", (Answer(error="E: x"),), "", ""), "E: x"),
        (Outcome("answered", (Answer(1.0),), "", ""), "its answers cannot be read"),
    ],
)
def test_a_run_that_brings_no_answer_is_told(outcome: Outcome, words: str) -> None:
    for one in marks(RIGHT, lambda *_: outcome).values():
        assert one.verdict == "undecided"
        assert words in one.because[0]["words"]


def test_nothing_handed_in_is_missing() -> None:
    assert {one.verdict for one in missing(ASKED)} == {"missing"}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('arguments = ["x"]', "arguments is told, and a function that is found"),
        ('returns = ["dz1"]', "returns holds dz1; what can be found is dW1, db1, dW2, db2, loss"),
    ],
)
def test_what_is_found_is_not_told_how_it_is_called(more: str, words: str, tmp_path: Path) -> None:
    text = (READY_MADE / "backward.toml").read_text("utf-8")
    key = more.partition(" ")[0]
    kept = [line for line in text.split("\n") if not line.startswith((key, "points"))]
    (tmp_path / "hw.toml").write_text("\n".join([*kept, more]), "utf-8")
    with pytest.raises(Unreadable, match=words):
        read(tmp_path / "hw.toml")
