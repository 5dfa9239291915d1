"""Faults too small to leave the bounds of a single step: they go the same way in every step.

Rounding falls here and there; a gradient that is a little too large is so each time, and so is a
weight that decays. So the residuals of all recorded steps are regressed on what each such fault
would make of them: on the changes that were asked for, where the slope is by how much too large the
gradient is, and on the parameters themselves, times the learning rate, where it is the strength of
a decay. The error of a slope is judged from how it differs from step to step, which holds however
the entries of one step hang together (a cluster-robust error: Liang and Zeger 1986). Where a run
hardly moves, an entry's update is rounded the same way in step after step, which no difference
between steps shows: so the rounding of equal updates of one entry counts as one.
Left out are entries that move by less than 8 units in the last place, where rounding itself follows
the update: one below half a unit vanishes, and the residual is the update.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist
from typing import NamedTuple, TypeAlias

import numpy as np

from backproof.comparison.replay import Replay, Rule, Tensors, ulp
from backproof.error_bounds import FORMATS
from backproof.notation import Model
from backproof.verdict import WRONG_ABOVE

# Of one run to be called systematic though it is right, over all of its tensors.
_FALSE_ALARMS = 1e-6
_FEWEST_STEPS = 8
_FEWEST_ULPS = 8.0
# Constants such as 1 / n and the learning rate are rounded once and for all, so steps of a right
# program may be this many units of rounding too long, always the same.
_CONSTANTS = 16.0

Along: TypeAlias = Callable[[Rule, Replay], Tensors]


class Slope(NamedTuple):
    """How large a fault is, and how large a one would have shown.

    `threshold` is how far from 0 the slope has to be; infinite where too little moved. `floor` is
    the smallest fault that these records could have shown, by the slope or by a single entry.
    """

    slope: float
    threshold: float
    floor: float

    @property
    def shows(self) -> bool:
        """Whether rounding does not explain it."""
        return abs(self.slope) > self.threshold


def updates(_rule: Rule, one: Replay) -> Tensors:
    """What a gradient twice as large as it should be adds to a step."""
    return one.change


def decays(rule: Rule, one: Replay) -> Tensors:
    """What a decay of strength 1 adds to a step: the parameter itself, as part of the gradient."""
    return {name: -rule.rate * value for name, value in one.step.before.items()}


def weights(model: Model) -> list[str]:
    """The parameters that are no biases, of which a decay is usual."""
    return [name for name in model.parameters if name[0] in "wW"]


class Slopes(NamedTuple):
    """By parameter, and under `""` of all together (of decays: all weights)."""

    updates: Mapping[str, Slope]
    decays: Mapping[str, Slope]


def slopes(rule: Rule, replays: Sequence[Replay]) -> Slopes:
    """What the steps show of faults that are too small for one."""
    every = list(rule.model.parameters)
    tests = 2 * (len(every) + 1)

    def found(along: Along, together: Sequence[str]) -> dict[str, Slope]:
        sums = {name: _sums(rule, replays, name, along) for name in every}
        alike = zip(*(sums[name] for name in together), strict=True)
        sums[""] = _Sums(*(np.sum(each, axis=0) for each in alike))
        floors = {name: _floor_of_entries(rule, replays, name, along) for name in every}
        floors[""] = min(floors[name] for name in together)
        return {name: _slope(rule, one, floors[name], tests) for name, one in sums.items()}

    return Slopes(found(updates, every), found(decays, weights(rule.model)))


class _Sums(NamedTuple):
    """Of the entries that move far enough; residuals, changes and roundings are all in bounds.

    Attributes:
        along_off: step by step, residual times what is regressed on.
        along_along: step by step, the square of that.
        constants: the most that constants can make of the sum of `along_off`, in units of rounding.
        rounded: the most that rounding the updates can make of it.
        squares: its variance, if each entry's equal updates are rounded alike and others by chance.
    """

    along_off: np.ndarray
    along_along: np.ndarray
    constants: float
    rounded: float
    squares: float


def _sums(rule: Rule, replays: Sequence[Replay], name: str, along: Along) -> _Sums:
    rows, alike, sizes = [], [], []
    constants = 0.0
    for one in replays:
        change, bound = one.change[name], one.bound[name]
        moves = np.abs(change) > _FEWEST_ULPS * ulp(one.step.before[name], rule.precision)
        moves &= np.isfinite(bound)
        bound = bound[moves]
        on, off = along(rule, one)[name][moves] / bound, one.residual[name][moves] / bound
        rows.append((np.sum(on * off), np.sum(on * on)))
        constants += float(np.sum(np.abs(on * (change[moves] / bound))))
        unit = ulp(one.step.after[name][moves], rule.precision)
        units = np.clip(np.rint(change[moves] / unit), -(2.0**30), 2.0**30).astype(np.int64)
        alike.append((units << 32) + np.flatnonzero(moves))
        sizes.append(np.abs(on) * (0.5 * unit / bound))
    size = np.concatenate([*sizes, np.zeros(0)])
    groups = np.unique(np.concatenate([*alike, np.zeros(0, np.int64)]), return_inverse=True)[1]
    squares = float(np.sum(np.bincount(groups, size) ** 2)) / 3.0  # uniform in half a unit
    along_off, along_along = np.array(rows).reshape(-1, 2).T
    return _Sums(along_off, along_along, constants, float(np.sum(size)), squares)


def _slope(rule: Rule, sums: _Sums, floor: float, tests: int) -> Slope:
    whole = float(np.sum(sums.along_along))
    if whole == 0.0:
        return Slope(0.0, math.inf, floor)
    slope = float(np.sum(sums.along_off)) / whole
    clusters = whole * whole / float(np.sum(sums.along_along**2))
    if clusters < _FEWEST_STEPS:
        return Slope(slope, math.inf, floor)
    off = sums.along_off - slope * sums.along_along
    spread = math.sqrt(float(np.sum(off**2)) * clusters / (clusters - 1.0)) / whole
    share = 1.0 - _FALSE_ALARMS / (2.0 * tests)
    by_chance = NormalDist().inv_cdf(share) * math.sqrt(sums.squares)
    again_and_again = min(by_chance, sums.rounded) / whole
    error = math.hypot(student(share, clusters - 1.0) * spread, again_and_again)
    constants = _CONSTANTS * float(FORMATS[rule.precision].u) * sums.constants / whole
    threshold = constants + error
    # A fault twice the threshold is found all but certainly.
    return Slope(slope, threshold, min(floor, 2.0 * threshold))


def _floor_of_entries(rule: Rule, replays: Sequence[Replay], name: str, along: Along) -> float:
    """The smallest fault that would have taken some entry out of its bound."""
    sizes = [math.inf]
    for one in replays:
        with np.errstate(divide="ignore", invalid="ignore"):
            size = (WRONG_ABOVE + 1.0) * one.bound[name] / np.abs(along(rule, one)[name])
        sizes.append(float(np.min(np.nan_to_num(size, nan=math.inf, posinf=math.inf))))
    return min(sizes)


def student(share: float, degrees: float) -> float:
    """The quantile of Student's t (Gaver and Kafadar 1984, The American Statistician 38)."""
    z = NormalDist().inv_cdf(share)
    exponent = z * z * (degrees - 1.5) / (degrees - 1.0) ** 2
    return math.sqrt(degrees * math.expm1(exponent)) if exponent < 700.0 else math.inf
