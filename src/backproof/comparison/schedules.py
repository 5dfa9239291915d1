"""Whether two runs saw the same examples in the same steps, and if not, what is different."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backproof.comparison.own import Run


def different_examples(one: Run, other: Run) -> str | None:
    """What differs, in a sentence; None if nothing does in the steps that both recorded."""
    theirs = {step.number for step in other.steps}
    for number in sorted(step.number for step in one.steps if step.number in theirs):
        mine, yours = _examples(one, number), _examples(other, number)
        if not np.array_equal(np.sort(mine), np.sort(yours)):
            return _different(one, other, number, mine, yours)
    return None


def _examples(run: Run, number: int) -> NDArray[np.integer]:
    return run.batches.get(number, np.arange(run.x.shape[1]))


def _different(
    one: Run, other: Run, number: int, mine: NDArray[np.integer], yours: NDArray[np.integer]
) -> str:
    for run, fewer, more in ((one, mine, yours), (other, yours, mine)):
        if fewer.size < more.size and np.isin(fewer, more).all():
            missing = np.setdiff1d(more, fewer)
            which = ", ".join(map(str, missing[:5])) + (", ..." if missing.size > 5 else "")
            return f"{run.name} leaves out examples that the other has, in step {number}: {which}"
    largest = max(_examples(one, step.number).size for step in one.steps)
    for run, fewer, more in ((one, yours, mine), (other, mine, yours)):
        if fewer.size < more.size == largest:
            return f"{run.name} skips the last, smaller batch, seen first in step {number}"
    return f"{one.name} and {other.name} take the examples in another order, since step {number}"
