"""What the recorded steps of one run show, each held to the rule that the run says it follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from backproof.comparison.faults import Fault, faults
from backproof.comparison.regression import Slopes, slopes, weights
from backproof.comparison.replay import (
    Replay,
    Rule,
    Step,
    Tensors,
    gradient_margins,
    replayed,
)
from backproof.error_bounds import FORMATS
from backproof.start import Batches
from backproof.verdict import RIGHT_BELOW, WRONG_ABOVE

# How much too long steps may be whose gradients are of a lower precision, in its roundings.
_AS_LONG = 8.0


class Run(NamedTuple):
    """A run as it was recorded.

    Attributes:
        name: for people.
        rule: what it says its steps are.
        start: the parameters before step 0.
        x: all inputs, (d, n), as the run's precision has them.
        y: all targets, (k, n).
        schedule: the examples of every step; None: all of them in each, or not known.
        steps: those that were recorded.
        batches: the examples of the recorded steps, by their numbers; {} where all are in each.
        losses: before each step, one for each.
        folder: of its record, as it was given; "" where there is none.
        description: what its `run.json` says; {} where there is none.
    """

    name: str
    rule: Rule
    start: Tensors
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    schedule: Batches | None
    steps: Sequence[Step]
    losses: NDArray[np.float64]
    batches: Mapping[int, NDArray[np.integer]]
    folder: str = ""
    description: Mapping[str, Any] = MappingProxyType({})

    @property
    def order_is_known(self) -> bool:
        """Whether the examples of every step are known, so that the run can be run again."""
        return self.schedule is not None or not self.batches


class Own(NamedTuple):
    """What a run's own steps show.

    Attributes:
        faults: what explains the steps that rounding does not; several if each of them would.
        unexplained: of steps that stand out and that nothing explains, a sentence.
        where: whether it is the gradients or the update of them that is wrong, in words; None where
            no gradients were recorded of a step that stands out, or they are too near to tell.
        near: of an entry too near its bound to tell, a sentence.
        residuals: by the number of each replayed step, its largest residual of each parameter, in
            bounds.
        margins: by parameter, the largest residual of all, in bounds.
        slopes: by parameter, how much too long its steps are and how strongly it decays, and what
            would have shown.
        diverged: the number of the first step whose loss is not finite.
        steps: how many were replayed.
    """

    faults: Sequence[Fault]
    unexplained: str | None
    where: str | None
    near: str | None
    residuals: Mapping[int, Mapping[str, float]]
    margins: Mapping[str, float]
    slopes: Slopes
    diverged: int | None
    steps: int


def own(run: Run) -> Own:
    """Replay the run's recorded steps and say what they show."""
    lost = np.flatnonzero(~np.isfinite(run.losses))
    diverged = int(lost[0]) if lost.size else None
    finite = [step for step in run.steps if _is_finite(step)]
    replays = replayed(run.rule, finite)
    residuals = {one.step.number: one.margins() for one in replays}
    margins = {
        name: max((one[name] for one in residuals.values()), default=0.0)
        for name in run.rule.model.parameters
    }
    found = slopes(run.rule, replays)
    outside = [one for one in replays if max(residuals[one.step.number].values()) > WRONG_ABOVE]
    named = faults(run.rule, replays, outside, found, run.x.shape[1]) if replays else []
    unexplained = where = near = None
    if outside:
        where = _where(run.rule, [one.step for one in outside])
        if not named:
            first = outside[0].step.number
            lower = _lower(run.rule, finite, first) or _mixed(run.rule, finite, found, first)
            named = [] if lower is None else [lower]
            unexplained = None if lower else _stands_out(outside, len(replays))
    elif not named and max(margins.values()) > RIGHT_BELOW:
        name = max(margins, key=lambda name: margins[name])
        near = f"an entry of {name} lies {margins[name]:.2g} bounds off, too near to tell"
    return Own(named, unexplained, where, near, residuals, margins, found, diverged, len(replays))


