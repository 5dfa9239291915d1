"""What goes over the pipe between us and the child: a JSON header and the bytes of arrays.

A frame is the lengths of both (`<IQ`), the header and the arrays one after the other. Nothing is
pickled: what comes out of a child that runs somebody's code is only numbers and text.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from backproof.reading.call import Outcome

CLOSED: Final = 74  # the child's exit status when somebody's code closed the pipe it answers on
COUNT: Final = struct.Struct("<Q")  # how many cases of a run were begun, in shared memory
_LENGTHS = struct.Struct("<IQ")
_SHAPES: Final = "shapes"  # the other names have a dtype
_CHANGED: Final = Outcome._fields[1:].index("changed")

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


def joined(header: Mapping[str, Any], several: Sequence[Mapping[str, np.ndarray]]) -> bytes:
    """One frame of many cases, or answers: all entries of all arrays of a name, and all shapes.

    Thousands of small arrays cost less this way than with a header and a message for each.
    """
    kinds: dict[tuple[tuple[str, int], ...], int] = {}
    which: list[int] = []
    shapes: list[int] = []
    entries: dict[str, list[np.ndarray]] = {}
    for arrays in several:
        kind = []
        for name, array in arrays.items():
            of_a_kind = f"{name} {array.dtype.str}"
            kind.append((of_a_kind, array.ndim))
            shapes += array.shape
            entries.setdefault(of_a_kind, []).append(array.ravel())
        which.append(kinds.setdefault(tuple(kind), len(kinds)))
    flat = {name: np.concatenate(parts) for name, parts in entries.items()}
    told = {**header, "kinds": [*kinds], "which": which}
    return packed(told, {**flat, _SHAPES: np.array(shapes, np.int64)})


def parted(frame: Frame) -> Iterator[Arrays]:
    """The inverse of `joined`, but for the header."""
    shapes = frame.arrays[_SHAPES].tolist()
    starts = dict.fromkeys(frame.arrays, 0)
    place = 0
    for kind in frame.header["which"]:
        one: Arrays = {}
        for name, axes in frame.header["kinds"][kind]:
            shape = shapes[place : place + axes]
            place += axes
            start = starts[name]
            starts[name] = end = start + math.prod(shape)
            one[name.partition(" ")[0]] = frame.arrays[name][start:end].reshape(shape)
        yield one


def from_outcomes(outcomes: Sequence[Outcome]) -> bytes:
    """The frame of outcomes."""
    told = [one[1:] for one in outcomes]
    return joined({"outcomes": told}, [one.values for one in outcomes])


def to_outcomes(frame: Frame) -> list[Outcome]:
    """The outcomes of a frame that `from_outcomes` made."""
    return [
        Outcome(values, *told)._replace(changed=tuple(told[_CHANGED]))
        for told, values in zip(frame.header["outcomes"], parted(frame), strict=True)
    ]
