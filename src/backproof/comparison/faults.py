"""What is wrong with steps that rounding does not explain.

Every fault that can be named says what a step would have been with it, so how far it would be from
the step that was asked for: its *shift*. A fault explains the residuals when what is left of them
without the shift is rounding, in every step that stands out. Some shifts are known up to a factor,
which one number has to fit in all entries and all steps; nothing else is fitted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from backproof.comparison.replay import Replay, Rule, gradients
from backproof.comparison.shifts import Shift, known_faults, towards, without_one
from backproof.error_bounds import FORMATS
from backproof.verdict import WRONG_ABOVE

if TYPE_CHECKING:
    from backproof.comparison.regression import Slope

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
    slopes: Mapping[str, Slope],
    examples: int,
) -> list[Fault]:
    """What could explain those of the steps that lie `outside` of their bounds, one at least.

    `slopes` are those of all replayed steps, `examples` is how many there are, of which a batch may
    be a part. [] where nothing known explains it.
    """
    margins = [one.margins() for one in outside]
    moved = tuple(name for name in margins[0] if any(each[name] > WRONG_ABOVE for each in margins))
    first = outside[0].step.number
    found = [Fault(*told, first) for told in _known(rule, replays, outside, moved, examples)]
    return found or [Fault(*told, first) for told in _fitted(rule, outside, moved, slopes)]


Told: TypeAlias = tuple[str, tuple[str, ...], str, float]


def _explains(outside: Sequence[Replay], shifts: Sequence[Shift | None]) -> bool:
    """Whether what is left is rounding, in all steps of which the shift is known."""
    known = [(one, shift) for one, shift in zip(outside, shifts, strict=True) if shift is not None]
    return bool(known) and all(
        margin <= WRONG_ABOVE * _wider(one, shift)[name]
        for one, shift in known
        for name, margin in one.margins(shift).items()
    )


def _wider(one: Replay, shift: Shift) -> dict[str, float]:
    """How many times the bound has to be for the step that was taken instead, at most."""
    wider = {}
    for name, change in one.change.items():
        taken = change + shift.get(name, 0.0)
        largest = float(np.max(np.abs(change), initial=0.0))
        share = float(np.max(np.abs(taken), initial=0.0)) / largest if largest else 1.0
        wider[name] = max(1.0, share)
    return wider


# --- shifts that are known ------------------------------------------------------------------------


def _known(
    rule: Rule,
    replays: Sequence[Replay],
    outside: Sequence[Replay],
    moved: tuple[str, ...],
    examples: int,
) -> Iterator[Told]:
    for one in known_faults(rule, replays, outside, examples):
        if _explains(outside, one.shifts):
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
        if not _explains([one], [{name: shift[place] for name, shift in shifts.items()}]):
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


# --- shifts that are known up to a factor ---------------------------------------------------------


def _fitted(
    rule: Rule, outside: Sequence[Replay], moved: tuple[str, ...], shown: Mapping[str, Slope]
) -> Iterator[Told]:
    every = tuple(rule.model.parameters)
    changes = [one.change for one in outside]
    common = _slope(outside, changes, every)
    slopes = {name: _slope(outside, changes, [name]) for name in moved}
    # Where few entries leave their bounds, the slopes of all steps tell the two apart.
    of_rate = _explains(
        outside, [{name: common * one[name] for name in every} for one in changes]
    ) and all(
        abs(shown[name].slope - common) <= max(shown[name].threshold, 1e-3 * abs(common))
        for name in every
    )
    still = all(abs(shown[name].slope) <= shown[name].threshold for name in {*every} - {*moved})
    of_these = _explains(
        outside, [{name: slopes[name] * one[name] for name in moved} for one in changes]
    ) and (not of_rate or (still and len(moved) < len(every)))
    if of_rate:
        yield _of_rate(rule, common)
    if of_these:
        yield _factors(slopes)
    if of_rate or of_these:
        return
    decays = [
        {name: -rule.rate * value for name, value in one.step.before.items()} for one in outside
    ]
    for names in _weights(rule):
        strength = _slope(outside, decays, names)
        shifts = [{name: strength * decay[name] for name in names} for decay in decays]
        if _explains(outside, shifts):
            of = ", ".join(f"d{name}" for name in names)
            words = f"it adds {strength:.4g} times the parameter to the gradient of {of}"
            yield "decay", tuple(names), words, strength
            return


def _weights(rule: Rule) -> list[list[str]]:
    """Sets of parameters that a decay may act on."""
    every = list(rule.model.parameters)
    weights = [name for name in every if name.startswith("W")]
    return [weights, every, *([name] for name in every)]


def _of_rate(rule: Rule, slope: float) -> Told:
    words = (
        f"its steps are {1.0 + slope:.6g} times as long: as with a learning rate of "
        f"{rule.rate * (1.0 + slope):.6g}, not {rule.rate:.6g}"
    )
    if abs(slope + 1.0) < 1e-6:
        words = "it leaves the update out"
    return "learning_rate", tuple(rule.model.parameters), words, 1.0 + slope


def _factors(slopes: Mapping[str, float]) -> Told:
    words = "; ".join(
        f"{name} does not move"
        if abs(slope + 1.0) < 1e-6
        else f"d{name} is {1.0 + slope:.6g} times what it should be"
        for name, slope in slopes.items()
    )
    return "factor", tuple(slopes), words, 1.0 + next(iter(slopes.values()))


def _slope(outside: Sequence[Replay], shifts: Sequence[Shift], names: Sequence[str]) -> float:
    """The one factor that brings these shifts nearest to the residuals, both in bounds."""
    above = below = 0.0
    for one, shift in zip(outside, shifts, strict=True):
        for name in names:
            along = shift[name] / one.bound[name]
            above += float(np.sum(along * one.residual[name] / one.bound[name]))
            below += float(np.sum(along * along))
    return above / below if below else 0.0
