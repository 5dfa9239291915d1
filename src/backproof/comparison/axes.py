"""Axes of plots: which numbers they show, where, and what stands at their ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Beyond it the difference of two numbers would not be finite.
_LARGEST = 1e307
# Below it powers of ten lose digits.
_SMALLEST = 1e-300
# Of the largest number: below that the labels of ticks would be the same.
_NARROWEST = 1e-4
_TICKS = 5
_DECADES = 7


class Axis(NamedTuple):
    """An axis.

    Attributes:
        name: with the unit.
        low: the number at its beginning; on a logarithmic axis its decimal logarithm.
        high: at its end.
        ticks: the share of its length and the label of each.
        scale: how numbers are laid out: evenly, by their logarithm, or by that of 1 + them.
    """

    name: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    scale: str

    def at(self, values: ArrayLike) -> NDArray[np.float64]:
        """The share of the axis at which each number is, within 0 and 1; NaN for NaN."""
        given = np.asarray(values, np.float64)
        with np.errstate(all="ignore"):
            if self.scale == "logarithmic":
                given = np.log10(np.where(given < 0.0, 0.0, given))
            elif self.scale == "steps":
                given = np.log1p(given)
            return np.clip((given - self.low) / (self.high - self.low), 0.0, 1.0)


def even(name: str, values: ArrayLike) -> Axis:
    """An axis of all finite numbers among `values`."""
    low, high = _range(values)
    widest = max(abs(low), abs(high))
    if high - low <= _NARROWEST * widest or high == low:
        apart = _NARROWEST * widest or 1.0
        low, high = low - apart, high + apart
    step = _step((high - low) / _TICKS)
    first, last = math.floor(low / step), math.ceil(high / step)
    low, high = first * step, last * step
    ticks = [
        ((number - first) / (last - first), label(number * step, step))
        for number in range(first, last + 1)
    ]
    return Axis(name, low, high, ticks, "even")


def logarithmic(name: str, values: ArrayLike, among: Sequence[float] = ()) -> Axis:
    """An axis of powers of ten, over all positive finite numbers among `values` and `among`.

    Where some are 0 or less, it begins with a place for them, labelled 0.
    """
    given = np.asarray(values, np.float64).ravel()
    positive = given[np.isfinite(given) & (given > 0.0)]
    low, high = _range(np.concatenate([positive, np.asarray(among, np.float64)]))
    first, last = (math.floor(math.log10(low)), math.ceil(math.log10(high))) if low else (-1, 0)
    first, last = (first - 1, last) if first == last else (first, last)
    has_zero = bool(np.any(given <= 0.0))
    stride = math.ceil((last - first) / _DECADES)
    powers = range(last, first - 1, -stride)
    first -= stride if has_zero else 0
    ticks = [((power - first) / (last - first), _power(power)) for power in reversed(powers)]
    return Axis(name, first, last, [(0.0, "0"), *ticks] if has_zero else ticks, "logarithmic")


def steps(last: int, *, logarithm: bool) -> Axis:
    """An axis of step numbers from 0 to `last`; with `logarithm` the first ones are wider apart."""
    last = max(last, 1)
    if logarithm and last >= 10:
        high = math.log1p(last)
        numbers = [0, *(10**power for power in range(len(str(last))))]
        ticks = [(math.log1p(number) / high, f"{number:,}") for number in numbers]
        return Axis("step (logarithmic)", 0.0, high, ticks, "steps")
    step = max(1, round(_step(last / _TICKS)))
    ticks = [(number / last, f"{number:,}") for number in range(0, last + 1, step)]
    return Axis("step", 0.0, float(last), ticks, "even")


def is_wide(values: ArrayLike) -> bool:
    """Whether numbers are better told apart by their logarithms: positive, over ten to one."""
    low, high = _range(values)
    return low > 0.0 and high / low > 10.0


def _range(values: ArrayLike) -> tuple[float, float]:
    given = np.asarray(values, np.float64).ravel()
    given = np.clip(given[np.isfinite(given)], -_LARGEST, _LARGEST)
    return (float(given.min()), float(given.max())) if given.size else (0.0, 1.0)


def _step(apart: float) -> float:
    """The next round number."""
    apart = max(apart, _SMALLEST)
    power = 10.0 ** math.floor(math.log10(apart))
    return next((power * times for times in (1.0, 2.0, 5.0) if power * times >= apart), 10 * power)


def label(value: float, step: float) -> str:
    """A number with the digits that tell it from the one a step further."""
    if abs(value) < step / 2.0:
        return "0"
    last = math.floor(math.log10(step))
    if 1e-4 <= abs(value) < 1e6:
        return f"{value:,.{max(0, -last)}f}"
    digits = max(0, math.floor(math.log10(abs(value))) - last)
    return short(value, digits + 1)


def short(value: float, digits: int = 2) -> str:
    """A number with so many digits, its exponent without zeros in front."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite" if value > 0 else "-infinite"
    is_small = 0.0 < abs(value) < 1e-3
    written = f"{value:.{digits - 1}e}" if is_small else f"{value:.{digits}g}"
    number, _, exponent = written.partition("e")
    return f"{number}e{int(exponent)}" if exponent else number


def _power(power: int) -> str:
    return f"{10.0**power:g}" if -4 <= power <= 4 else f"1e{power}"
