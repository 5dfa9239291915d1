"""What to try: seeded cases, drawn in batches.

A case is a value for every tensor of a model. All values are float32 numbers (held in float64), so
a function run in float32, float64 and long double sees the same input; none is subnormal.

Sizes are 1 to 16, and in one case of eight 1 to 64, with P(s) proportional to log((s + 1) / s), the
integer part of a log-uniform number (median 4, one in five is 1); one in eight of the larger is 64.
What is true of the larger costs several times as much, and what is wrong shows in small ones. There
are 2 classes at least: of one there is no gradient. All axes of a case differ from one another,
except that one case in eight has them all equal.

Scales, one drawn per tensor:
  mild     standard normal times 10^U(-1, 0.5); weights divided by the root of their columns
  hard     standard normal times 10^U(-4, 3): saturated, tiny, steep
  integer  small integers in sizes 1 to 4, which hit kinks exactly
Labels of a classifier are hard in half of the cases and soft in the other half; soft class
probabilities are multiples of 1/64, so that they sum to 1 in every precision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.notation import LARGEST, Model

Scale: TypeAlias = Literal["mild", "hard", "integer"]
Arrays: TypeAlias = dict[str, NDArray[np.floating]]

_SHARES: Mapping[Scale, float] = {"mild": 0.5, "hard": 0.4, "integer": 0.1}
_DECADES: Mapping[Scale, tuple[float, float]] = {"mild": (-1.0, 0.5), "hard": (-4.0, 3.0)}
LARGER = 1 / 8  # the share of cases whose sizes may be above _LARGEST_SIZE
_LARGEST_SIZE, _LARGEST_INTEGER_SIZE = 16, 4
_PARTS = 64


class Case(NamedTuple):
    """A value for each tensor of a model, float64 holding float32 numbers, and its scale."""

    arrays: Arrays
    scale: Scale

    def numbers(self) -> int:
        """How many numbers it takes to write the case down."""
        return sum(array.size for array in self.arrays.values())


def sizes_of(model: Model, arrays: Mapping[str, NDArray]) -> dict[str, int]:
    """The size of each axis, read off the arrays."""
    shapes = {tensor: array.shape for tensor, array in arrays.items()}
    return {axis: shapes[tensor][place] for axis, tensor, place in _where(model)}


@lru_cache(256)
def _where(model: Model) -> tuple[tuple[str, str, int], ...]:
    """For each axis that has a name a tensor that has it, and as which of its own."""
    found: dict[str, tuple[str, str, int]] = {}
    for tensor, layout in model.layouts.items():
        for place, axis in enumerate(layout.split()):
            if axis != "1":
                found.setdefault(axis, (axis, tensor, place))
    return tuple(found.values())


def draw(
    model: Model,
    count: int,
    seed: int = 0,
    scales: Mapping[Scale, float] = _SHARES,
    fixed: Mapping[str, int] | None = None,
) -> list[Case]:
    """`count` cases. The same seed gives the same cases.

    Args:
        model: whose tensors to draw.
        count: how many, at least 1.
        seed: of `numpy.random.default_rng`.
        scales: the share of each scale.
        fixed: sizes of axes that are not drawn.
    """
    fixed = fixed or {}
    if count < 1:
        raise ValueError(f"count={count}: expected at least 1 case")
    rng = np.random.default_rng(seed)
    names = list(scales)
    weights = np.array([scales[name] for name in names])
    drawn = rng.choice(len(names), size=count, p=weights / weights.sum())
    cases: list[Case] = [Case({}, "mild")] * count
    for index, name in enumerate(names):
        places = np.flatnonzero(drawn == index)
        fresh = (
            _integers(model, len(places), rng, fixed)
            if name == "integer"
            else _reals(model, _sizes(model, len(places), rng, fixed), name, rng)
        )
        for place, arrays in zip(places, fresh, strict=True):
            cases[place] = Case(arrays, name)
    return cases


def of_sizes(model: Model, sizes: Mapping[str, int], scale: Scale, seed: int) -> Case:
    """One case of given sizes, scale and seed: what Hypothesis draws is these three."""
    rng = np.random.default_rng(seed)
    if scale == "integer":
        return Case(_integer_arrays(model, dict(sizes), rng), scale)
    row = np.array([[sizes[axis] for axis in model.axes]])
    return Case(next(_reals(model, row, scale, rng)), scale)


def _sizes(
    model: Model, count: int, rng: np.random.Generator, fixed: Mapping[str, int]
) -> NDArray[np.int64]:
    axes = model.axes
    shape = count, len(axes)
    large = np.broadcast_to(rng.random((count, 1)) < LARGER, shape)
    largest = np.where(large, LARGEST, _LARGEST_SIZE)
    sizes = np.exp(rng.random(shape) * np.log(largest + 1.0)).astype(np.int64)
    sizes[large & (rng.random(shape) < 1 / 8)] = LARGEST
    equal = rng.random(count) < 1 / 8
    if model.output == "softmax":
        classes = sizes[:, axes.index("k")]
        classes[classes == 1] = 2
    for axis in range(1, len(axes)):
        clashes = np.ones(count, bool)
        while clashes.any():
            clashes = (sizes[:, :axis] == sizes[:, axis : axis + 1]).any(axis=1)
            sizes[clashes, axis] = sizes[clashes, axis] % largest[clashes, axis] + 1
    sizes[equal] = sizes[equal, :1]
    for name, size in fixed.items():
        sizes[:, axes.index(name)] = size
    return sizes


def _distinct_float32(values: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray:
    """Round to float32 with the low 12 bits saying the entry's place in its tensor.

    A tensor has at most 64 x 64 = 2^12 entries, so no two of them are equal; drawn freely, two
    float32 numbers in 4,096 often are.
    """
    bits = values.astype(np.float32).view(np.uint32)
    bits = (bits & np.uint32(0xFFFFF000)) | (places.astype(np.uint32) & np.uint32(0xFFF))
    return bits.view(np.float32).astype(np.float64)


def _reals(
    model: Model, sizes: NDArray[np.int64], scale: Scale, rng: np.random.Generator
) -> Iterator[Arrays]:
    """All tensors of all cases from one stream of normal numbers."""
    count = len(sizes)
    axis_of = {axis: column for column, axis in enumerate(model.axes)}
    ones = np.ones(count, np.int64)
    tensors: dict[str, tuple[NDArray, list[NDArray]]] = {}
    for tensor, layout in model.layouts.items():
        rows, columns = (ones if a == "1" else sizes[:, axis_of[a]] for a in layout.split())
        magnitude = 10.0 ** rng.uniform(*_DECADES[scale], count)
        if scale == "mild" and tensor[0] in "Ww":
            magnitude /= np.sqrt(columns)
        lengths = rows * columns
        ends = np.cumsum(lengths)
        places = np.arange(ends[-1] if count else 0) - np.repeat(ends - lengths, lengths)
        values = rng.standard_normal(len(places)) * np.repeat(magnitude, lengths)
        if tensor == "y" and _is_shared(model):
            values = rng.random(len(places))
        flat = _distinct_float32(values, places)
        shapes = np.stack([rows, columns], axis=1)
        tensors[tensor] = shapes, np.split(flat, ends[:-1]) if count else []
    hard = rng.random(count) < 0.5
    for i in range(count):
        arrays = {
            tensor: parts[i].reshape(shapes[i]) for tensor, (shapes, parts) in tensors.items()
        }
        if model.output == "softmax" or _is_shared(model):
            arrays["y"] = _labels(model, arrays["y"], bool(hard[i]), rng)
        yield arrays


def _is_shared(model: Model) -> bool:
    """Whether each label is in [0, 1] by itself."""
    return model.output in ("sigmoid", "sigmoid_squared")


def _labels(model: Model, y: NDArray, hard: bool, rng: np.random.Generator) -> NDArray:
    if _is_shared(model):
        return np.round(y) if hard else y
    k, n = y.shape
    if hard:
        return np.eye(k)[:, rng.integers(k, size=n)]
    weights = rng.dirichlet(np.ones(k), size=n)
    return rng.multinomial(_PARTS, weights).T / _PARTS


def _integers(
    model: Model, count: int, rng: np.random.Generator, fixed: Mapping[str, int]
) -> Iterator[Arrays]:
    for _ in range(count):
        drawn = rng.integers(1, _LARGEST_INTEGER_SIZE + 1, size=len(model.axes))
        sizes = dict(zip(model.axes, drawn.tolist(), strict=True))
        sizes.update({"k": max(sizes["k"], 2)} if model.output == "softmax" else {})
        yield _integer_arrays(model, {**sizes, **fixed}, rng)


def _integer_arrays(model: Model, sizes: dict[str, int], rng: np.random.Generator) -> Arrays:
    arrays: Arrays = {
        tensor: rng.integers(-2, 3, size=model.shape(tensor, sizes)).astype(np.float64)
        for tensor in model.layouts
    }
    if _is_shared(model):
        arrays["y"] = rng.integers(2, size=arrays["y"].shape).astype(np.float64)
    elif model.output == "softmax":
        k, n = arrays["y"].shape
        arrays["y"] = np.eye(k)[:, rng.integers(k, size=n)]
    return arrays
