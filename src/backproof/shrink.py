"""From a case that shows a mistake to the smallest one: few numbers, and short ones.

A step proposes every single simplification of the case at once (leave out an example, a feature, a
hidden unit; set a tensor or an entry to something shorter), has all of them judged in one batch,
and goes on from the simplest that still shows the mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.cases import Arrays, Case, of_sizes, sizes_of
from backproof.notation import Model

StillWrong: TypeAlias = Callable[[Sequence[Case]], list[bool]]

_SMALL_SIZES = (1, 2, 3)
_STEPS = 60
_FREE = ("identity", "tanh_squared")  # whose labels may be any number
_SHORT = (0.0, 1.0, -1.0, 2.0, 0.5)


def shrink(
    model: Model, case: Case, still_wrong: StillWrong, fixed: Mapping[str, int] | None = None
) -> Case:
    """The simplest case found for which `still_wrong` holds; `case` itself at the least.

    Args:
        model: whose tensors the case holds.
        case: one for which `still_wrong` holds.
        still_wrong: judges a batch of cases.
        fixed: sizes of axes that have to stay.
    """
    fixed = fixed or {}
    small = [
        *_small_cases(model, fixed),
        Case(_rounded_case(model, case.arrays, 0), case.scale),
    ]
    wrong = [c for c, bad in zip(small, still_wrong(small), strict=True) if bad]
    best = min([case, *wrong], key=_cost)
    for _ in range(_STEPS):
        simpler = [c for c in _proposals(model, best, fixed) if _cost(c) < _cost(best)]
        simpler.sort(key=_cost)
        found = next(_first_wrong(simpler, still_wrong), None)
        if found is None:
            return best
        best = found
    return best


def _first_wrong(cases: list[Case], still_wrong: StillWrong) -> Iterator[Case]:
    for start in range(0, len(cases), 64):
        chunk = cases[start : start + 64]
        yield from (c for c, bad in zip(chunk, still_wrong(chunk), strict=True) if bad)


def _small_cases(model: Model, fixed: Mapping[str, int]) -> Iterator[Case]:
    """Small integers in small shapes, the smallest shapes first."""
    for size in _SMALL_SIZES:
        for seed in range(12):
            sizes = dict.fromkeys(model.axes, size)
            if model.output == "softmax":
                sizes["k"] = max(size, 2)
            sizes.update(fixed)
            for alone in ("", *(axis for axis in model.axes if axis not in fixed)):
                if alone and size == 1:
                    yield of_sizes(model, {**sizes, alone: 2}, "integer", seed)
                elif not alone:
                    yield of_sizes(model, sizes, "integer", seed)


def digits(value: float) -> int:
    """How many digits it takes to write a number, 0.5 being two, and one for a minus sign."""
    if value == 0.0:
        return 0
    text = f"{abs(value):.9g}"
    exponent = 4 if "e" in text else 0
    return len(text.replace(".", "")) + exponent + (value < 0.0)


def _cost(case: Case) -> tuple[int, int, float]:
    """Fewer numbers, then shorter ones, then smaller ones."""
    values = [float(v) for array in case.arrays.values() for v in array.flat]
    return len(values), sum(map(digits, values)), sum(map(abs, values))


def _proposals(model: Model, case: Case, fixed: Mapping[str, int]) -> Iterator[Case]:
    for arrays in (*_smaller(model, case.arrays, fixed), *_shorter(model, case.arrays)):
        yield Case(arrays, case.scale)


def _smaller(model: Model, arrays: Arrays, fixed: Mapping[str, int]) -> Iterator[Arrays]:
    """Without the first or second half of an axis, and without any one place of it."""
    for axis, size in sizes_of(model, arrays).items():
        if size == 1 or axis in fixed:
            continue
        half = size // 2
        kept = [slice(0, half), slice(half, size)] if size > 3 else []
        for keep in kept:
            yield _keep(model, arrays, axis, np.arange(size)[keep])
        if size <= 16:
            for place in range(size):
                yield _keep(model, arrays, axis, np.delete(np.arange(size), place))


def _keep(model: Model, arrays: Arrays, axis: str, places: NDArray) -> Arrays:
    kept = {}
    for tensor, array in arrays.items():
        for dimension, name in enumerate(model.layouts[tensor].split()):
            if name == axis:
                array = np.take(array, places, axis=dimension)
        kept[tensor] = array
    return _with_probabilities(model, kept)


def _with_probabilities(model: Model, arrays: Arrays) -> Arrays:
    """Class probabilities that lost a class become certainties."""
    if model.output == "softmax" and not np.all(arrays["y"].sum(axis=0) == 1.0):
        k = arrays["y"].shape[0]
        arrays["y"] = np.eye(k)[:, arrays["y"].argmax(axis=0)]
    return arrays


def _shorter(model: Model, arrays: Arrays) -> Iterator[Arrays]:
    for places in (0, 1, 2):
        yield _rounded_case(model, arrays, places)
    for tensor, array in arrays.items():
        if tensor == "y" and model.output not in _FREE:
            yield {**arrays, tensor: _hard(model, array)}
            if array.size <= 16 and model.output != "softmax":
                for place in np.ndindex(array.shape):
                    yield {**arrays, tensor: _with(array, place, 0.0)}
            continue
        yield {**arrays, tensor: np.zeros_like(array)}
        yield {**arrays, tensor: np.ones_like(array)}
        for places in (0, 1, 2):
            yield {**arrays, tensor: _rounded(array, places)}
        for shift in (-1, 1, 3, 6):
            yield {**arrays, tensor: array * 2.0**-shift}
        if array.size > 16:
            continue
        for place in np.ndindex(array.shape):
            for value in (*_SHORT, *_near(float(array[place]))):
                yield {**arrays, tensor: _with(array, place, value)}


def _hard(model: Model, y: NDArray) -> NDArray:
    if model.output != "softmax":
        return np.round(y)
    return np.eye(y.shape[0])[:, y.argmax(axis=0)]


def _near(value: float) -> tuple[float, ...]:
    return float(f"{value:.1g}"), float(np.trunc(value)), float(np.trunc(value / 2.0))


def _with(array: NDArray, place: tuple[int, ...], value: float) -> NDArray:
    changed = array.copy()
    # Cases hold float32 numbers, so that every precision sees the same input.
    changed[place] = np.float32(value)
    return changed


def _rounded(array: NDArray, places: int) -> NDArray:
    """To so many significant digits after the first."""
    texts = [f"{value:.{places}e}" for value in array.flat]
    return np.array([np.float32(text) for text in texts], dtype=np.float64).reshape(array.shape)


def _rounded_case(model: Model, arrays: Arrays, places: int) -> Arrays:
    return {
        tensor: array if tensor == "y" and model.output not in _FREE else _rounded(array, places)
        for tensor, array in arrays.items()
    }
