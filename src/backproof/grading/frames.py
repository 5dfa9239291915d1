"""What goes over the pipe between us and a submission: JSON, and the bytes of arrays.

A frame is the lengths of both (`<IQ`), the header and the arrays one after the other. A value is a
node of the header: numbers, text and None as they are, containers and arrays as lists that begin
with a letter (`_node` has them all). Nothing is pickled, and whoever reads allocates nothing for a
length that is only claimed: every kind, shape and count is checked against the bytes that came.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

SCRATCH: Final = "/scratch"  # the folder of a submission
CLOSED: Final = 74  # its exit status when it has closed the pipe
# Messages to and from the first process; see `inside`.
READY: Final = b"ready"
KEEP: Final = b"keep"  # these calls are what runs will ask for
END: Final = b"end"  # the run is over
WAIT: Final = b"wait"  # the pipe is closed: the process may be about to end by itself
MESSAGE_BYTES: Final = 4096

HEADER_BYTES: Final = 1 << 20
AROUND: Final = 64  # enough for the lengths and a header in which there is nothing
SPARE: Final = 2048  # enough for a header in which nothing is let out but words
LENGTHS: Final = struct.Struct("<IQ")
_JSON: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False)
_PARSER: Final = json.JSONDecoder()
_DEPTH: Final = 20
_PARTS: Final = 20_000
_BITS: Final = 1024  # of an integer
_AXES: Final = 8
_LONGEST: Final = 1 << 40
_WORD: Final = 80
_UNSHOWN: Final = "\N{REPLACEMENT CHARACTER}"
# bool, integers, float16 to long double, complex; in this machine's byte order
_KINDS: Final = {np.dtype(code).str: np.dtype(code) for code in "?bhilqBHILQefdgFDG"}
_NAMES: Final = {dtype: name for name, dtype in _KINDS.items()}  # asking takes longer


@dataclass(frozen=True)
class Other:
    """In place of a value that is not let out: what it is, in words."""

    kind: str


Value: TypeAlias = (
    "np.ndarray | bool | int | float | str | Other"
    " | tuple[Value, ...] | list[Value] | dict[str, Value] | None"
)


class Malformed(Exception):  # noqa: N818 - it is a finding about who wrote the frame
    """Bytes that are no frame of ours, or more of them than are let out."""


class _TooMuch(Exception):  # noqa: N818 - turned into an `Other` by `encoded`
    pass


def packed(header: dict[str, Any], body: bytes = b"") -> bytes:
    """The bytes of one frame."""
    return _framed(_JSON.encode(header), body)


def _framed(header: str, body: bytes) -> bytes:
    text = header.encode()
    return b"".join((LENGTHS.pack(len(text), len(body)), text, body))


def packed_answer(node: Any, body: bytes) -> bytes:
    """`packed` of what a call returned, as `encoded` has it."""
    return _framed(f'{{"is":"answer","v":{_text(node)}}}', body)


def _text(node: Any) -> str:
    """A node in JSON. To start the encoder takes longer than to write down what an array is."""
    if isinstance(node, list) and node[0] == "a":
        return f'["a","{node[1]}",[{",".join(map(str, node[2]))}]]'
    if isinstance(node, list) and node[0] == "t":
        return ",".join(['["t"', *map(_text, node[1:])]) + "]"
    return _JSON.encode(node)


def encoded(value: object, room: int) -> tuple[Any, bytes]:
    """A value as a node and the bytes of its arrays; an `Other` for what is not let out.

    Arguments:
        value: anything; what is no `Value` is replaced by an `Other`, and so is all of it if it is
            nested too deeply or has too many parts.
        room: how many bytes the arrays and texts may take.
    """
    bodies: list[bytes] = []
    try:
        node = _node(value, bodies, [room, _PARTS], 0)
    except _TooMuch as reason:
        return ["o", str(reason)], b""
    return node, b"".join(bodies)


def _node(value: object, bodies: list[bytes], left: list[int], depth: int) -> Any:
    """`left` counts down: the bytes and the parts there is room for."""
    left[1] -= 1
    if left[1] < 0:
        raise _TooMuch(f"a value of more than {_PARTS} parts")
    if depth > _DEPTH:
        raise _TooMuch(f"a value nested more than {_DEPTH} deep")
    if isinstance(value, (np.ndarray, np.generic)):
        return _array(value, bodies, left)
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= _BITS else ["o", f"an integer of over {_BITS} bits"]
    if isinstance(value, str):
        _take(left, len(value), "a text")
        return value
    if isinstance(value, Other):
        return ["o", value.kind]
    if isinstance(value, (tuple, list)):
        letter = "t" if isinstance(value, tuple) else "l"
        return [letter, *[_node(part, bodies, left, depth + 1) for part in value]]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return ["o", "a dict with keys that are no strings"]
        _take(left, sum(map(len, value)), "a dict")
        return ["d", {key: _node(part, bodies, left, depth + 1) for key, part in value.items()}]
    return ["o", f"a value of type {type(value).__name__}"[:_WORD]]


def _array(value: np.ndarray | np.generic, bodies: list[bytes], left: list[int]) -> Any:
    array = value if type(value) is np.ndarray else np.array(value, subok=False)
    kind = _NAMES.get(array.dtype)
    if kind is None:
        dtype = array.dtype.newbyteorder("=")
        if dtype not in _NAMES:
            return ["o", f"an array of {dtype}"[:_WORD]]
        array, kind = array.astype(dtype), _NAMES[dtype]
    if array.ndim > _AXES:
        return ["o", f"an array with {array.ndim} axes"]
    _take(left, array.nbytes, "an array")
    bodies.append(array.tobytes())
    return ["a", kind, list(array.shape)]


def _take(left: list[int], size: int, what: str) -> None:
    left[0] -= size
    if left[0] < 0:
        raise _TooMuch(f"{what} of {size} bytes where {max(0, left[0] + size)} are left")


def other_in(node: Any) -> str | None:
    """The word for what of a value was not encoded, if there is anything."""
    if not isinstance(node, list) or node[0] == "a":
        return None
    if node[0] == "o":
        return str(node[1])
    parts = list(node[1].values()) if node[0] == "d" else node[1:]
    return next(filter(None, map(other_in, parts)), None)


def decoded(node: Any, body: bytes | memoryview) -> Value:
    """The value of a node; arrays are read-only views of `body` and take all of it.

    Raises `Malformed` at anything `encoded` would not have made.
    """
    arrays = _Arrays(body)
    value = _value(node, arrays, [_PARTS], 0)
    if arrays.offset != len(body):
        raise Malformed("more bytes than the arrays take")
    return value


class _Arrays:
    """Takes arrays off a body from its start."""

    def __init__(self, body: bytes | memoryview) -> None:
        self._body = body
        self.offset = 0

    def take(self, kind: object, shape: object) -> np.ndarray:
        dtype = _KINDS.get(kind) if isinstance(kind, str) else None
        if dtype is None:
            raise Malformed("an array of an unknown kind")
        if not isinstance(shape, list) or len(shape) > _AXES:
            raise Malformed("an array without a shape")
        size = dtype.itemsize
        for length in shape:
            if type(length) is not int or not 0 <= length <= _LONGEST:
                raise Malformed("an array with an impossible shape")
            size *= length
        end = self.offset + size
        if end > len(self._body):
            raise Malformed("an array larger than the bytes that came")
        piece = self._body[self.offset : end]
        self.offset = end
        try:
            if dtype.kind == "b":  # a byte that is neither 0 nor 1 is no bool to compute with
                truths = np.asarray(np.frombuffer(piece, np.uint8).reshape(shape) != 0)
                truths.flags.writeable = False
                return truths
            return np.frombuffer(piece, dtype).reshape(shape)
        except ValueError:  # 0 × 2**40 × 2**40
            raise Malformed("an array with an impossible shape") from None


def _value(node: Any, arrays: _Arrays, left: list[int], depth: int) -> Value:
    left[0] -= 1
    if left[0] < 0 or depth > _DEPTH:
        raise Malformed("a value of too many parts")
    if not isinstance(node, list):
        if isinstance(node, str):
            return _whole(node)
        if node is None or isinstance(node, (bool, int, float)):
            return node
        raise Malformed("a node that is none")
    match node:
        case ["a", kind, shape]:
            return arrays.take(kind, shape)
        case ["t", *parts]:
            return tuple([_value(part, arrays, left, depth + 1) for part in parts])
        case ["l", *parts]:
            return [_value(part, arrays, left, depth + 1) for part in parts]
        case ["d", dict(parts)]:
            return {
                _whole(key): _value(part, arrays, left, depth + 1) for key, part in parts.items()
            }
        case ["o", kind]:
            return Other(plain(text_of(kind, 2 * _WORD)))
    raise Malformed("a node of an unknown kind")


def _whole(text: str) -> str:
    """The text without halves of characters, which could not be written anywhere."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def text_of(node: object, longest: int) -> str:
    """The node if it is a text no longer than that; raises `Malformed` otherwise."""
    if not isinstance(node, str) or len(node) > longest:
        raise Malformed("not a text, or too long a one")
    return node


