"""What an answer holds of a quantity: a value in our layout, or what is amiss with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backproof.grading.assignment import Function
from backproof.grading.exam import Exam, Key
from backproof.grading.forms import Form, Quantity, quantities_in
from backproof.grading.frames import Other
from backproof.grading.outcome import Answer
from backproof.grading.quantities import layouts
from backproof.reading.convention import ShapeError, to_ours
from backproof.verdict import flat

_SIGNATURE: Final = re.compile(r"TypeError: [\w.]+\(\) (?:takes|missing|got) ")
_FLOATS: Final = {"e": "float16", "f": "float32"}  # by NumPy's letters, whose names take longer
_PLAIN: Final = "dl?"  # likewise, of what is compared in float64
_NUMBERS: Final = (np.ndarray, bool, int, float)


class Seen(NamedTuple):
    """What one answer holds of one quantity: a value in our layout, or what is amiss with it."""

    place: int
    value: NDArray | None
    amiss: Mapping[str, Any] | None
    precision: str = "float64"


def seen(
    exam: Exam,
    function: Function,
    quantity: Quantity,
    answers: Mapping[int, Answer],
    place: int,
    ended: Mapping[str, str],
) -> Seen:
    """What the answer on the case in that place holds of a quantity that the function gives.

    Args:
        exam: what was asked.
        function: which was called.
        quantity: one of those it gives.
        answers: the function's, by the place of their case.
        place: of the case.
        ended: by function how the run ended that it was called in, where it did not answer.
    """
    answer = answers.get(place)
    if answer is None:
        return Seen(place, None, {"code": ended.get(function.name, "killed")})
    own = layouts(exam.assignment.model)[quantity.symbol]
    sizes = exam.known["float64"][place].sizes
    return Seen(place, *value_of(function, quantity, answer, sizes, own))


def side_by_side(
    key: Key, function: Function, quantity: Quantity, answers: Mapping[int, Answer]
) -> NDArray | None:
    """A quantity from all answers, one after the other, as the key has the truth.

    None where there is one that is no array of the shape asked for, or of another precision.
    """
    values: list[NDArray] = []
    for place, shape in key.shapes.items():
        answer = answers.get(place)
        if answer is None or answer.error is not None:
            return None
        value = found(function.returns, answer.value, quantity)
        if type(value) is not np.ndarray or value.shape != shape or value.dtype.char not in _PLAIN:
            return None
        values.append(value)
    return flat(values)


def value_of(
    function: Function, quantity: Quantity, answer: Answer, sizes: Mapping[str, int], own: str
) -> tuple[NDArray | None, Mapping[str, Any] | None, str]:
    """A quantity from an answer: the value laid out as `own`, or what is amiss; the precision."""
    if answer.error is not None:
        return None, _of_error(function, answer.error), ""
    value = found(function.returns, answer.value, quantity)
    if isinstance(value, Absent):
        return None, {"code": "form", "actual": value.instead, "expected": value.expected}, ""
    if type(value) is np.ndarray and value.dtype.char == "d" and own == quantity.layout:
        own_shape = tuple([1 if axis == "1" else sizes[axis] for axis in own.split()])
        if value.shape == own_shape and not quantity.times_n:  # as most are
            return value, None, "float64"
    if isinstance(value, (list, tuple)):
        value = _as_array(value)
    if not isinstance(value, _NUMBERS):
        return None, {"code": "kind", "actual": _kind(value)}, ""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        return None, {"code": "kind", "actual": f"an array of {array.dtype}"}, ""
    precision = _FLOATS.get(array.dtype.char, "float64")
    if array.size == 1 and not {*quantity.layout.split()} - {"1"}:
        array = array.reshape([1] * len(quantity.layout.split()))  # one number, however wrapped
    try:
        ours = to_ours(array.astype(np.float64, copy=False), own, quantity.layout, sizes)
    except ShapeError:
        expected = [1 if axis == "1" else sizes[axis] for axis in quantity.layout.split()]
        return None, {"code": "shape", "actual": list(array.shape), "expected": expected}, ""
    return ours / sizes["n"] if quantity.times_n else ours, None, precision


def _of_error(function: Function, error: str) -> Mapping[str, Any]:
    if _SIGNATURE.match(error) and function.name in error.partition("(")[0]:
        return {"code": "signature", "count": len(function.arguments) + len(function.keywords)}
    return {"code": "raised", "error": error}


def _as_array(value: Sequence[Any]) -> Any:
    """Lists of numbers as an array; as they are where they are none."""
    try:
        array = np.array(value)
    except (ValueError, TypeError):  # ragged
        return value
    return array if array.dtype.kind in "fiub" else value


def _kind(value: object) -> str:
    if isinstance(value, Other):
        return value.kind
    if isinstance(value, np.ndarray):
        return "an array"
    return "None" if value is None else f"a {type(value).__name__}"


class Absent(NamedTuple):
    """In place of a part that is not in what was returned: what there is instead, in words.

    And what there should be around it.
    """

    instead: str
    expected: str


def found(form: Form, value: Any, wanted: Quantity) -> Any:
    """The part of a returned value that is the quantity; `Absent` where there is none."""
    if form is wanted:
        return value
    if isinstance(form, tuple):
        expected = f"a tuple of {len(form)}"
        if not isinstance(value, tuple | list):
            return Absent(_kind(value), expected)
        if len(value) != len(form):
            return Absent(f"{_kind(value)} of {len(value)}", expected)
        parts: Iterator[tuple[Form, Any]] = zip(form, value, strict=True)
    elif isinstance(form, Mapping):
        expected = f"a dict with {', '.join(map(repr, form))}"
        if not isinstance(value, dict):
            return Absent(_kind(value), expected)
        absent = [key for key, part in form.items() if quantities_in(part) and key not in value]
        if absent:
            return Absent(f"a dict without {absent[0]!r}", expected)
        parts = ((part, value.get(key)) for key, part in form.items())
    else:
        return None
    inside = next(
        (one for one in parts if one[0] is wanted or wanted in quantities_in(one[0])), None
    )
    return None if inside is None else found(*inside, wanted)
