"""How somebody's tensors are laid out against ours, and the way there and back.

A convention is one layout string per tensor, in the axis names of `backproof.notation`: theirs may
be `{"x": "n d", "W1": "d h", "b1": "h"}` where ours is `{"x": "d n", "W1": "h d", "b1": "h 1"}`.
Their layout is a permutation of our axes, with `1` axes left out or put in. Orientation is turned
here, at the border, and nowhere else.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from backproof.notation import Model

Convention: TypeAlias = Mapping[str, str]

PRESETS: Mapping[str, str] = {
    "columns": "examples are columns: x (d, n), W (out, in), b (out, 1), y (1, n)",
    "rows": "examples are rows: x (n, d), W (in, out), b (1, out), y (n, 1)",
}


class ConventionError(ValueError):
    """A convention that cannot be meant; the message names the tensor, what came and what may."""


class ShapeError(ValueError):
    """A gradient without its parameter's shape; the message follows the gradient's name."""


@lru_cache(maxsize=1024)
def _turn(source: str, target: str) -> Callable[[np.ndarray], np.ndarray]:
    """From one layout to another: drop the unit axes, permute, put unit axes in."""
    names = [axis for axis in source.split() if axis != "1"]
    kept = tuple(place for place, axis in enumerate(source.split()) if axis != "1")
    wanted = [axis for axis in target.split() if axis != "1"]
    if sorted(wanted) != sorted(names):
        raise ConventionError(f"({as_shape(target)}) is no rearrangement of {as_shape(source)}")
    order = tuple(names.index(axis) for axis in wanted)
    moved = iter(range(len(wanted)))
    places = tuple(None if axis == "1" else next(moved) for axis in target.split())
    # The frequent ones apart: this is done to every tensor of every case.
    if len(kept) == len(source.split()) and None not in places:
        return lambda array: array.transpose(order)
    if len(kept) < 2:
        shape = tuple(1 if place is None else -1 for place in places)
        return lambda array: array.reshape(shape)

    def turned(array: np.ndarray) -> np.ndarray:
        moved = array.reshape([array.shape[place] for place in kept]).transpose(order)
        return moved.reshape([1 if place is None else moved.shape[place] for place in places])

    return turned


@lru_cache(maxsize=1024)
def axes_of(layout: str) -> tuple[str, ...]:
    """The names of its axes; those of no length but one are called 1."""
    return tuple(layout.split())


def as_shape(layout: str) -> str:
    """The layout written as Python writes a shape: `"h 1"` is `(h, 1)`, `"n"` is `(n,)`."""
    axes = layout.split()
    return f"({axes[0]},)" if len(axes) == 1 else f"({', '.join(axes)})"


def preset(name: str, model: Model) -> dict[str, str]:
    """The convention called `name`: `"columns"` is ours, `"rows"` ours with every axis reversed."""
    if name == "columns":
        return dict(model.layouts)
    if name == "rows":
        return {tensor: " ".join(layout.split()[::-1]) for tensor, layout in model.layouts.items()}
    near = difflib.get_close_matches(name, PRESETS, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ConventionError(
        f"convention {name!r} is unknown; expected columns or rows, or layouts such as "
        f"'rows, y=n'{hint}"
    )


def parse(text: str, model: Model) -> dict[str, str]:
    """The convention that `text` tells, complete for every tensor of `model`.

    `text` is a preset (`"rows"`), layouts of single tensors (`"x=n d, y=n"`), or a preset followed
    by layouts that differ from it (`"rows, y=n, b1=h"`). Without a preset the rest is ours. A
    layout may be written as a shape, `"W1=(d, h)"`; a scalar is `"b2=()"`; labels may be told as
    `"y=n:class"`, `"y=n:class1"` or `"y=n:sign"` (see `encoded`).

    Raises `ConventionError` naming the tensor, what came and what was expected.
    """
    result = dict(model.layouts)
    # commas inside parentheses belong to a shape
    parts = [part.strip() for part in re.split(r",(?![^(]*\))", text)]
    for number, part in enumerate(parts):
        tensor, equals, layout = (piece.strip() for piece in part.partition("="))
        if not equals:
            if number > 0:
                raise ConventionError(
                    f"convention {text!r}: {part!r} is not of the form tensor=layout, such as y=n; "
                    "a preset (columns, rows) comes first"
                )
            result = preset(part, model)
        else:
            result[tensor] = _layout(tensor, layout, model)
    return result


def _layout(tensor: str, text: str, model: Model) -> str:
    if tensor not in model.layouts:
        raise ConventionError(
            f"convention: {model.name} has no tensor {tensor!r}; it has {', '.join(model.layouts)}"
        )
    expected = model.layouts[tensor]
    text, _, code = text.partition(":")
    layout = " ".join(text.strip("()").replace(",", " ").split())
    named = [axis for axis in expected.split() if axis != "1"]
    if code:
        if tensor != "y" or code not in _LABELS or (code == "sign" and "k" in named):
            raise ConventionError(
                f"convention: {tensor} came as {text}:{code}; labels may be written as n:class, "
                "n:class1 (classes from 1) or n:sign (-1 and 1)"
            )
        named = ["n"]
    if sorted(axis for axis in layout.split() if axis != "1") != sorted(named):
        axes = " and ".join(named) if named else "none"
        raise ConventionError(
            f"convention: {tensor} came as {as_shape(layout)}, expected a rearrangement of "
            f"{as_shape(expected)}: the axes {axes}, each once, in any order, with or without 1"
        )
    return f"{layout}:{code}" if code else layout


def encoded(array: np.ndarray, ours: str, theirs: str, dtype: str | None) -> np.ndarray:
    """Labels as the layout says: `n:sign` as -1 and 1, `n:class` as numbers of classes.

    `n:class1` counts the classes from 1.
    """
    layout, _, code = theirs.partition(":")
    if code == "sign":
        return to_theirs(2.0 * array - 1.0, ours, layout, dtype)
    numbers = array.argmax(axis=0)[None, :] + (code == "class1")
    return np.array(to_theirs(numbers, "1 n", layout), np.int64)


def folded(weight: np.ndarray, bias: np.ndarray, ours: str, theirs: str) -> np.ndarray:
    """A weight with its bias as one more column of ours, laid out as `theirs`: `h 1+d`."""
    both, joined = _joined(ours, theirs)
    parts = [bias, weight] if joined.startswith("1+") else [weight, bias]
    return to_theirs(np.concatenate(parts, axis=1), both, theirs)


def unfolded(
    gradient: np.ndarray, ours: str, theirs: str, sizes: Mapping[str, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The inverse of `folded`: what belongs to the weight and what to the bias, in our layout."""
    both, joined = _joined(ours, theirs)
    _, column = ours.split()
    size = 1 if column == "1" else sizes[column]
    whole = to_ours(gradient, both, theirs, {**sizes, joined: size + 1})
    if joined.startswith("1+"):
        return whole[:, 1:], whole[:, :1]
    return whole[:, :-1], whole[:, -1:]