def _where(rule: Rule, outside: Sequence[Step]) -> str | None:
    """Whether the gradients of steps that stand out are right, as far as they were recorded."""
    each = gradient_margins(rule, [step for step in outside if step.gradients])
    if not each:
        return None
    largest = {name: max(one[name] for one in each) for name in each[0]}
    wrong = [f"d{name}" for name, margin in largest.items() if margin > WRONG_ABOVE]
    if wrong:
        return f"the recorded gradients are wrong themselves ({', '.join(wrong)})"
    if max(largest.values()) <= RIGHT_BELOW:
        return "the recorded gradients are right, so look at the update"
    return None


def _is_finite(step: Step) -> bool:
    return all(
        np.isfinite(value).all()
        for tensors in (step.before, step.after)
        for value in tensors.values()
    )


def _lower(rule: Rule, steps: Sequence[Step], first: int) -> Fault | None:
    """That the steps are those of a lower precision throughout, if nothing else is amiss."""
    u = float(FORMATS[rule.precision].u)
    lower = [name for name in ("float32", "float16", "bfloat16") if float(FORMATS[name].u) > u]
    for name in lower:
        # The bounds of coarse formats are wide enough for much else, so there the numbers that it
        # keeps have to be of that format too.
        if name != "float32" and not all(_are_of(step.after, name) for step in steps):
            continue
        coarse = rule._replace(precision=name)
        again = replayed(coarse, steps)
        inside = all(max(one.margins().values()) <= RIGHT_BELOW for one in again)
        if inside and not faults(coarse, again, [], slopes(coarse, again), 0):
            words = f"its steps are as exact as {name} is, not {rule.precision}"
            return Fault(
                "lower_precision", tuple(rule.model.parameters), words, float("nan"), first
            )
    return None


def _mixed(rule: Rule, steps: Sequence[Step], found: Slopes, first: int) -> Fault | None:
    """That gradients are right for a lower precision, and the update of them is one of the run's.

    So it is where a framework casts parameters on the way in and their gradients on the way out
    (automatic mixed precision): the gradients of weights are numbers of the coarser format.
    """
    u = float(FORMATS[rule.precision].u)
    for name in ("bfloat16", "float16"):  # whose digits float16 has too
        coarse = float(FORMATS[name].u)
        of_it = coarse > u and all(
            step.gradients and all(_has_digits(step.gradients[p], coarse) for p in names)
            for step in steps
            if (names := weights(rule.model))
        )
        if not of_it:
            continue
        # The bounds of coarse formats are wide enough for much else, so on the whole steps have to
        # be as long as they should, and the update has to be exact.
        whole = all(abs(one.slope) <= _AS_LONG * coarse for one in found.updates.values())
        right = gradient_margins(rule._replace(precision=name), steps)
        if (
            whole
            and max(max(one.values()) for one in right) <= RIGHT_BELOW
            and all(_is_update(rule, step) for step in steps)
        ):
            words = f"its gradients are computed in {name}, and only the update in {rule.precision}"
            return Fault(
                "lower_precision", tuple(rule.model.parameters), words, float("nan"), first
            )
    return None


def _has_digits(value: NDArray[np.float64], u: float) -> bool:
    """Whether each number has no more digits than a format of this rounding, whatever its size."""
    digits = np.frexp(value)[0] / u
    return bool(np.all(digits == np.rint(digits)))


def _is_update(rule: Rule, step: Step) -> bool:
    """Whether the step is the recorded gradients times the rate, up to two roundings."""
    fmt = FORMATS[rule.precision]
    for name, gradient in (step.gradients or {}).items():
        move, after = rule.rate * gradient, step.after[name]
        bound = float(fmt.u) * (2.0 * np.abs(move) + np.abs(after)) + float(fmt.smallest)
        if np.any(np.abs(step.before[name] - move - after) > bound):
            return False
    return True


def _are_of(tensors: Tensors, precision: str) -> bool:
    dtype = jnp.dtype(precision)
    return all(np.array_equal(value, value.astype(dtype)) for value in tensors.values())


def _stands_out(outside: Sequence[Replay], replayed: int) -> str:
    first = outside[0].margins()
    names = [name for name, margin in first.items() if margin > WRONG_ABOVE]
    worst = max(first, key=lambda name: first[name])
    return (
        f"{len(outside)} of {replayed} recorded steps do not follow the rule, the first of "
        f"them step {outside[0].step.number}: {', '.join(names)}, {worst} by "
        f"{first[worst]:.3g} error bounds; no fault that is known here explains it"
    )
