"""Faults that are known up to a number: steps too long, weights that decay, momentum.

The numbers are fitted. A fault explains what was seen if nothing is left without it: every step
that stood out is rounding, and no slope of all steps shows anything any more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from backproof.comparison.regression import Along, Slope, Slopes, decays, slopes, updates, weights
from backproof.comparison.replay import Replay, Rule
from backproof.comparison.shifts import Shift, is_rounding

# What may be left of a slope: the number that the program used was rounded, or told in few digits.
_LEFT = 1e-3
# A step has to have as many for a number of its own to be told by them.
_FEWEST_ENTRIES = 8
# A cause, the parameters that it moves, words, and the number that was fitted.
Told: TypeAlias = tuple[str, tuple[str, ...], str, float]


class _Fault(NamedTuple):
    """How large it is in each parameter that it moves, along what, and how far that is known."""

    cause: str
    along: Along
    sizes: Mapping[str, float]
    errors: Mapping[str, float]

    def shift(self, rule: Rule, one: Replay) -> Shift:
        along = self.along(rule, one)
        return {name: size * along[name] for name, size in self.sizes.items()}


def fitted(
    rule: Rule,
    replays: Sequence[Replay],
    outside: Sequence[Replay],
    moved: Sequence[str],
    found: Slopes,
) -> list[Told]:
    """What explains the steps `outside` of their bounds, or the slopes where there are none.

    `moved` are the parameters that leave their bounds, `found` what all steps show. The fault is in
    all steps or, where that explains nothing, in those outside alone. [] where nothing does.
    """
    if not outside and not any(one.shows for family in found for one in family.values()):
        return []
    for those in (replays, outside) if 0 < len(outside) < len(replays) else (replays,):
        fit = found if those is replays else slopes(rule, those)
        candidates = _candidates(rule, fit, found, moved)
        explaining = [
            fault
            for fault in candidates
            if (
                not outside
                or is_rounding(rule, outside, [fault.shift(rule, one) for one in outside])
            )
            and _leaves_nothing(rule, replays, those, fault, found)
        ]
        if explaining:
            return [_told(rule, fault, not outside) for fault in _simplest(explaining)]
    if outside:
        return list(_momentum(rule, replays, outside)) or list(_changing(rule, outside))
    along = updates if any(one.shows for one in found.updates.values()) else decays
    return [_told(rule, [fault for fault in candidates if fault.along is along][-1], True)]


def _candidates(rule: Rule, fit: Slopes, found: Slopes, moved: Sequence[str]) -> list[_Fault]:
    """Those of one number first; then one for each parameter that moves or shows something."""
    every = list(rule.model.parameters)
    of_decay = [name for name in every if name in moved or found.decays[name].shows]
    of_factor = [name for name in every if name in moved or found.updates[name].shows]
    told = [
        ("learning_rate", updates, dict.fromkeys(every, fit.updates[""])),
        ("decay", decays, dict.fromkeys(weights(rule.model), fit.decays[""])),
        ("decay", decays, dict.fromkeys(every, _of_all([fit.decays[p] for p in every]))),
        ("decay", decays, {name: fit.decays[name] for name in of_decay}),
        ("factor", updates, {name: fit.updates[name] for name in of_factor}),
    ]
    return [
        _Fault(
            cause,
            along,
            {name: one.slope for name, one in slopes.items()},
            {name: one.threshold for name, one in slopes.items()},
        )
        for cause, along, slopes in told
        if slopes
    ]


def _of_all(each: Sequence[Slope]) -> Slope:
    """One number for all parameters, each as far as it is known."""
    weights = [1.0 / one.threshold**2 for one in each]
    whole = sum(weights)
    if not whole:
        return Slope(0.0, math.inf, math.inf)
    size = sum(w * one.slope for w, one in zip(weights, each, strict=True)) / whole
    return Slope(size, whole**-0.5, min(one.floor for one in each))


def _leaves_nothing(
    rule: Rule, replays: Sequence[Replay], those: Sequence[Replay], fault: _Fault, found: Slopes
) -> bool:
    """Whether no slope of all steps shows anything, once the fault is taken out of `those`."""
    faulty = {one.step.number for one in those}
    left = [
        one.without(fault.shift(rule, one)) if one.step.number in faulty else one for one in replays
    ]
    return all(
        abs(one.slope) <= max(one.threshold, _LEFT * abs(before[name].slope))
        for family, before in zip(slopes(rule, left), found, strict=True)
        for name, one in family.items()
    )


def _simplest(explaining: Sequence[_Fault]) -> list[_Fault]:
    """Of each cause the first, and no factors of several gradients where one is enough for all."""
    first = {fault.cause: fault for fault in reversed(explaining)}
    if "learning_rate" in first and "factor" in first and len(first["factor"].sizes) > 1:
        del first["factor"]
    return [fault for fault in explaining if any(fault is one for one in first.values())]


def _momentum(rule: Rule, replays: Sequence[Replay], outside: Sequence[Replay]) -> Iterator[Told]:
    """A share of the step before, where that was recorded too."""
    before = {
        one.step.number + 1: {p: one.step.after[p] - old for p, old in one.step.before.items()}
        for one in replays
    }
    known = [(one, before[one.step.number]) for one in outside if one.step.number in before]
    above = below = 0.0
    for one, step in known:
        for name, along in step.items():
            weight = along / one.bound[name] ** 2
            above += float(np.sum(weight * one.residual[name]))
            below += float(np.sum(weight * along))
    share = above / below if below else 0.0
    shifts = [{name: share * along for name, along in step.items()} for _, step in known]
    if known and is_rounding(rule, [one for one, _ in known], shifts):
        words = f"it adds {share:.4g} times the step before to each step, as momentum does"
        yield "momentum", tuple(known[0][1]), words, share


def _changing(rule: Rule, outside: Sequence[Replay]) -> Iterator[Told]:
    """A factor for each step, the same for all parameters."""
    if sum(value.size for value in outside[0].change.values()) < _FEWEST_ENTRIES:
        return
    factors = []
    for one in outside:
        above = below = 0.0
        for name, change in one.change.items():
            weight = change / one.bound[name] ** 2
            above += float(np.sum(weight * one.residual[name]))
            below += float(np.sum(weight * change))
        factors.append(above / below if below else 0.0)
    shifts = [
        {name: factor * change for name, change in one.change.items()}
        for one, factor in zip(outside, factors, strict=True)
    ]
    if is_rounding(rule, outside, shifts):
        known = dict(zip((one.step.number for one in outside), factors, strict=True))
        told = ", ".join(f"{1.0 + known[t]:.4g} in step {t}" for t in _ends(list(known)))
        words = (
            f"each of its steps is another number of times as long, {told}: as with a learning rate"
            " that changes, or gradients clipped by their norm"
        )
        yield "learning_rate", tuple(rule.model.parameters), words, math.nan


def _ends(numbers: Sequence[int]) -> Sequence[int]:
    return sorted({numbers[0], numbers[len(numbers) // 2], numbers[-1]})


# --- words ----------------------------------------------------------------------------------------


def _told(rule: Rule, fault: _Fault, is_small: bool) -> Told:
    """With the digits that are known, where the fault is so small that few are."""
    errors = fault.errors if is_small else dict.fromkeys(fault.sizes, 0.0)
    words = {"learning_rate": _of_rate, "factor": _of_factors, "decay": _of_decay}
    size = next(iter(fault.sizes.values()))
    told = words[fault.cause](rule, fault.sizes, errors)
    return fault.cause, tuple(fault.sizes), told, size if fault.cause == "decay" else 1.0 + size


def _of_rate(rule: Rule, sizes: Mapping[str, float], errors: Mapping[str, float]) -> str:
    slope, error = next(iter(sizes.values())), next(iter(errors.values()))
    if abs(slope + 1.0) < 1e-6:
        return "it leaves the update out"
    rate = _rounded(rule.rate * (1.0 + slope), rule.rate * error)
    instead = "" if error else f", not {rule.rate:.6g}"
    return (
        f"its steps are {_rounded(1.0 + slope, error)} times as long{_give_or_take(error)}: as "
        f"with a learning rate of {rate}{instead}"
    )


def _of_factors(rule: Rule, sizes: Mapping[str, float], errors: Mapping[str, float]) -> str:
    del rule
    return "; ".join(
        f"{name} does not move"
        if abs(slope + 1.0) < 1e-6
        else f"d{name} is {_rounded(1.0 + slope, errors[name])} times what it should be"
        f"{_give_or_take(errors[name])}"
        for name, slope in sizes.items()
    )


def _of_decay(rule: Rule, sizes: Mapping[str, float], errors: Mapping[str, float]) -> str:
    del rule
    names: dict[tuple[float, float], list[str]] = {}
    for name, size in sizes.items():
        names.setdefault((size, errors[name]), []).append(f"d{name}")
    return "; ".join(
        f"it adds {size:.{4 if not error else _digits(size, error)}g} times the parameter to the "
        f"gradient of {', '.join(of_these)}{_give_or_take(error)}"
        for (size, error), of_these in names.items()
    )


def _give_or_take(error: float) -> str:
    return f", give or take {error:.1g}" if error else ""


def _rounded(value: float, error: float) -> str:
    """With the digits that are known."""
    return f"{value:.{max(0, math.ceil(-math.log10(error)))}f}" if error else f"{value:.6g}"


def _digits(value: float, error: float) -> int:
    return max(1, math.ceil(math.log10(abs(value) / error)) + 1) if value else 1
