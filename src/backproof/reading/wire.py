"""What goes over the pipe between us and the child: a JSON header and the bytes of arrays.

A frame is the lengths of both (`<IQ`), the header and the arrays one after the other. Nothing is
pickled: what comes out of a child that runs somebody's code is only numbers and text.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from backproof.reading.call import Outcome

CLOSED: Final = 74  # the child's exit status when somebody's code closed the pipe it answers on
COUNT: Final = struct.Struct("<Q")  # how many cases of a run were begun, in shared memory
_LENGTHS = struct.Struct("<IQ")
_SHAPES: Final = "shapes"  # no tensor and no gradient has this name

Arrays: TypeAlias = dict[str, np.ndarray]


class Frame(NamedTuple):
    """One message: JSON types, and arrays by name."""

    header: dict[str, Any]
    arrays: Arrays


def packed(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> bytes:
    """The bytes of one frame."""
    arrays = arrays or {}
    shapes = [[name, array.dtype.str, array.shape] for name, array in arrays.items()]
    text = json.dumps({**header, "arrays": shapes}).encode()
    bodies = [array.tobytes() for array in arrays.values()]
    length = sum(map(len, bodies))
    return b"".join((_LENGTHS.pack(len(text), length), text, *bodies))


class Frames:
    """Puts frames together from the chunks a pipe gives."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """The frames that are complete with `chunk`."""
        buffer = self._buffer
        buffer += chunk
        start = 0
        try:
            while len(buffer) - start >= _LENGTHS.size:
                text, body = _LENGTHS.unpack_from(buffer, start)
                middle = start + _LENGTHS.size + text
                if len(buffer) < middle + body:
                    break
                header = json.loads(buffer[start + _LENGTHS.size : middle])
                data = bytes(buffer[middle : middle + body])
                start = middle + body
                yield Frame(header, _arrays(header.pop("arrays"), data))
        finally:
            del buffer[:start]


def _arrays(shapes: list[Any], data: bytes) -> Arrays:
    arrays: Arrays = {}
    offset = 0
    for name, kind, shape in shapes:
        dtype = np.dtype(kind)
        count = math.prod(shape)
        arrays[name] = np.frombuffer(data, dtype, count, offset).reshape(shape)
        offset += count * dtype.itemsize
    return arrays


def joined(several: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Cases or answers that are `alike` as one: the entries of all of them, and their shapes.

    Thousands of small arrays cost less this way than a header and a message each.
    """
    shapes = [[size for array in one.values() for size in array.shape] for one in several]
    entries = {name: np.concatenate([one[name].ravel() for one in several]) for name in several[0]}
    return {**entries, _SHAPES: np.array(shapes, np.int32)}


def parted(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> list[Arrays]:
    """The inverse of `joined`; the header says how many axes each of the arrays has."""
    starts = dict.fromkeys(arrays, 0)
    several: list[Arrays] = []
    for sizes in arrays[_SHAPES].tolist():
        one: Arrays = {}
        for name, axes in header["axes"]:
            shape, sizes = sizes[:axes], sizes[axes:]
            start = starts[name]
            starts[name] = end = start + math.prod(shape)
            one[name] = arrays[name][start:end].reshape(shape)
        several.append(one)
    return several


def alike(arrays: Mapping[str, np.ndarray]) -> tuple[tuple[str, int, np.dtype], ...]:
    """What arrays have to have in common to be joined: names, numbers of axes and dtypes."""
    return tuple((name, array.ndim, array.dtype) for name, array in arrays.items())


def from_cases(cases: Sequence[Mapping[str, np.ndarray]]) -> bytes:
    """The frames of cases."""
    return b"".join(_frame({}, list(group)) for _, group in groupby(cases, alike))


def to_cases(frame: Frame) -> list[Arrays]:
    """The cases of a frame that `from_cases` made."""
    return parted(frame.header, frame.arrays)


def from_outcomes(outcomes: Sequence[Outcome]) -> bytes:
    """The frames of outcomes."""
    return b"".join(
        _frame({"outcome": outcome}, [one.values for one in group])
        for outcome, group in _grouped(outcomes)
    )


def to_outcomes(frame: Frame) -> list[Outcome]:
    """The outcomes of a frame that `from_outcomes` made."""
    common = frame.header["outcome"]
    common["changed"] = tuple(common["changed"])
    return [Outcome(values, **common) for values in parted(frame.header, frame.arrays)]


def _grouped(outcomes: Sequence[Outcome]) -> Iterator[tuple[dict[str, Any], list[Outcome]]]:
    """Those that follow one another and differ in nothing but the entries and sizes of values."""
    for key, group in groupby(outcomes, lambda one: (one[1:], alike(one.values))):
        common = dict(zip(Outcome._fields[1:], key[0], strict=True))
        yield common, list(group)


def _frame(header: Mapping[str, Any], several: Sequence[Mapping[str, np.ndarray]]) -> bytes:
    axes = [(name, array.ndim) for name, array in several[0].items()]
    return packed({**header, "axes": axes}, joined(several))
