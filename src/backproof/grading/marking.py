"""From what a submission answered to a verdict and points for each quantity that it is to give.

The truth stays here: a submission is sent inputs, and what comes back is only compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.grading.assignment import (
    Anything,
    Assignment,
    Constant,
    Form,
    Function,
    Quantity,
    Size,
    quantities_in,
)
from backproof.grading.frames import Other, Value
from backproof.grading.outcome import Answer, Call
from backproof.grading.prepared import CALL
from backproof.grading.quantities import Known, drawn, known, layouts
from backproof.reading.convention import ShapeError, encoded, to_ours, to_theirs
from backproof.verdict import RIGHT_BELOW, WRONG_ABOVE, margin

Verdict = Literal["right", "wrong", "undecided", "missing"]
_FEWEST: Final = 4  # cases of a function, however many there are of these
_SIGNATURE: Final = re.compile(r"TypeError: \w+\(\) (?:takes|missing) ")
_FLOATS: Final = {"float16": "float16", "float32": "float32"}


class Mark(NamedTuple):
    """What one quantity of one function earned.

    Attributes:
        verdict: `missing` where nothing came that could be looked at.
        because: why, as codes with their arguments; also what is worth knowing of a right one.
        case: the smallest case that shows it: arguments, expected and actual, in their layouts.
    """

    function: str
    part: str
    verdict: Verdict
    points: float
    out_of: float
    public: bool
    because: tuple[Mapping[str, Any], ...] = ()
    case: Mapping[str, Any] | None = None


class Exam(NamedTuple):
    """An assignment with its secret cases, and the calls that are the same for all submissions."""

    assignment: Assignment
    known: Mapping[str, Sequence[Known]]  # by precision
    calls: tuple[Call, ...]
    asked: tuple[tuple[Function, int], ...]  # of each call: the function, and the place of its case


def exam(assignment: Assignment, *, public: bool = False) -> Exam:
    """Draw the cases and compute the truth, once for all submissions; or only the public part."""
    functions = [one for one in assignment.functions if one.public or not public]
    share = max(_FEWEST, -(-assignment.cases // max(1, len(functions))))
    # No function is asked on another's cases: what one is given is what another should answer.
    count = share * len(functions)
    cases = drawn(assignment.model, count, assignment.seed + public, assignment.sizes)
    truths = {
        precision: known(assignment.model, cases, assignment.activation, precision)
        for precision in ("float64", "float32")
    }
    asked = tuple(
        (function, which * share + place)
        for which, function in enumerate(functions)
        for place in range(share)
    )
    own = layouts(assignment.model)
    calls = tuple(_call(function, truths["float64"][place], own) for function, place in asked)
    return Exam(assignment, truths, calls, asked)


def only(exam: Exam, name: str) -> Exam:
    """The part of an exam that asks one function."""
    kept = [
        (call, asked)
        for call, asked in zip(exam.calls, exam.asked, strict=True)
        if asked[0].name == name
    ]
    return exam._replace(
        calls=tuple(call for call, _ in kept), asked=tuple(asked for _, asked in kept)
    )


def _call(function: Function, case: Known, own: Mapping[str, str]) -> Call:
    arguments = tuple(_given(form, case, own) for form in function.arguments)
    if not function.globals:
        return Call(function.name, arguments)
    values = {name: _given(form, case, own) for name, form in function.globals.items()}
    return Call(CALL, (function.name, values, *arguments))


def _given(form: Form, case: Known, own: Mapping[str, str]) -> Value:
    """What a form stands for in a case, laid out as it says."""
    if isinstance(form, Constant):
        return form.value
    if isinstance(form, Size):
        return int(case.sizes[form.axis])
    if isinstance(form, Quantity):
        value = case.values[form.symbol] * (case.sizes["n"] if form.times_n else 1)
        if form.code:
            return encoded(value, own[form.symbol], f"{form.layout}:{form.code}", None)
        array = to_theirs(value, own[form.symbol], form.layout)
        return array if form.layout or own[form.symbol] else float(array)
    if isinstance(form, tuple):
        return tuple(_given(part, case, own) for part in form)
    if isinstance(form, Anything):
        return None
    return {key: _given(part, case, own) for key, part in form.items()}


# --- what came back ----------------------------------------------------------------------------


class _Seen(NamedTuple):
    """What one answer holds of one quantity: a value in our layout, or what is amiss with it."""

    place: int
    value: NDArray | None
    amiss: Mapping[str, Any] | None
    precision: str = "float64"


Answers: TypeAlias = Sequence[Answer | None]  # to an exam's calls; None where none came


def marks(
    exam: Exam,
    answers: Answers,
    defined: frozenset[str],
    bare: Answers = (),
    ended: Mapping[str, str] | None = None,
) -> list[Mark]:
    """The marks of a submission.

    Args:
        exam: what was asked.
        answers: to its calls, in order; those after the last are None.
        defined: the functions that the submission has.
        bare: the answers of its program without its guards.
        ended: by function how the run ended that it was called in, where it did not answer.
    """
    found: list[Mark] = []
    for function in dict.fromkeys(function for function, _ in exam.asked):
        own_answers = _answers(exam, answers, function)
        bare_answers = _answers(exam, bare, function)
        for quantity in quantities_in(function.returns):
            if function.name not in defined:
                amiss = {"code": "not_defined", "function": function.name}
                found.append(_mark(function, quantity, "missing", (amiss,)))
                continue
            seen = [
                _seen(exam, function, quantity, own_answers, place, ended or {})
                for place in _places(exam, function)
            ]
            bare_seen = [
                _seen(exam, function, quantity, bare_answers, place, {}) for place in bare_answers
            ]
            found.append(_marked(exam, function, quantity, seen, bare_seen, own_answers))
    return found


def _answers(exam: Exam, answers: Answers, function: Function) -> dict[int, Answer]:
    asked = zip(exam.asked, answers, strict=False)
    return {place: one for (own, place), one in asked if own is function and one is not None}


def _places(exam: Exam, function: Function) -> list[int]:
    return [place for own, place in exam.asked if own is function]


def _mark(
    function: Function,
    quantity: Quantity,
    verdict: Verdict,
    because: tuple[Mapping[str, Any], ...] = (),
    case: Mapping[str, Any] | None = None,
) -> Mark:
    out_of = function.points[quantity.symbol]
    points = out_of if verdict == "right" else 0.0
    own = function.name, quantity.symbol
    return Mark(*own, verdict, points, out_of, function.public, because, case)


def _seen(
    exam: Exam,
    function: Function,
    quantity: Quantity,
    answers: Mapping[int, Answer],
    place: int,
    ended: Mapping[str, str],
) -> _Seen:
    answer = answers.get(place)
    if answer is None:
        return _Seen(place, None, {"code": ended.get(function.name, "killed")})
    if answer.error is not None:
        if _SIGNATURE.match(answer.error) and function.name in answer.error.partition("(")[0]:
            return _Seen(place, None, {"code": "signature", "count": len(function.arguments)})
        return _Seen(place, None, {"code": "raised", "error": answer.error})
    value = _found(function.returns, answer.value, quantity)
    if isinstance(value, Mapping) and "code" in value:
        return _Seen(place, None, value)
    if isinstance(value, list | tuple):
        value = _as_array(value)
    if isinstance(value, Other) or not isinstance(value, np.ndarray | bool | int | float):
        return _Seen(place, None, {"code": "kind", "actual": _kind(value)})
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        return _Seen(place, None, {"code": "kind", "actual": f"an array of {array.dtype}"})
    case = exam.known["float64"][place]
    own = layouts(exam.assignment.model)[quantity.symbol]
    precision = _FLOATS.get(array.dtype.name, "float64")
    if array.size == 1 and not {*quantity.layout.split()} - {"1"}:
        array = array.reshape([1] * len(quantity.layout.split()))  # one number, however wrapped
    try:
        ours = to_ours(array.astype(np.float64), own, quantity.layout, case.sizes)
    except ShapeError:
        expected = [1 if axis == "1" else case.sizes[axis] for axis in quantity.layout.split()]
        amiss = {"code": "shape", "actual": list(array.shape), "expected": expected}
        return _Seen(place, None, amiss)
    if quantity.times_n:
        ours = ours / case.sizes["n"]
    return _Seen(place, ours, None, precision)


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


def _found(form: Form, value: Any, wanted: Quantity) -> Any:
    """The part of a returned value that is the quantity, or a code that says why there is none."""
    if form is wanted:
        return value
    if isinstance(form, tuple):
        if not isinstance(value, tuple | list) or len(value) != len(form):
            several = isinstance(value, tuple | list)
            actual = f"{_kind(value)} of {len(value)} where there should be {len(form)}"
            return {"code": "kind", "actual": actual if several else _kind(value)}
        parts: Iterator[tuple[Form, Any]] = zip(form, value, strict=True)
    elif isinstance(form, Mapping):
        if not isinstance(value, dict):
            return {"code": "kind", "actual": _kind(value)}
        absent = [key for key, part in form.items() if quantities_in(part) and key not in value]
        if absent:
            return {"code": "kind", "actual": f"a dict without {absent[0]!r}"}
        parts = ((part, value.get(key)) for key, part in form.items())
    else:
        return None
    inside = next((pair for pair in parts if wanted in quantities_in(pair[0])), None)
    return None if inside is None else _found(*inside, wanted)


def _marked(
    exam: Exam,
    function: Function,
    quantity: Quantity,
    seen: Sequence[_Seen],
    bare: Sequence[_Seen],
    answers: Mapping[int, Answer],
) -> Mark:
    amiss = [one for one in seen if one.amiss is not None]
    if amiss:
        first = min(amiss, key=lambda one: _numbers(exam, one.place))
        codes = {one.amiss["code"] for one in amiss if one.amiss is not None}
        nothing = len(amiss) == len(seen) and codes <= {"killed", "time", "memory"}
        verdict: Verdict = "missing" if nothing else "wrong"
        assert first.amiss is not None
        return _mark(
            function, quantity, verdict, (first.amiss,), _case(exam, function, quantity, first)
        )
    notes: list[Mapping[str, Any]] = []
    if any(one.precision != "float64" for one in seen):
        notes.append({"code": "low_precision"})
    changed = _changed(exam, function, answers)
    if changed is not None:
        notes.append({"code": "mutates", "argument": changed})
    if function.check != "values":
        problem = _initial(function, quantity, seen)
        told = notes if problem is None else [{"code": problem}, *notes]
        return _mark(function, quantity, "right" if problem is None else "wrong", tuple(told))
    margins = {one.place: _margin(exam, quantity, one) for one in seen}
    outside = [one for one in seen if not margins[one.place] <= RIGHT_BELOW]
    if outside and bare:
        within = {one.place for one in bare if _margin(exam, quantity, one) <= RIGHT_BELOW}
        if all(one.place in within for one in outside):
            notes.append({"code": "guarded"})
            outside = []
    if not outside:
        return _mark(function, quantity, "right", tuple(notes))
    worst = [one for one in outside if not margins[one.place] <= WRONG_ABOVE]
    if not worst:
        return _mark(function, quantity, "undecided", ({"code": "near"}, *notes))
    shown = min(worst, key=lambda one: _numbers(exam, one.place))
    because = _likeness(exam, quantity, outside, seen)
    return _mark(
        function, quantity, "wrong", (because, *notes), _case(exam, function, quantity, shown)
    )


def _initial(function: Function, quantity: Quantity, seen: Sequence[_Seen]) -> str | None:
    """What is amiss with initial parameters, whose values are free."""
    arrays = [one.value for one in seen if one.value is not None]
    if not all(np.isfinite(array).all() for array in arrays):
        return "not_finite"
    if function.check == "random" and quantity.symbol[0] in "Ww":
        several = [array for array in arrays if array.size > 1]
        if any(np.ptp(array) == 0.0 for array in several):
            return "all_same"
    return None


def _margin(exam: Exam, quantity: Quantity, one: _Seen) -> float:
    if one.value is None:
        return float("inf")
    case = exam.known[one.precision if one.precision in exam.known else "float32"][one.place]
    truth, bound = case.values[quantity.symbol], case.bounds[quantity.symbol]
    return margin(one.value, truth, bound)


def _numbers(exam: Exam, place: int) -> int:
    return sum(size for size in exam.known["float64"][place].sizes.values())


def _changed(exam: Exam, function: Function, answers: Mapping[int, Answer]) -> str | None:
    """The first argument that a call left otherwise than it was given, by the quantities in it."""
    skipped = 2 if function.globals else 0
    for call, (own, place) in zip(exam.calls, exam.asked, strict=True):
        if own is not function or place not in answers or not answers[place].arguments:
            continue
        before, after = call.arguments[skipped:], answers[place].arguments[skipped:]
        for number, (form, one, other) in enumerate(
            zip(function.arguments, before, after, strict=False), 1
        ):
            if _listed(one) != _listed(other):
                return _name_of(form, number)
    return None


_FACTORS: Final = ("-1", "n", "1/n", "-n", "-1/n", "2", "1/2", "k", "1/k")


def _likeness(
    exam: Exam, quantity: Quantity, outside: Sequence[_Seen], seen: Sequence[_Seen]
) -> Mapping[str, Any]:
    """What a wrong answer looks like, in all cases in which it is wrong."""
    if any(one.value is not None and not np.isfinite(one.value).all() for one in seen):
        return {"code": "not_finite"}
    for factor in _FACTORS:
        if all(_is_times(exam, quantity, one, factor) for one in outside):
            return {"code": "factor", "factor": factor}
    return {"code": "wrong_value"}


def _is_times(exam: Exam, quantity: Quantity, one: _Seen, factor: str) -> bool:
    case = exam.known["float64"][one.place]
    n, k = case.sizes["n"], case.sizes.get("k", 1)
    times = {"-1": -1.0, "n": n, "1/n": 1 / n, "-n": -n, "-1/n": -1 / n, "2": 2.0, "1/2": 0.5}
    times |= {"k": float(k), "1/k": 1 / k}
    assert one.value is not None
    return (
        margin(
            one.value / times[factor],
            case.values[quantity.symbol],
            4.0 * case.bounds[quantity.symbol],
        )
        <= RIGHT_BELOW
    )


def _case(
    exam: Exam, function: Function, quantity: Quantity, one: _Seen
) -> Mapping[str, Any] | None:
    """The case for a person: arguments, expected and actual, as the assignment lays them out."""
    if function.check != "values":
        return None
    case = exam.known["float64"][one.place]
    own = layouts(exam.assignment.model)
    arguments = [
        [_name_of(form, place), _listed(_given(form, case, own))]
        for place, form in enumerate(function.arguments, 1)
    ]
    expected = _given(quantity, case, own)
    actual: Any = None
    if one.value is not None:
        actual = _listed(_given(quantity, case._replace(values={quantity.symbol: one.value}), own))
    return {"arguments": arguments, "expected": _listed(expected), "actual": actual}


def _name_of(form: Form, place: int) -> str:
    """What an argument is called in a case: its symbol, or for several its place."""
    if isinstance(form, Quantity):
        symbol = form.symbol.replace("'", "_next")
        return f"n_{symbol}" if form.times_n else symbol
    return f"argument{place}"


def _listed(value: Value) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple | list):
        return [_listed(one) for one in value]
    if isinstance(value, dict):
        return {key: _listed(one) for key, one in value.items()}
    return value
