"""What is wrong with steps that rounding does not explain.

Every fault that can be named says what a step would have been with it, so how far it would be from
the step that was asked for: its *shift*. A fault explains the residuals when what is left of them
without the shift is rounding, in every step that stands out. Some shifts are known up to a factor,
which one number has to fit in all entries and all steps; nothing else is fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.comparison.replay import Replay, Rule, Tensors, example_gradients, gradients
from backproof.comparison.stale import stale_gradients
from backproof.notation import ACTIVATIONS, FAMILY
from backproof.verdict import WRONG_ABOVE

Shift: TypeAlias = Mapping[str, NDArray[np.float64]]

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


def faults(rule: Rule, replays: Sequence[Replay]) -> list[Fault]:
    """What could explain the steps outside of their bounds; [] where nothing known does."""
    outside = [one for one in replays if max(one.margins().values()) > WRONG_ABOVE]
    if not outside:
        return []
    moved = tuple(
        name
        for name in outside[0].residual
        if any(one.margins()[name] > WRONG_ABOVE for one in outside)
    )
    first = outside[0].step.number
    found = [Fault(*told, first) for told in _known(rule, replays, outside, moved)]
    return found or [Fault(*told, first) for told in _fitted(rule, outside, moved)]


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
    rule: Rule, replays: Sequence[Replay], outside: Sequence[Replay], moved: tuple[str, ...]
) -> Iterator[Told]:
    for cause, words, shifts in _candidates(rule, replays, outside):
        if _explains(outside, shifts):
            yield cause, moved, words, float("nan")
    left_out = _left_out(rule, outside)
    if left_out is not None:
        yield "dropped_example", moved, left_out, float("nan")
    for significand, name in _PRODUCTS.items():
        if significand < _bits(rule) and _is_of_products(rule, outside, significand):
            words = f"its matrix products round their operands as {name} does"
            yield "lower_precision", moved, words, float("nan")


def _candidates(
    rule: Rule, replays: Sequence[Replay], outside: Sequence[Replay]
) -> Iterator[tuple[str, str, list[Shift | None]]]:
    model, activation = rule.model, rule.activation

    def towards(gradient: Callable[[Replay], Tensors | None]) -> list[Shift | None]:
        shifts: list[Shift | None] = []
        for one in outside:
            other = gradient(one)
            shifts.append(None if other is None else _towards(rule, one, other))
        return shifts

    whole = max(one.step.x.shape[1] for one in replays)
    if any(one.step.x.shape[1] > 1 for one in outside):
        words = "its gradients are of the sum over the batch, not of the mean"
        yield "loss", words, towards(lambda one: _times(rule, one, one.step.x.shape[1]))
    if all(one.step.x.shape[1] < whole for one in outside):
        words = f"it divides by {whole} in the smaller batches as well"
        yield "loss", words, towards(lambda one: _times(rule, one, one.step.x.shape[1] / whole))
    for other in FAMILY.values():
        like = other.parameters == model.parameters and other.piece is None
        if like and other.output != model.output:
            words = f"its gradients are of another loss, that of {other.name}"
            yield (
                "loss",
                words,
                towards(
                    lambda one, other=other: gradients(
                        other, activation, [one.step.before], [(one.step.x, one.step.y)]
                    )[0]
                ),
            )
    for name in ACTIVATIONS if model.has_activation else ():
        if name != activation:
            words = f"its activation is {name}, not {activation}"
            yield (
                "activation",
                words,
                towards(
                    lambda one, name=name: gradients(
                        model, name, [one.step.before], [(one.step.x, one.step.y)]
                    )[0]
                ),
            )
    previous = {one.step.number + 1: one.step.before for one in replays}
    weights = [name for name in model.parameters if name.startswith("W")][1:]
    for weight in weights:
        for when, value in (
            ("after its update", lambda one: one.step.after),
            ("of the step before", lambda one: previous.get(one.step.number)),
        ):
            for everywhere in (False, True):
                place = "forward and backward pass use" if everywhere else "backward pass uses"
                words = f"its {place} {weight} as it is {when}"
                yield (
                    "stale",
                    words,
                    towards(
                        lambda one, weight=weight, value=value, everywhere=everywhere: (
                            stale_gradients(rule, one.step, weight, value(one), everywhere)
                        )
                    ),
                )


def _towards(rule: Rule, one: Replay, gradient: Tensors) -> Shift:
    """How far a step down `gradient` would be from the one that was asked for."""
    return {name: -rule.rate * value - one.change[name] for name, value in gradient.items()}


def _times(rule: Rule, one: Replay, factor: float) -> Tensors:
    return {name: -factor * change / rule.rate for name, change in one.change.items()}


def _bits(rule: Rule) -> int:
    return {"bfloat16": 8, "float16": 11, "float32": 24}.get(rule.precision, 53)


def _left_out(rule: Rule, outside: Sequence[Replay]) -> str | None:
    """That in each of these steps one example was left out, and which, if that explains it."""
    places: list[int] = []
    for divided_by in ("the others", "all"):
        places = []
        for one in outside:
            n = one.step.x.shape[1]
            if n < 2 or n * sum(value.size for value in one.change.values()) > _MOST_NUMBERS:
                return None
            each = example_gradients(rule, one.step)
            by = n - 1 if divided_by == "the others" else n
            mean = {name: -change / rule.rate for name, change in one.change.items()}
            shifts = {
                name: rule.rate * (each[name] - (mean[name] if by < n else 0.0)) / by
                for name in each
            }
            apart = sum(
                np.sum(
                    ((one.residual[name] - shift) / one.bound[name]) ** 2,
                    axis=tuple(range(1, shift.ndim)),
                )
                for name, shift in shifts.items()
            )
            place = int(np.argmin(apart))
            if not _explains([one], [{name: shift[place] for name, shift in shifts.items()}]):
                break
            places.append(place)
        else:
            break
    if len(places) != len(outside):
        return None
    where = ", ".join(
        f"{place} in step {one.step.number}"
        for place, one in list(zip(places, outside, strict=True))[:4]
    )
    more = "" if len(places) <= 4 else f" and in {len(places) - 4} more"
    return f"it leaves out an example, and divides by {divided_by}: number {where}{more}"


def _is_of_products(rule: Rule, outside: Sequence[Replay], significand: int) -> bool:
    before = [one.step.before for one in outside]
    batches = [(one.step.x, one.step.y) for one in outside]
    rounded = gradients(rule.model, rule.activation, before, batches, significand)
    whole = left = 0.0
    for one, gradient in zip(outside, rounded, strict=True):
        for name, shift in _towards(rule, one, gradient).items():
            weight = 1.0 / one.bound[name]
            whole += float(np.sum((one.residual[name] * weight) ** 2))
            left += float(np.sum(((one.residual[name] - shift) * weight) ** 2))
    return left < (1.0 - _EXPLAINED) * whole


# --- shifts that are known up to a factor ---------------------------------------------------------


def _fitted(rule: Rule, outside: Sequence[Replay], moved: tuple[str, ...]) -> Iterator[Told]:
    slopes = {
        name: _slope(outside, {name: lambda one, name=name: one.change[name]}) for name in moved
    }
    shifts: list[Shift | None] = [
        {name: slopes[name] * one.change[name] for name in moved} for one in outside
    ]
    if _explains(outside, shifts):
        yield from _factors(rule, slopes)
        return
    for names in _weights(rule):
        slope = _slope(
            outside,
            {name: lambda one, name=name: -rule.rate * one.step.before[name] for name in names},
        )
        shifts = [
            {name: -slope * rule.rate * one.step.before[name] for name in names} for one in outside
        ]
        if _explains(outside, shifts):
            words = f"it adds {slope:.4g} times the parameter to the gradient of {_listed(names)}"
            yield "decay", tuple(names), words, slope
            return


def _weights(rule: Rule) -> list[list[str]]:
    """Sets of parameters that a decay may act on."""
    every = list(rule.model.parameters)
    weights = [name for name in every if name.startswith("W")]
    return [weights, every, *([name] for name in every)]


def _factors(rule: Rule, slopes: Mapping[str, float]) -> Iterator[Told]:
    one = next(iter(slopes.values()))
    alike = max(slopes.values()) - min(slopes.values()) <= 1e-3 * max(abs(one), 1e-3)
    if len(slopes) == len(rule.model.parameters) and alike and len(slopes) > 1:
        words = (
            f"its steps are {1.0 + one:.6g} times as long: as with a learning rate of "
            f"{rule.rate * (1.0 + one):.6g}, not {rule.rate:.6g}"
        )
        yield "learning_rate", tuple(slopes), words, 1.0 + one
        return
    words = "; ".join(
        f"{name} does not move"
        if abs(slope + 1.0) < 1e-6
        else f"d{name} is {1.0 + slope:.6g} times what it should be"
        for name, slope in slopes.items()
    )
    yield "factor", tuple(slopes), words, 1.0 + one


def _slope(
    outside: Sequence[Replay],
    directions: Mapping[str, Callable[[Replay], NDArray[np.float64]]],
) -> float:
    """The one factor that brings the residuals nearest to the directions, in bounds."""
    above = below = 0.0
    for one in outside:
        for name, direction in directions.items():
            along = direction(one) / one.bound[name]
            above += float(np.sum(along * one.residual[name] / one.bound[name]))
            below += float(np.sum(along * along))
    return above / below if below else 0.0


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"d{name}" for name in names)
