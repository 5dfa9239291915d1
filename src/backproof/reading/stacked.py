"""One tensor that a file keeps in several places: the weights of each neuron, or each number.

The path of such a slot has `[*]` where the neurons of a layer are counted, as many as there are, or
is that of its parts, each followed by ` &`. Its shape is that of the parts put together, one row a
part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

_MARK = " &"
_ANY = "[*]"
_NEURON = re.compile(r"\[\d+\](?=(?:\.\w+|\['\w+'\])$)")
_WEIGHT = re.compile(r"(?:w|v|weight)_?\d+")
_BIAS = re.compile(r"(?:b|bias)_?\d*")


def path_of(parts: Sequence[str]) -> str:
    """The path of a slot with these parts."""
    return "".join(f"{part}{_MARK}" for part in parts)


def parts_of(path: str, rows: int) -> list[str]:
    """The paths of so many parts; of a slot that stands in one place, none."""
    if _ANY in path:
        return [path.replace(_ANY, f"[{place}]") for place in range(rows)]
    return path.split(_MARK)[:-1]


def has_numbers(path: str) -> bool:
    """Whether a slot is made of numbers that stand by themselves."""
    return _MARK in path


def parted(gifts: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The gifts by the paths of where they go; raises `ValueError` where one has no such parts."""
    found: dict[str, np.ndarray] = {}
    for path, gift in gifts.items():
        parts = parts_of(path, len(gift) if gift.ndim else 1)
        if not parts:
            found[path] = gift
            continue
        for part, row in zip(parts, gift.reshape(len(parts), -1), strict=True):
            number = has_numbers(path) or gift.ndim < 2
            found[part] = row.reshape(()) if number else row.copy()
    return found


def joined(path: str, taken: Mapping[str, Any], shape: tuple[int, ...]) -> Any:
    """What was taken from a slot, of that shape if it has parts; None where a part is missing."""
    parts = parts_of(path, shape[0] if shape else 1)
    if not parts:
        return taken.get(path)
    values = [taken.get(part) for part in parts]
    if any(value is None for value in values):
        return None
    array = np.array(values)
    return array.reshape(shape) if array.size == np.prod(shape) else array


def neurons(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]] | None:
    """The slots of layers whose neurons each have their own weights: `net[0][1]["weights"]`.

    None where that is not how all of them are kept.
    """
    if any(len(shape) > 1 or _NEURON.search(path) is None for path, shape in shapes.items()):
        return None
    groups: dict[str, list[str]] = {}
    for path in shapes:
        groups.setdefault(_NEURON.sub(_ANY, path), []).append(path)
    if any(len({shapes[part] for part in parts}) > 1 for parts in groups.values()):
        return None
    return {path: (len(parts), *shapes[parts[0]]) for path, parts in groups.items()}


def numbers(shapes: Mapping[str, tuple[int, ...]]) -> Iterator[dict[str, tuple[int, ...]]]:
    """The slots of a network of one output whose weights are numbers, `w1` to `w6`, `b1` to `b3`.

    Both orders: the weights of a neuron follow one another, or those of an input. Of one or two
    numbers either may be the weight of the one feature.
    """
    words = {path: _word(path) for path in shapes}
    weights = [path for path, word in words.items() if _WEIGHT.fullmatch(word)]
    biases = [path for path, word in words.items() if _BIAS.fullmatch(word)]
    if not any(shapes.values()) and 1 <= len(shapes) <= 2:
        if len(weights) == 2:
            yield {path_of(sorted(weights)): (2,)}
        yield from lines(list(shapes))
        return
    if any(shapes.values()) or len(weights) < 2 or len(weights) + len(biases) != len(shapes):
        return
    weights.sort(key=lambda path: _number(words[path]))
    biases.sort(key=lambda path: _number(words[path]))
    hidden = len(biases) - 1
    if hidden < 1:
        yield {path_of(weights): (len(weights),), **dict.fromkeys(biases, ())}
    elif len(weights) % hidden == 0 and len(weights) > hidden:
        first, last = path_of(weights[:-hidden]), path_of(weights[-hidden:])
        inputs = len(weights) // hidden - 1
        own = {path_of(biases[:-1]): (hidden,), path_of(biases[-1:]): (1,)}
        yield {first: (hidden, inputs), last: (1, hidden), **own}
        yield {first: (inputs, hidden), last: (hidden, 1), **own}


def lines(paths: Sequence[str]) -> Iterator[dict[str, tuple[int, ...]]]:
    """A slope and an intercept: first what is called like no bias is the slope."""
    for slope in sorted(paths, key=lambda path: not _BIAS.fullmatch(_word(path)), reverse=True):
        others = [path for path in paths if path != slope]
        yield {path_of([slope]): (1,), **dict.fromkeys(others, ())}


def _word(path: str) -> str:
    words: list[str] = re.findall(r"\w+", path)
    return words[-1].strip("_").lower()


def _number(word: str) -> int:
    digits = re.findall(r"\d+", word)
    return int(digits[-1]) if digits else 0
