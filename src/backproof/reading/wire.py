"""What goes over the pipe between us and the child: a JSON header and the bytes of arrays.

A frame is the lengths of both (`<IQ`), the header and the arrays one after the other. Nothing is
pickled: what comes out of a child that runs somebody's code is only numbers and text.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from backproof.reading.call import Outcome

CLOSED: Final = 74  # the child's exit status when somebody's code closed the pipe it answers on
COUNT: Final = struct.Struct("<Q")  # how many cases of a run were begun, in shared memory
_LENGTHS = struct.Struct("<IQ")


class Frame(NamedTuple):
    """One message: JSON types, and arrays by name."""

    header: dict[str, Any]
    arrays: dict[str, np.ndarray]


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


def _arrays(shapes: list[Any], data: bytes) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    offset = 0
    for name, kind, shape in shapes:
        dtype = np.dtype(kind)
        count = math.prod(shape)
        arrays[name] = np.frombuffer(data, dtype, count, offset).reshape(shape)
        offset += count * dtype.itemsize
    return arrays


def from_outcome(outcome: Outcome) -> bytes:
    """The frame of an outcome."""
    header = outcome._asdict()
    arrays = header.pop("values")
    return packed(header, arrays)


def to_outcome(frame: Frame) -> Outcome:
    """The outcome of a frame that `from_outcome` made."""
    header = frame.header
    return Outcome(frame.arrays, **{**header, "changed": tuple(header["changed"])})
