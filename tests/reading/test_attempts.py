"""A function that a file defines more than once: the last is there when anything is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from backproof.checking import check_program
from backproof.reading.program import of_script

RIGHT = (
    "def gradient(w, X, y):\n    p = 1 / (1 + np.exp(-X @ w))\n    return X.T @ (p - y) / len(y)\n"
)
WRONG = RIGHT.replace("p - y", "y - p")


@pytest.mark.parametrize(
    ("attempts", "verdict"),
    [((RIGHT,), "right"), ((WRONG, RIGHT), "right"), ((RIGHT, WRONG), "wrong")],
)
def test_the_last_is_judged_alone_and_that_is_said(attempts, verdict) -> None:
    text = "import numpy as np\n" + "".join(attempts)
    told = check_program(of_script(Path("homework.py"), text), cases=60)
    assert [(one.name, one.verdict) for one in told.functions] == [("gradient", verdict)]
    assert told.functions[0].line == 2 + 3 * (len(attempts) - 1)
    assert [note for note in told.notes if "defined 2 times" in note and "line 5" in note] == list(
        told.notes[: len(attempts) - 1]
    )
