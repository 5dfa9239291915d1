"""Which of a file's arrays is which parameter, and how it is laid out: from names and shapes.

Names say weight or bias and often the layer; shapes say the rest, because the trial's sizes differ:
a weight with d of them in it belongs to the first layer, the one that takes its other size to the
next. Where a file fixes its own sizes the chain of shapes is enough; where nothing is known of
shapes, all layouts that people use are proposed, for the trial run to tell (see `settle`).
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from backproof.notation import Model, member
from backproof.reading import names, stacked
from backproof.reading.probe import Slot

SIZES: Mapping[str, int] = {"d": 13, "n": 17, "h": 7, "h1": 7, "h2": 5, "h3": 11, "k": 3}


class Assignment(NamedTuple):
    """A proposal: which slot holds which tensor, and all layouts that follow."""

    depth: int
    several: bool
    tensors: Mapping[str, str]  # by path
    layouts: Mapping[str, str]  # by tensor; a bias inside of its weight is `+W1`
    absent: tuple[str, ...]
    own_sizes: Mapping[str, int] = {}  # of the hidden layers and the output, in the file itself


class _Known(NamedTuple):
    slot: Slot
    role: str
    layer: int | None
    end: str | None  # "first" or "last"


_FIRST = re.compile(
    r"(?:.*_)?(?:hidden|hid|h|ih|i_?h|1st|first|input(?:_?hidden)?|in|xh|input_to_hidden"
    r"|entradas?|ocultas?|escondidas?)(?:_.*)?"
)
_LAST = re.compile(
    r"(?:.*_)?(?:out|output|o|ho|oh|h_?o|2nd|second|hidden_?(?:to_)?out(?:put)?|hy"
    r"|salidas?|saidas?)(?:_.*)?"
)


def word_of(path: str) -> str:
    """The last name of a path: `W1` of `self.params['W1']`."""
    found = re.findall(r"[A-Za-z_]\w*", path)
    word = found[-1] if found else path
    return word.split("__", 1)[1] if re.match(r"_[A-Z]\w*__", word) else word


def _known(slot: Slot) -> _Known:
    word = word_of(slot.path)
    lowered = word.strip("_").lower()
    parsed = names.parameter(word)
    is_bias = (
        re.match(r"b(?!eta)|.*bias|.*intercept|.*_b\d*$|c\d*$|sesgo|vies", lowered) is not None
    )
    role = parsed.role if parsed is not None else ("b" if is_bias else "W")
    indices = [int(text) for text in re.findall(r"\[(\d+)\]", slot.path)]
    pair = word in ("params", "parameters", "weights_biases", "layers", "model", "theta")
    if pair and len(indices) == 2:
        role = "W" if indices[1] == 0 else "b"
    layer: int | None = None
    digits = re.findall(r"\d+", lowered)
    if parsed is not None and isinstance(parsed.layer, int):
        layer = parsed.layer
    elif digits:
        layer = int(digits[-1])
    elif indices:
        layer = indices[0]
    else:
        inside = re.findall(r"(?:layer|l|fc|dense|linear)_?(\d+)", slot.path.lower())
        layer = int(inside[0]) if inside else None
    end = None
    if layer is None and parsed is not None and parsed.layer in ("first", "last"):
        end = str(parsed.layer)
    elif layer is None:
        stripped = re.sub(r"weights?|pesos?|bias(?:es)?|^[wb]_?|_[wb]$", "", lowered).strip("_")
        if stripped and _LAST.fullmatch(stripped):
            end = "last"
        elif stripped and _FIRST.fullmatch(stripped):
            end = "first"
    return _Known(slot, role, layer, end)


def assignments(slots: Sequence[Slot], several: bool) -> Iterator[Assignment]:
    """The proposals for these slots, the most likely first."""
    shapes = {slot.path: slot.shape for slot in slots}
    layers = stacked.neurons(shapes)
    forms = [layers] if layers is not None else list(stacked.numbers(shapes))
    for form in forms:
        yield from _assignments([Slot(path, shape, False) for path, shape in form.items()], several)
    if not forms:
        yield from _assignments(slots, several)


def _assignments(slots: Sequence[Slot], several: bool) -> Iterator[Assignment]:
    known = [_known(slot) for slot in slots]
    known = _by_shape(known)
    weights = [one for one in known if one.role == "W"]
    biases = [one for one in known if one.role == "b"]
    if not 1 <= len(weights) <= 4 or len(biases) > len(weights):
        return
    for ordered in _orders(weights):
        for chain in _chains(ordered, several):
            yield from _with_biases(ordered, chain, biases, several)


def _by_shape(known: list[_Known]) -> list[_Known]:
    """Roles by shape where names say the same of all: a list of W1, b1, W2, b2."""
    paths = {re.sub(r"\[\d+\]$", "", one.slot.path) for one in known}
    if len(paths) == 1 and len(known) % 2 == 0 and known[0].slot.path.endswith("]"):
        roles = itertools.cycle("Wb")
        second = known[1].slot.shape
        if len(second) < 2 or min(second) == 1:
            return [
                one._replace(role=role, layer=place // 2 + 1)
                for place, (one, role) in enumerate(zip(known, roles, strict=False))
            ]
    if len(known) <= 2 and any(
        stacked.has_numbers(one.slot.path) and one.slot.shape == (1,) for one in known
    ):
        return [one._replace(role="W" if one.slot.shape else "b", layer=None) for one in known]
    if any(one.role == "W" and math.prod(one.slot.shape) > 1 for one in known):
        known = [
            one._replace(role="b") if math.prod(one.slot.shape) == 1 and one.role == "W" else one
            for one in known
        ]
    return known


def _orders(weights: Sequence[_Known]) -> Iterator[tuple[_Known, ...]]:
    """By layer where names tell it, by shape, and as they come."""
    numbered = [one.layer for one in weights]
    if len(set(numbered)) == len(weights) and None not in numbered:
        yield tuple(sorted(weights, key=lambda one: one.layer or 0))
        return
    if len(weights) == 2:
        ends = [one.end for one in weights]
        if ends[0] != ends[1] and (ends[0] == "last" or ends[1] == "first"):
            yield tuple(weights[::-1])
            return
        if ends[0] != ends[1]:
            yield tuple(weights)
            return
    yield from itertools.permutations(weights)


_Chain = tuple[tuple[str, ...], tuple[int, ...]]  # a layout for each weight, the output sizes


def _axes(depth: int, several: bool) -> tuple[list[str], list[str]]:
    model = _member(depth, several)
    hidden = list(model.hidden_axes)
    return ["d", *hidden], [*hidden, model.output_axis]


def _member(depth: int, several: bool) -> Model:
    model = member(depth, "sigmoid", several)
    assert model is not None
    return model


def _chains(ordered: Sequence[_Known], several: bool) -> Iterator[_Chain]:
    """Layouts for the weights under which each layer takes what the one before it gives."""
    ins, outs = _axes(len(ordered), several)
    shapes = [one.slot.shape for one in ordered]
    for orientation in ("in out", "out in"):
        for entering in (SIZES["d"], None, -1):
            layouts, sizes, size = [], [], entering
            for shape, axis, out in zip(shapes, ins, outs, strict=True):
                fit = _fit(shape, size, axis, out, orientation)
                if fit is None:
                    break
                layout, leaving = fit
                layouts.append(layout)
                sizes.append(leaving)
                size = leaving
            else:
                last = sizes[-1]
                if (last > 1) == several:
                    yield tuple(layouts), tuple(sizes)
                    if entering == SIZES["d"]:
                        break


def _fit(
    shape: tuple[int, ...], size: int | None, axis: str, out: str, orientation: str
) -> tuple[str, int] | None:
    """A weight's layout if `size` enters it, and how many leave; None if it does not fit.

    A size of None is not known; -1 is not known and has a 1 beside it.
    """
    if len(shape) == 1:
        if out != "1" or size not in (shape[0], shape[0] - 1, None, -1):
            return None
        return (axis if size in (shape[0], None) else f"1+{axis}"), 1
    if len(shape) != 2:
        return None
    entering, leaving = shape if orientation == "in out" else shape[::-1]
    if size is None or entering == size:
        name = axis
    elif size == -1 or entering == size + 1:
        name = f"1+{axis}"
    else:
        return None
    return (f"{name} {out}" if orientation == "in out" else f"{out} {name}"), leaving


def _with_biases(
    ordered: Sequence[_Known], chain: _Chain, biases: Sequence[_Known], several: bool
) -> Iterator[Assignment]:
    layouts, sizes = chain
    depth = len(ordered)
    _, outs = _axes(depth, several)
    tensors = _tensors(depth, several)
    paths = {one.slot.path: tensors[layer][0] for layer, one in enumerate(ordered)}
    told = {tensors[layer][0]: layout for layer, layout in enumerate(layouts)}
    placed = _placed(biases, ordered, sizes)
    if placed is None:
        return
    absent = []
    folded = [layer for layer, layout in enumerate(layouts) if "+" in layout]
    for layer, (weight, bias) in enumerate(tensors):
        one = placed.get(layer)
        if layer in folded and one is None:
            told[bias] = f"+{weight}"
        elif one is None:
            absent.append(bias)
        else:
            paths[one.slot.path] = bias
            told[bias] = _bias_layout(one.slot, outs[layer], sizes[layer], layouts[layer])
    own = {axis: size for axis, size in zip(outs, sizes, strict=True) if axis != "1"}
    first = ordered[0].slot
    if stacked.has_numbers(first.path):  # as many inputs as there are numbers
        axes = layouts[0].split()
        if "d" not in axes:  # numbers have their biases beside them
            return
        own["d"] = first.shape[axes.index("d")]
    yield Assignment(depth, several, paths, told, tuple(absent), own)
    if folded:
        last = {name: re.sub(r"1\+(\w+)", r"\1+1", layout) for name, layout in told.items()}
        yield Assignment(depth, several, paths, last, tuple(absent), own)


def _tensors(depth: int, several: bool) -> list[tuple[str, str]]:
    listed = list(_member(depth, several).parameters)
    return list(zip(listed[::2], listed[1::2], strict=True))


def _placed(
    biases: Sequence[_Known], weights: Sequence[_Known], sizes: Sequence[int]
) -> dict[int, _Known] | None:
    """The biases by their layer (from 0): by number, by name, by size, as they come."""
    depth = len(weights)
    numbers = sorted({one.layer for one in weights if one.layer is not None})
    placed: dict[int, _Known] = {}
    for one in biases:
        if one.layer is not None and one.layer in numbers and len(numbers) == depth:
            layer = numbers.index(one.layer)
            if len(biases) == depth or math.prod(one.slot.shape) in (1, sizes[layer]):
                placed.setdefault(layer, one)
        elif one.end is not None:
            placed.setdefault(0 if one.end == "first" else depth - 1, one)
    left = [one for one in biases if one not in placed.values()]
    if left and len(left) == depth and not placed:
        own = [one.layer for one in left]
        if None not in own and len(set(own)) == depth:
            left.sort(key=lambda one: one.layer or 0)
        return dict(enumerate(left))
    for one in left:
        fits = [
            layer
            for layer, size in enumerate(sizes)
            if layer not in placed and math.prod(one.slot.shape) == size
        ]
        fits = fits or [layer for layer in range(depth) if layer not in placed]
        if not fits:
            return None
        placed[fits[0]] = one
    return placed


def _bias_layout(slot: Slot, out: str, size: int, weight: str) -> str:
    """By its shape; a single number for several units as broadcasting would make of it."""
    shape = slot.shape
    if math.prod(shape) == 1 and out != "1" and size > 1:
        first = weight.split()[0]
        return f"{out} 1" if first == out else f"1 {out}"
    if len(shape) == 0:
        return ""
    if len(shape) == 1:
        return out
    return f"{out} 1" if shape[1] == 1 and not (shape[0] == 1 and out != "1") else f"1 {out}"


def vectors(model: Model) -> Iterator[dict[str, str]]:
    """The orders and layouts in which people unroll all parameters into one vector."""
    weights = [name for name in model.parameters if name[0] in "Ww"]
    for before in (True, False):
        for turned in (False, True):
            told = {}
            for name in weights:
                row, column = model.layouts[name].split()
                joined = f"1+{column}" if before else f"{column}+1"
                told[name] = f"{joined} {row}" if turned else f"{row} {joined}"
            yield {**told, **{f"b{name[1:]}": f"+{name}" for name in weights}}
    for together in (True, False):
        for turned in (False, True):
            order = list(model.parameters)
            if not together:
                order.sort(key=lambda name: name[0] == "b")
            told = {name: model.layouts[name] for name in order}
            for name in weights if turned else ():
                told[name] = " ".join(told[name].split()[::-1])
            yield told


# --- where nothing is known of shapes ----------------------------------------------------------


def proposals(
    paths: Mapping[str, str], model: Model, *, vectors: bool = False
) -> Iterator[dict[str, str]]:
    """Every way in which people lay out these tensors (path to tensor), the usual ones first.

    The layouts are of all tensors that have a path, and of x and y. With `vectors` there may be
    one example, in vectors.
    """
    have = set(paths.values())
    weights = [name for name in model.parameters if name[0] in "Ww" and name in have]
    biases = [name for name in model.parameters if name[0] == "b" and name in have]
    out = model.output_axis
    ways = [(True, False), (False, False), (False, True), (True, True)]
    for columns, turned, upright in [*((*way, False) for way in ways), (False, True, True)]:
        ys = [f"{out} n", "n"] if columns else [f"n {out}", "n"]
        if out == "1":
            ys = [*ys, "n 1" if columns else "1 n"]
        else:
            ys = [ys[0], "n:class", "1 n:class" if columns else "n 1:class"]
        # Rows that are turned into columns one by one have upright biases.
        for bias in ("matrix",) if upright else ("matrix", "vector", "number"):
            for vector in (False, True) if out == "1" else (False,):
                for y in [*ys, *(["", "1"] if out == "1" else [out])] if vectors else ys:
                    of_one = vectors and "n" not in y.split()
                    x = "d" if of_one else "d n" if columns else "n d"
                    told = {"x": x, "y": y}
                    for place, name in enumerate(weights):
                        row, column = model.layouts[name].split()
                        as_columns = columns != turned
                        told[name] = f"{row} {column}" if as_columns else f"{column} {row}"
                        if vector and place == len(weights) - 1:
                            told[name] = column
                    for name in biases:
                        told[name] = _usual_bias(name, model, columns or upright, bias)
                    if bias != "matrix" and not biases:
                        continue
                    yield told


def _usual_bias(name: str, model: Model, columns: bool, kind: str) -> str:
    axis = model.layouts[name].split()[0]
    if kind == "matrix":
        return f"{axis} 1" if columns else f"1 {axis}"
    if kind == "vector":
        return axis
    return "" if axis == "1" else (f"{axis} 1" if columns else axis)