def laid_out(
    arrays: Mapping[str, np.ndarray],
    tensor: str,
    ours: Convention,
    theirs: Convention,
    dtype: str | None = None,
) -> np.ndarray:
    """A tensor of a case as the convention `theirs` has it: with labels, ones and biases inside."""
    array, layout = arrays[tensor], theirs[tensor]
    own = ours[tensor]
    if "n" in axes_of(own) and "n" not in axes_of(layout.partition(":")[0]):
        own = own.replace("n", "1")  # there is one example only
    if tensor == "x" and not {"d", "1+d", "d+1"} & {*axes_of(layout)}:
        own = own.replace("d", "1")  # there is one feature only
    if ":" in layout:
        return encoded(array, own, layout, dtype)
    if "+" not in layout:
        return to_theirs(array, own, layout, dtype)
    if tensor == "x":
        return with_ones(array, own, layout, dtype)
    return np.array(folded(array, arrays[f"b{tensor[1:]}"], own, layout), dtype)


def with_ones(x: np.ndarray, ours: str, theirs: str, dtype: str | None) -> np.ndarray:
    """The inputs with a feature that is always 1, laid out as `theirs`: `n 1+d`."""
    both, joined = _joined_rows(ours, theirs)
    ones = np.ones((1, x.shape[1]))
    parts = [ones, x] if joined.startswith("1+") else [x, ones]
    return to_theirs(np.concatenate(parts, axis=0), both, theirs, dtype)


