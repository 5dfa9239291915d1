"""Faults too small to leave the bounds of a single step: they go the same way in every step.

Rounding falls here and there; a gradient that is a little too large is so each time. So the
residuals of all recorded steps are regressed on the changes that were asked for. Their slope is by
how much too large the gradient is; its error is judged from how it differs from step to step, which
holds however the entries of one step hang together (a cluster-robust error: Liang and Zeger 1986).
Where a run hardly moves, an entry's update is rounded the same way in step after step, which no
difference between steps shows: so the rounding of equal updates of one entry counts as one.
Left out are entries that move by less than 8 units in the last place, where rounding itself follows
the update: one below half a unit vanishes, and the residual is the update.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from backproof.comparison.faults import Fault
from backproof.comparison.replay import Replay, Rule, ulp
from backproof.error_bounds import FORMATS
from backproof.verdict import WRONG_ABOVE

# Of one run to be called systematic though it is right, over all of its tensors.
_FALSE_ALARMS = 1e-6
_FEWEST_STEPS = 8
_FEWEST_ULPS = 8.0
# Constants such as 1 / n and the learning rate are rounded once and for all, so steps of a right
# program may be this many units of rounding too long, always the same.
_CONSTANTS = 16.0


class Slope(NamedTuple):
    """By which share a parameter's steps are too long, and how large a share would have shown.

    `threshold` is how far from 0 the slope has to be; infinite where too little moved. `floor` is
    the smallest share that these records could have shown, by the slope or by a single entry.
    """

    slope: float
    threshold: float
    floor: float


def slopes(rule: Rule, replays: Sequence[Replay]) -> dict[str, Slope]:
    """The slope of each parameter, and under `""` of all together."""
    sums = {name: _sums(rule, replays, name) for name in rule.model.parameters}
    together = _Sums(*(np.sum(each, axis=0) for each in zip(*sums.values(), strict=True)))
    floors = {name: _floor_of_entries(replays, name) for name in sums}
    tests = len(sums) + 1
    found = {name: _slope(rule, one, floors[name], tests) for name, one in sums.items()}
    return {**found, "": _slope(rule, together, min(floors.values()), tests)}


def too_long(rule: Rule, found: Mapping[str, Slope], first: int) -> Fault | None:
    """What the slopes show, if they show anything."""
    shown = [name for name, one in found.items() if abs(one.slope) > one.threshold]
    if not shown:
        return None
    one, names = found[""], tuple(name for name in shown if name)
    alike = all(
        abs(each.slope - one.slope) <= each.threshold for name, each in found.items() if name
    )
    if "" in shown and alike:
        times = _rounded(1.0 + one.slope, one.threshold)
        rate = _rounded(rule.rate * (1.0 + one.slope), rule.rate * one.threshold)
        words = (
            f"its steps are {times} times as long, give or take {one.threshold:.1g}: as with a "
            f"learning rate of {rate}"
        )
        return Fault("learning_rate", tuple(rule.model.parameters), words, 1.0 + one.slope, first)
    words = "; ".join(
        f"d{name} is {_rounded(1.0 + found[name].slope, found[name].threshold)} times what it "
        f"should be, give or take {found[name].threshold:.1g}"
        for name in names
    )
    return Fault("factor", names, words, 1.0 + found[names[0]].slope, first)


def _rounded(value: float, error: float) -> str:
    """With the digits that are known."""
    return f"{value:.{max(0, math.ceil(-math.log10(error)))}f}"


class _Sums(NamedTuple):
    """Of the entries that move far enough; residuals, changes and roundings are all in bounds.

    Attributes:
        along_off: step by step, residual times change.
        along_along: step by step, change squared.
        rounded: the most that rounding the updates can make of the sum of `along_off`.
        squares: its variance, if each entry's equal updates are rounded alike and others by chance.
    """

    along_off: np.ndarray
    along_along: np.ndarray
    rounded: float
    squares: float


def _sums(rule: Rule, replays: Sequence[Replay], name: str) -> _Sums:
    rows, alike, sizes = [], [], []
    for one in replays:
        change, bound = one.change[name], one.bound[name]
        moves = np.abs(change) > _FEWEST_ULPS * ulp(one.step.before[name], rule.precision)
        moves &= np.isfinite(bound)
        along, off = change[moves] / bound[moves], one.residual[name][moves] / bound[moves]
        rows.append((np.sum(along * off), np.sum(along * along)))
        unit = ulp(one.step.after[name][moves], rule.precision)
        units = np.clip(np.rint(change[moves] / unit), -(2.0**30), 2.0**30).astype(np.int64)
        alike.append((units << 32) + np.flatnonzero(moves))
        sizes.append(np.abs(along) * (0.5 * unit / bound[moves]))
    size = np.concatenate([*sizes, np.zeros(0)])
    groups = np.unique(np.concatenate([*alike, np.zeros(0, np.int64)]), return_inverse=True)[1]
    squares = float(np.sum(np.bincount(groups, size) ** 2)) / 3.0  # uniform in half a unit
    along_off, along_along = np.array(rows).reshape(-1, 2).T
    return _Sums(along_off, along_along, float(np.sum(size)), squares)


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
    threshold = _CONSTANTS * float(FORMATS[rule.precision].u) + error
    # A share twice the threshold is found all but certainly.
    return Slope(slope, threshold, min(floor, 2.0 * threshold))


def _floor_of_entries(replays: Sequence[Replay], name: str) -> float:
    """The smallest share of its change that would have taken some entry out of its bound."""
    shares = [math.inf]
    for one in replays:
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (WRONG_ABOVE + 1.0) * one.bound[name] / np.abs(one.change[name])
        shares.append(float(np.min(np.nan_to_num(share, nan=math.inf, posinf=math.inf))))
    return min(shares)


def student(share: float, degrees: float) -> float:
    """The quantile of Student's t (Gaver and Kafadar 1984, The American Statistician 38)."""
    z = NormalDist().inv_cdf(share)
    exponent = z * z * (degrees - 1.5) / (degrees - 1.0) ** 2
    return math.sqrt(degrees * math.expm1(exponent)) if exponent < 700.0 else math.inf
