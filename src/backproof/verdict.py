"""Right, wrong or undecided, and the evidence: the plain data that every report is made of.

A margin is the largest distance from the truth in units of the error bound, over the entries of
a gradient. Below half of `BORDER` is rounding, above twice `BORDER` is not; what lies between, and
only that, is undecided unless another precision tells (see `explain`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.cases import Arrays, Scale

Verdict: TypeAlias = Literal["right", "wrong", "undecided", "unread"]
FindingKind: TypeAlias = Literal["unstable", "guarded", "convention", "scaled", "impure"]

AS_GIVEN = "as given"  # the convention where the cases were given, not drawn
BORDER = 2.0
RIGHT_BELOW = BORDER / 2.0
WRONG_ABOVE = BORDER * 2.0
# A bound wider than this share of the gradient's largest entry shows nothing.
_TELLING = 1e-3


class Finding(NamedTuple):
    """Something to know that is not an error."""

    kind: FindingKind
    text: str


class Counterexample(NamedTuple):
    """The smallest case found that shows it.

    `actual` is None where the function gave no value; `problem` then says what it did instead.
    """

    arrays: Arrays
    expected: NDArray[np.float64]
    actual: NDArray | None
    worst: tuple[int, ...]
    margin: float
    problem: str | None = None


class Quantity(NamedTuple):
    """The verdict on one gradient, or on the loss. `margin` is NaN where nothing was judged."""

    verdict: Verdict
    margin: float
    why: str | None = None
    counterexample: Counterexample | None = None


class Counts(NamedTuple):
    """Cases of one scale: drawn, and judged."""

    drawn: int
    judged: int

    @property
    def discarded(self) -> int:
        """Those whose bound was too wide for anything to show."""
        return self.drawn - self.judged


class Report(NamedTuple):
    """What is known of one function. The schema of its JSON form is `report.schema.json`.

    `line` counts from the start of the file, in a notebook through all its cells; `where` says it
    as people do, `line 12` or `cell 3, line 2`. Printed, it is the report that people read.
    """

    name: str
    model: str
    activation: str | None
    convention: str
    verdict: Verdict
    gradients: Mapping[str, Quantity]
    loss: Quantity | None
    findings: Sequence[Finding]
    cases: Mapping[Scale, Counts]
    precision: str
    seed: int
    seconds: float
    problem: str | None = None
    line: int | None = None
    where: str | None = None

    def __str__(self) -> str:
        from backproof.report import as_text  # which is made of this

        return as_text(self)


class FileReport(NamedTuple):
    """What is known of one file.

    `problem` says why it is unread, `question` whether that is something to be told, and `bug`
    whether it is a mistake of ours. `notes` are worth knowing and stand in the way of nothing.
    """

    path: str
    verdict: Verdict
    functions: Sequence[Report]
    problem: str | None = None
    question: bool = False
    seconds: float = 0.0
    bug: bool = False
    notes: Sequence[str] = ()


_WORST_FIRST: tuple[Verdict, ...] = ("wrong", "undecided", "unread", "right")


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on a whole: wrong if any part is, then undecided, unread, right."""
    return min(verdicts, key=_WORST_FIRST.index, default="unread")


def distances(answer: NDArray, truth: NDArray, bound: NDArray) -> NDArray[np.floating]:
    """Entry by entry |answer - truth| / bound.

    0 where the bound is infinite and where both are exactly equal; NaN where the answer is not
    finite and should be.
    """
    with np.errstate(all="ignore"):
        apart = np.abs(answer - truth)
        ratio = np.where(apart == 0.0, 0.0, apart / bound)
    ratio = np.where(np.isfinite(answer), ratio, np.nan)
    return np.where(np.isfinite(bound) & np.isfinite(truth), ratio, 0.0)


def margin(answer: NDArray, truth: NDArray, bound: NDArray) -> float:
    """The largest distance; NaN if any is."""
    with np.errstate(all="ignore"):
        largest = np.maximum.reduce(np.abs(answer - truth) / bound, axis=None, initial=0.0)
    if np.isfinite(largest) and np.isfinite(answer).all():
        return float(largest)
    # The few cases in which something is not finite or 0 / 0 need the care of `distances`.
    return float(np.max(distances(answer, truth, bound), initial=0.0))


def flat(arrays: Sequence[NDArray]) -> NDArray:
    """All entries of all arrays, one after the other."""
    return np.concatenate([array.ravel() for array in arrays])


def margins(
    answers: Sequence[NDArray], truths: Sequence[NDArray], bounds: Sequence[NDArray]
) -> list[float]:
    """`margin` of each answer; over thousands of small arrays many times as fast as one by one."""
    if not answers:
        return []
    answer, truth, bound = flat(answers), flat(truths), flat(bounds)
    starts = np.cumsum([0, *(array.size for array in answers[:-1])])
    with np.errstate(all="ignore"):
        largest = np.maximum.reduceat(np.abs(answer - truth) / bound, starts)
    finite = np.isfinite(largest) & np.logical_and.reduceat(np.isfinite(answer), starts)
    return [
        float(m) if sound else margin(*one)
        for m, sound, *one in zip(largest, finite, answers, truths, bounds, strict=True)
    ]


def is_telling(truth: NDArray, bound: NDArray) -> bool:
    """Whether the bound is narrow enough, at some entry, for a mistake to show."""
    # np.max and np.min take most of their time to get to these.
    largest = np.maximum.reduce(np.abs(truth), axis=None, initial=0.0)
    smallest = np.minimum.reduce(bound, axis=None, initial=np.inf)
    return bool(largest > 0.0 and smallest < _TELLING * largest)
