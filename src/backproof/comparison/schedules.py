"""Whether two runs saw the same examples in the same steps, and if not, what is different."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backproof.comparison.own import Run


def different_examples(one: Run, other: Run) -> str | None:
    """What differs, in a sentence; None if nothing does."""
    if len(one.losses) != len(other.losses):
        count = f"{len(one.losses):,} and {len(other.losses):,}"
        lengths = f"{one.name} and {other.name} are of different lengths: {count} steps"
    else:
        lengths = None
    steps = min(len(one.losses), len(other.losses))
    for number in range(steps):
        mine, theirs = _examples(one, number), _examples(other, number)
        if mine.size == theirs.size and np.array_equal(np.sort(mine), np.sort(theirs)):
            continue
        return _different(one, other, number, mine, theirs)
    return lengths


def _examples(run: Run, number: int) -> NDArray[np.integer]:
    if run.schedule is None:
        return np.arange(run.x.shape[1])
    count = int(run.schedule.counts[number])
    return np.asarray(run.schedule.indices[number][:count])


def _different(
    one: Run, other: Run, number: int, mine: NDArray[np.integer], theirs: NDArray[np.integer]
) -> str:
    lacking = [
        (run, np.setdiff1d(full, partial))
        for run, partial, full in ((one, mine, theirs), (other, theirs, mine))
        if partial.size < full.size and np.isin(partial, full).all()
    ]
    if lacking:
        run, missing = lacking[0]
        which = ", ".join(map(str, missing[:5])) + (", ..." if missing.size > 5 else "")
        return f"{run.name} leaves out examples that the other has, since step {number}: {which}"
    for run, partial, full in ((one, mine, theirs), (other, theirs, mine)):
        if partial.size > full.size and number:
            usual = _examples(run, number - 1).size
            if usual == partial.size:
                return f"{run.name} skips the last, smaller batch, since step {number}"
    return f"{one.name} and {other.name} take the examples in another order, since step {number}"