def _joined(ours: str, theirs: str) -> tuple[str, str]:
    joined = next(axis for axis in theirs.split() if "+" in axis)
    return f"{ours.split()[0]} {joined}", joined


def _joined_rows(ours: str, theirs: str) -> tuple[str, str]:
    joined = next(axis for axis in theirs.split() if "+" in axis)
    return f"{joined} {ours.split()[1]}", joined


def to_theirs(array: np.ndarray, ours: str, theirs: str, dtype: str | None = None) -> np.ndarray:
    """A copy of `array`, which is laid out as `ours`, laid out as `theirs` (C order)."""
    if ours != theirs:
        array = _turn(ours, theirs)(array)
    return np.array(array, dtype, order="C")


def to_ours(gradient: np.ndarray, ours: str, theirs: str, sizes: Mapping[str, int]) -> np.ndarray:
    """A copy of `gradient`, which should be laid out as `theirs`, laid out as `ours`.

    The gradient is the parameter's if subtracting it from the parameter means what it should: it
    has as many entries and broadcasts to the parameter's shape. So a number will do for a (1, 1)
    bias and (h,) for (1, h), but (h,) will not for (h, 1), nor a number for h > 1 entries.

    Raises `ShapeError`, whose message reads on from the gradient's name:
    `has shape (3,), expected (h, 1) = (3, 1)`.
    """
    expected = tuple([1 if axis == "1" else sizes[axis] for axis in axes_of(theirs)])
    if gradient.shape != expected:
        if not _stands_for(gradient.shape, expected):
            raise ShapeError(
                f"has shape {gradient.shape}, expected {_with_sizes(theirs, expected)}"
            )
        gradient = gradient.reshape(expected)
    if ours == theirs:
        return np.array(gradient, order="C")
    return np.array(_turn(theirs, ours)(gradient), order="C")


def _stands_for(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    if math.prod(shape) != math.prod(expected):
        return False
    try:
        return np.broadcast_shapes(shape, expected) == expected
    except ValueError:
        return False


def _with_sizes(layout: str, shape: tuple[int, ...]) -> str:
    named = as_shape(layout)
    return named if named == str(shape) else f"{named} = {shape}"


def describe(convention: Convention, model: Model) -> str:
    """One line for the report: columns or rows, and the tensors that are otherwise."""
    first = "x" if "x" in model.layouts else next(iter(model.layouts))
    order = convention.get(first, "").replace("1+", "").replace("+1", "")
    order = "n d" if order == "n" else order  # of one feature
    bases = {name: preset(name, model) for name in PRESETS}
    others = {
        name: [t for t in convention if t in base and convention[t] != base[t]]
        for name, base in bases.items()
    }
    # One example alone has no order: then the preset that says most of the rest.
    best = min(PRESETS, key=lambda name: (bases[name][first] != order, len(others[name])))
    differing = others[best]
    phrases = [_phrase(tensor, convention[tensor]) for tensor in differing]
    without = [tensor for tensor in model.parameters if tensor not in convention]
    text = f"examples are {best}"
    if phrases:
        text += f", but {' and '.join(phrases)}"
    return text + (f", without {' and '.join(without)}" if without else "")


_LABELS = {
    "class": "class numbers",
    "class1": "class numbers from 1",
    "sign": "-1 and 1",
}


def _phrase(tensor: str, layout: str) -> str:
    axes, _, code = layout.partition(":")
    if layout.startswith("+"):
        return f"{tensor} is inside of {layout[1:]}"
    if code:
        return f"{tensor} holds {_LABELS[code]}, {as_shape(axes)}"
    if not axes:
        return f"{tensor} is a number"
    return f"{tensor} is {as_shape(axes)}"
