"""Runs of many seeds on two backends: whether their final losses are the same for all purposes.

That no difference is found proves nothing: a few noisy runs find none. So the question is turned
round (two one-sided tests: Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15):
equivalent are two backends whose difference is shown to be smaller than one that anybody would
mind, which only the reader can name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.comparison.records import printable
from backproof.comparison.regression import student
from backproof.reading.told import Unreadable
from backproof.runs import reader

_ERROR = 0.05  # how often two that differ by `within` may be called equivalent
_FEWEST = 5  # below that the quantile is not known well enough


class Equivalence(NamedTuple):
    """What the seeds show of two backends.

    `low` and `high` are the ends of the 90 % interval of the mean difference of the final losses,
    the first backend's less the second's; `seeds` how many there are of each.
    """

    backends: tuple[str, str]
    verdict: Literal["equivalent", "different", "inconclusive"]
    within: float
    difference: float
    low: float
    high: float
    seeds: int


Finals: TypeAlias = Mapping[str, float]


def equivalences(folders: Sequence[Path], within: float) -> list[Equivalence]:
    """Each two backends of these records, seed by seed.

    Raises `Unreadable` where there are none, or not of one task.
    """
    finals: dict[str, dict[str, float]] = {}
    tasks: dict[str, Path] = {}
    for folder in folders:
        record = reader.read(folder)
        told = record.description
        tasks.setdefault(_task(record), folder)
        if len(record.losses):
            start = "".join(
                one["sha256"] for one in told["files"]["parameters/00000000.npz"].values()
            )
            finals.setdefault(printable(told["backend"]), {})[start] = float(record.losses[-1])
    if len(tasks) > 1:
        one, other = list(tasks.values())[:2]
        raise Unreadable(f"{one} and {other} are of other models, data or settings")
    names = sorted(finals)
    if len(names) < 2:
        raise Unreadable("to compare backends takes records of two of them")
    pairs = [(one, other) for i, one in enumerate(names) for other in names[i + 1 :]]
    return [equivalence(pair, finals[pair[0]], finals[pair[1]], within) for pair in pairs]


def _task(record: reader.Run) -> str:
    told = record.description
    data = [one["sha256"] for one in told["data"]["arrays"].values()]
    return repr(
        (record.model.name, record.activation, record.learning_rate, len(record.losses), data)
    )


def equivalence(
    backends: tuple[str, str], one: Finals, other: Finals, within: float
) -> Equivalence:
    """Of two backends' final losses by their starts; those that both have count.

    Raises `Unreadable` for fewer than five starts in common.
    """
    common = sorted(one.keys() & other.keys())
    if len(common) < _FEWEST:
        raise Unreadable(
            f"{backends[0]} and {backends[1]} have {len(common)} initial parameters in common; "
            f"expected {_FEWEST} at least: start both from the same seeds"
        )
    apart = np.array([one[start] - other[start] for start in common])
    low, high = _interval(apart)
    if not np.isfinite(apart).all():
        verdict: Literal["equivalent", "different", "inconclusive"] = "different"
    elif -within < low and high < within:
        verdict = "equivalent"
    else:
        verdict = "different" if low > within or high < -within else "inconclusive"
    return Equivalence(backends, verdict, within, float(np.mean(apart)), low, high, len(common))


def _interval(apart: NDArray[np.float64]) -> tuple[float, float]:
    """The interval of the mean that leaves `_ERROR` outside on either side."""
    mean, degrees = float(np.mean(apart)), len(apart) - 1
    error = float(np.std(apart, ddof=1)) / math.sqrt(len(apart))
    wide = student(1.0 - _ERROR, degrees) * error if error else 0.0
    return mean - wide, mean + wide


def as_text(told: Sequence[Equivalence]) -> str:
    """For people."""
    return "\n".join(
        f"{one.backends[0]} and {one.backends[1]}: {one.verdict} within {one.within:g}\n"
        f"  the final losses of {one.seeds} seeds differ by {one.difference:.3g}, between "
        f"{one.low:.3g} and {one.high:.3g}"
        for one in told
    )
