"""What is wrong with steps that rounding does not explain.

Every fault that can be named says what a step would have been with it, so how far it would be from
the step that was asked for: its *shift*. A fault explains the residuals when what is left of them
without the shift is rounding, in every step that stands out. Some shifts are known up to a number
(`fitted`), which has to fit all entries and all steps; nothing else is fitted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from backproof.comparison.fitted import Told, fitted
from backproof.comparison.regression import Slopes
from backproof.comparison.replay import Replay, Rule, gradients
from backproof.comparison.shifts import is_rounding, known_faults, towards, without_one
from backproof.error_bounds import FORMATS
from backproof.verdict import WRONG_ABOVE

# Where an example is looked for that was left out: numbers to hold for one step.
_MOST_NUMBERS = 20_000_000
# Of the square of the residuals, what products of a lower precision have to explain. They are
# known up to the roundings on the way only, which fall otherwise near the middle of two numbers.
_EXPLAINED = 0.9
_PRODUCTS = {8: "bfloat16", 11: "TF32 (or float16)"}


class Fault(NamedTuple):
    """What explains the residuals.

    Attributes:
        cause: a word for programs, such as `learning_rate`.
        tensors: the parameters that it moves.
        words: a sentence.
        size: of what was fitted, NaN where nothing was.
        first: the number of the first recorded step that shows it.
    """

    cause: str
    tensors: tuple[str, ...]
    words: str
    size: float
    first: int


def faults(
    rule: Rule,
    replays: Sequence[Replay],
    outside: Sequence[Replay],
    slopes: Slopes,
    examples: int,
) -> list[Fault]:
    """What could explain those of the steps that lie `outside` of their bounds; or, where none
    does, the `slopes` of all replayed steps.

    `examples` is how many there are, of which a batch may be a part. [] where nothing known
    explains it, or there is nothing to explain.
    """
    margins = [one.margins() for one in outside]
    moved = tuple(p for p in rule.model.parameters if any(one[p] > WRONG_ABOVE for one in margins))
    first = (outside or replays)[0].step.number
    found = list(_known(rule, replays, outside, moved, examples)) if outside else []
    told = found or fitted(rule, replays, outside, moved, slopes)
    return [Fault(*one, first) for one in told]


# --- shifts that are known ------------------------------------------------------------------------


def _known(
    rule: Rule,
    replays: Sequence[Replay],
    outside: Sequence[Replay],
    moved: tuple[str, ...],
    examples: int,
) -> Iterator[Told]:
    for one in known_faults(rule, replays, outside, examples):
        if is_rounding(rule, outside, one.shifts):
            yield one.cause, moved, one.words, float("nan")
    for divided_by_all in (False, True):
        places = _left_out(rule, outside, divided_by_all)
        if places is not None:
            yield "dropped_example", moved, _missing(outside, places, divided_by_all), float("nan")
    own = -math.log2(FORMATS[rule.precision].u)
    for significand, name in _PRODUCTS.items():
        if significand < own and _is_of_products(rule, outside, significand):
            words = f"its matrix products round their operands as {name} does"
            yield "lower_precision", moved, words, float("nan")


def _left_out(rule: Rule, outside: Sequence[Replay], divided_by_all: bool) -> list[int] | None:
    """Which example was left out in each of these steps; None if that explains not all of them."""
    places: list[int] = []
    for one in outside:
        n = one.step.x.shape[1]
        if n < 2 or n * sum(value.size for value in one.change.values()) > _MOST_NUMBERS:
            return None
        shifts = without_one(rule, one, divided_by_all)
        apart = np.zeros(n)
        for name, shift in shifts.items():
            off = (one.residual[name] - shift) / one.bound[name]
            apart += np.sum(off * off, axis=(1, 2))
        place = int(np.argmin(apart))
        if not is_rounding(rule, [one], [{name: shift[place] for name, shift in shifts.items()}]):
            return None
        places.append(place)
    return places


def _missing(outside: Sequence[Replay], places: Sequence[int], divided_by_all: bool) -> str:
    named = [
        f"{place} in step {one.step.number}" for one, place in zip(outside, places, strict=True)
    ]
    more = f" and in {len(named) - 4} more" if len(named) > 4 else ""
    by = "all" if divided_by_all else "the others"
    return (
        f"it leaves out an example and divides by {by}: of the batch, number "
        f"{', '.join(named[:4])}{more}"
    )


def _is_of_products(rule: Rule, outside: Sequence[Replay], significand: int) -> bool:
    before = [one.step.before for one in outside]
    batches = [(one.step.x, one.step.y) for one in outside]
    rounded = gradients(rule.model, rule.activation, before, batches, significand)
    whole = left = 0.0
    for one, gradient in zip(outside, rounded, strict=True):
        for name, shift in towards(rule, one, gradient).items():
            weight = 1.0 / one.bound[name]
            whole += float(np.sum((one.residual[name] * weight) ** 2))
            left += float(np.sum(((one.residual[name] - shift) * weight) ** 2))
    return left < (1.0 - _EXPLAINED) * whole
