"""How far each step would be from the one that was asked for, with a fault that is known.

A shift is by parameter; None stands for a step of which it cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.comparison.backward_passes import gradients_without_slope, stale_gradients
from backproof.comparison.replay import (
    Replay,
    Rule,
    Tensors,
    example_gradients,
    gradients,
    ulp,
)
from backproof.notation import ACTIVATIONS, FAMILY, Model
from backproof.verdict import WRONG_ABOVE

Shift: TypeAlias = Mapping[str, NDArray[np.float64]]


class Known(NamedTuple):
    """A fault, in a word and a sentence, and the shift of each of the steps looked at."""

    cause: str
    words: str
    shifts: Sequence[Shift | None]


def known_faults(
    rule: Rule, replays: Sequence[Replay], outside: Sequence[Replay], examples: int
) -> Iterator[Known]:
    """Every fault whose shift is known without fitting anything; `outside` are steps to explain.

    `examples` is how many there are in all, of which a batch may be a part.
    """
    yield from _of_the_mean(replays, outside, examples)
    model, activation = rule.model, rule.activation
    for other in FAMILY.values():
        like = other.parameters == model.parameters and other.piece is None
        if like and other.output != model.output:
            words = f"its gradients are of another loss, that of {other.name}"
            yield Known("loss", words, _instead(rule, outside, other, activation))
            if other.output not in ("sigmoid", "softmax"):
                twice = _instead(rule, outside, other, activation, 2.0)
                yield Known("loss", f"{words} without the half of its square", twice)
    for name in ACTIVATIONS if model.has_activation else ():
        if name != activation:
            words = f"its activation is {name}, not {activation}"
            yield Known("activation", words, _instead(rule, outside, model, name))
    if model.has_activation:
        words = f"its backward pass leaves out the derivative of {activation}"
        without = [towards(rule, one, gradients_without_slope(rule, one.step)) for one in outside]
        yield Known("dropped_term", words, without)
    yield from _stale(rule, replays, outside)


def towards(rule: Rule, one: Replay, gradient: Tensors) -> Shift:
    """How far a step down `gradient` would be from the one that was asked for."""
    return {name: -rule.rate * value - one.change[name] for name, value in gradient.items()}


def _of_the_mean(
    replays: Sequence[Replay], outside: Sequence[Replay], examples: int
) -> Iterator[Known]:
    """The mean over the batch taken otherwise."""
    sizes = [one.step.x.shape[1] for one in outside]
    whole = max(one.step.x.shape[1] for one in replays)
    if max(sizes) > 1:
        words = "its gradients are of the sum over the batch, not of the mean"
        yield Known("loss", words, _longer(outside, sizes))
    if max(sizes) < whole:
        words = f"it divides by {whole} in the smaller batches as well"
        yield Known("loss", words, _longer(outside, [size / whole for size in sizes]))
    if whole < examples:
        words = f"it divides by all {examples:,} examples, not by those of the batch"
        yield Known("loss", words, _longer(outside, [size / examples for size in sizes]))


def _longer(outside: Sequence[Replay], factors: Sequence[float]) -> list[Shift]:
    return [
        {name: (factor - 1.0) * change for name, change in one.change.items()}
        for one, factor in zip(outside, factors, strict=True)
    ]


def _instead(
    rule: Rule, outside: Sequence[Replay], model: Model, activation: str, times: float = 1.0
) -> list[Shift]:
    """So many times another model's gradient in place of its own."""
    before = [one.step.before for one in outside]
    taken = gradients(model, activation, before, [(one.step.x, one.step.y) for one in outside])
    return [
        towards(rule, one, {name: times * value for name, value in gradient.items()})
        for one, gradient in zip(outside, taken, strict=True)
    ]


def _stale(rule: Rule, replays: Sequence[Replay], outside: Sequence[Replay]) -> Iterator[Known]:
    """A weight of a later layer as it is at another time, which the layers before it see."""
    previous = {one.step.number + 1: one.step.before for one in replays}
    times: dict[str, list[Tensors | None]] = {
        "is after its update": [one.step.after for one in outside],
        "was a step ago": [previous.get(one.step.number) for one in outside],
    }
    places = {False: "backward pass uses", True: "forward and backward pass use"}
    for weight in list(rule.model.parameters)[2::2]:
        for when, values in times.items():
            for everywhere, place in places.items():
                shifts: list[Shift | None] = []
                for one, value in zip(outside, values, strict=True):
                    taken = stale_gradients(rule, one.step, weight, value, everywhere)
                    shifts.append(None if taken is None else towards(rule, one, taken))
                yield Known("stale", f"its {place} {weight} as it {when}", shifts)


def without_one(rule: Rule, one: Replay, divided_by_all: bool) -> Shift:
    """Each example of the batch left out: one more leading axis, of n."""
    each, n = example_gradients(rule, one.step), one.step.x.shape[1]
    if divided_by_all:
        return {name: rule.rate * gradient / n for name, gradient in each.items()}
    return {
        name: (rule.rate * gradient + one.change[name]) / (n - 1) for name, gradient in each.items()
    }


def is_rounding(rule: Rule, outside: Sequence[Replay], shifts: Sequence[Shift | None]) -> bool:
    """Whether what is left is rounding, in all steps of which the shift is known."""
    known = [(one, shift) for one, shift in zip(outside, shifts, strict=True) if shift is not None]
    return bool(known) and all(
        margin <= WRONG_ABOVE
        for one, shift in known
        for margin in _taken(rule, one, shift).margins(shift).values()
    )


def _taken(rule: Rule, one: Replay, shift: Shift) -> Replay:
    """With bounds on the rounding of the step that was taken instead."""
    bounds = dict(one.bound)
    for name, moved in shift.items():
        change, taken = one.change[name], one.change[name] + moved
        largest = float(np.max(np.abs(change), initial=0.0))
        share = float(np.max(np.abs(taken), initial=0.0)) / largest if largest else 1.0
        # An update below half a unit moves nothing, or as much as a unit, with the fault in it.
        half = 0.5 * ulp(one.step.after[name], rule.precision)
        least = np.where(moved == 0.0, 0.0, half)
        bounds[name] = np.maximum(max(1.0, share) * one.bound[name], least)
    return one._replace(bound=bounds)
