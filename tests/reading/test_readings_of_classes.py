"""One class against the others, trained in turn: judged for one of them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.checking import check_program
from backproof.reading.program import of_script
from backproof.verdict import FileReport

METHOD = """
import numpy as np

class OneVsAll:
    def __init__(self, rate=0.1, epochs=9):
        self.rate, self.epochs = rate, epochs

    def fit(self, X, y):
        n, d = X.shape
        self.classes = np.unique(y)
        self.W = np.zeros((len(self.classes), d))
        for {target} in {over}:
            {binary}
            w = np.zeros(d)
            for _ in range(self.epochs):
                p = 1 / (1 + np.exp(-X @ w))
                w -= self.rate * X.T @ {error} / n
            {kept}
"""


def checked(text: str) -> FileReport:
    return check_program(of_script(Path("one.py"), text), cases=60)


@given(
    over=st.sampled_from([("i, c", "enumerate(self.classes)"), ("c", "self.classes")]),
    binary=st.sampled_from(
        ["t = np.where(y == c, 1, 0)", "t = (y == c).astype(int)", "t = 1.0 * (c == y)"]
    ),
    right=st.booleans(),
)
@settings(max_examples=6, deadline=None)
def test_one_class_against_the_others(over: tuple[str, str], binary: str, right: bool) -> None:
    target, loop = over
    told = checked(
        METHOD.format(
            target=target,
            over=loop,
            binary=binary,
            error="(p - t)" if right else "(t - p)",
            kept="self.W[i] = w" if target == "i, c" else "self.W[0] = w",
        )
    )
    assert told.verdict == ("right" if right else "wrong"), told.problem
    assert any("judged for one" in note for note in told.notes)


@pytest.mark.parametrize(
    "text",
    [
        # Labels are compared, and nothing is set anew: these are scores, not trainings.
        "for c in range(k):\n    print(np.mean(y == c))\n",
        # Training that goes on with the same weights.
        "w = np.zeros(3)\nfor c in range(9):\n    print(np.mean(y == c))\n"
        "    for i in range(9):\n        w -= 0.1 * X.T @ (X @ w - y) / len(X)\n",
    ],
)
def test_other_loops_that_compare_labels_stay(text: str) -> None:
    notes = checked("import numpy as np\n" + text).notes
    assert not any("judged for one" in note for note in notes)


@pytest.mark.parametrize("label", ["t", "y"])
def test_an_error_of_the_classes_numbers_is_not_right(label: str) -> None:
    text = METHOD.format(
        target="i, c",
        over="enumerate(self.classes)",
        binary="t = np.where(y == c, 1, 0)",
        error=f"(p - {label})",
        kept="self.W[i] = w",
    )
    assert (checked(text).verdict == "right") == (label == "t")
