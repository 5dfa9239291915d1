"""How the points of a class are distributed, and which mistakes are frequent."""

from __future__ import annotations

import math
import statistics
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from backproof.grading.disclosure import counted, needs_a_person
from backproof.grading.language import Language, Piece

BARS: Final = 10
_ROUNDING: Final = 1e-9


class Bar(NamedTuple):
    """How many submissions have from `low` to `high` points, and how many of them are open."""

    low: float
    high: float
    decided: int
    undecided: int


class Mistake(NamedTuple):
    """What some submissions have in common: indices into the submissions."""

    function: str
    part: str
    sentence: tuple[Piece, ...]
    submissions: tuple[int, ...]


def bars(submissions: Sequence[Mapping[str, Any]], out_of: float) -> list[Bar]:
    """The submissions in at most ten steps of points; a step has its low end, the last one both.

    Steps are 1, 2 or 5 times a power of ten wide, so the last may end above all points there are.
    """
    width = _step(out_of)
    count = max(1, math.ceil(out_of / width - _ROUNDING))
    decided, undecided = Counter[int](), Counter[int]()
    for submission in submissions:
        step = int(min(max(counted(submission) / width + _ROUNDING, 0.0), count - 1))
        of_kind = undecided if needs_a_person(submission) else decided
        of_kind[step] += 1
    return [
        Bar(step * width, (step + 1) * width, decided[step], undecided[step])
        for step in range(count)
    ]


def _step(out_of: float) -> float:
    if out_of <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(max(out_of / BARS, sys.float_info.min)))
    wide = (times * power for times in (1, 2, 5, 10))
    return next(one for one in wide if out_of / one <= BARS + _ROUNDING)


def median_and_mean(submissions: Sequence[Mapping[str, Any]]) -> tuple[float, float] | None:
    """Of the points that count; None of no submissions."""
    points = [counted(submission) for submission in submissions]
    return (statistics.median(points), statistics.fmean(points)) if points else None


def mistakes(submissions: Sequence[Mapping[str, Any]], language: Language) -> list[Mistake]:
    """What is wrong or missing, the most frequent first, then as they first occur.

    Mistakes are the same if function, part and code are, and the factor, where it is one.
    """
    found: dict[tuple[str, str, tuple[Piece, ...]], dict[int, None]] = {}
    for index, submission in enumerate(submissions):
        for part in submission["parts"]:
            if part["verdict"] not in ("wrong", "missing"):
                continue
            for said in part["because"]:
                what = (part["function"], part["part"], language.briefly(said))
                found.setdefault(what, {})[index] = None
    listed = [Mistake(*what, tuple(who)) for what, who in found.items()]
    return sorted(listed, key=lambda one: -len(one.submissions))