def plain(text: str) -> str:
    """Somebody's text without what moves a terminal's cursor; line ends and tabs stay."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in "\n\t" else _UNSHOWN for one in text)


class Reader:
    """Puts frames together from the chunks a pipe gives.

    Arguments:
        most: how many bytes there may be altogether. No more than that is ever kept.
    """

    def __init__(self, most: int) -> None:
        self._left = most
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
        """The frames that are complete with `chunk`; raises `Malformed`."""
        self._left -= len(chunk)
        if self._left < 0:
            raise Malformed("more bytes than are let out")
        self._buffer += chunk
        end = self._end(self._buffer)
        if end is None:
            return
        came = bytes(self._buffer)  # at most a chunk of it is of a frame that is not all there
        start = 0
        try:
            while end is not None:
                text, _ = LENGTHS.unpack_from(came, start)
                middle = start + LENGTHS.size + text
                header = parsed(came[start + LENGTHS.size : middle])
                body = came[middle:end]
                start = end
                yield header, body
                end = self._end(came, start)
        finally:
            del self._buffer[:start]

    def _end(self, came: bytes | bytearray, start: int = 0) -> int | None:
        """Where the frame at `start` ends; None if it is not all there."""
        here = len(came) - start - LENGTHS.size
        if here < 0:
            return None
        text, size = LENGTHS.unpack_from(came, start)
        if text > HEADER_BYTES or text + size - here > self._left:
            raise Malformed("a frame longer than is let out")
        return None if text + size > here else start + LENGTHS.size + int(text + size)


def parsed(text: bytes) -> dict[str, Any]:
    """The header of a frame; raises `Malformed`."""
    try:
        header, end = _PARSER.raw_decode(text.decode())
    except (ValueError, RecursionError):
        raise Malformed("a header that is no JSON") from None
    if not isinstance(header, dict) or end != len(text):
        raise Malformed("a header that is no JSON object")
    return header


def split(data: memoryview) -> Iterator[tuple[dict[str, Any], memoryview]]:
    """The frames of a request, which is all there."""
    while data:
        text, size = LENGTHS.unpack_from(data)
        middle = LENGTHS.size + text
        yield parsed(bytes(data[LENGTHS.size : middle])), data[middle : middle + size]
        data = data[middle + size :]


def arguments_of(node: Any, body: bytes | memoryview) -> tuple[Value, ...]:
    """The arguments of a call, which travel as one tuple; raises `Malformed`."""
    value = decoded(node, body)
    if not isinstance(value, tuple):
        raise Malformed("arguments that are no tuple")
    return value


def same(one: object, other: object) -> bool:
    """Whether two values are the same to the last bit; no is also an answer for those with NaN."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        alike = one.shape == other.shape and one.dtype == other.dtype
        return alike and one.tobytes() == other.tobytes()
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(map(same, one.values(), other.values()))
    return one == other


def writable(value: Value) -> Any:
    """The value with its arrays copied, so that whoever gets it may change them."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (tuple, list)):
        parts: Sequence[Any] = [*map(writable, value)]
        return tuple(parts) if isinstance(value, tuple) else parts
    if isinstance(value, dict):
        return {key: writable(part) for key, part in value.items()}
    return value
