"""From what a submission answered to a verdict and points for each quantity that it is to give.

The truth stays here: a submission is sent inputs, and what comes back is only compared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import numpy as np

from backproof.grading.answers import Seen, seen, side_by_side
from backproof.grading.assignment import EDGE_CASES, Function
from backproof.grading.calls import given, listed, name_of
from backproof.grading.edges import KINK, SATURATED, slopes
from backproof.grading.exam import Exam
from backproof.grading.forms import CacheOf, Quantity, quantities_in
from backproof.grading.outcome import Answer
from backproof.grading.prepared import CALL
from backproof.grading.quantities import layouts
from backproof.reading.guards import SMALL
from backproof.verdict import RIGHT_BELOW, WRONG_ABOVE, margin, margins

Verdict = Literal["right", "wrong", "undecided", "missing"]
_WORST_FIRST: Final = ("wrong", "missing", "undecided")


class Mark(NamedTuple):
    """What one part of a function earned: a quantity that it gives, the edge cases, training.

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


Answers: TypeAlias = Sequence[Answer | None]  # to an exam's calls; None where none came


def marks(
    exam: Exam,
    answers: Answers,
    defined: frozenset[str],
    bare: Answers = (),
    ended: Mapping[str, str] | None = None,
    among: Collection[str] | None = None,
) -> list[Mark]:
    """The marks of a submission.

    Args:
        exam: what was asked.
        answers: to its calls, in order; those after the last are None.
        defined: the functions that the submission has.
        bare: the answers of its program without its guards.
        ended: by function how the run ended that it was called in, where it did not answer.
        among: the functions to mark; all of them if None.
    """
    found: list[Mark] = []
    for function in dict.fromkeys(function for function, _ in exam.asked):
        if among is not None and function.name not in among:
            continue
        if function.name not in defined:
            amiss = {"code": "not_defined", "function": function.name}
            found += [_mark(function, part, "missing", (amiss,)) for part in function.points]
            continue
        own, without = _answers(exam, answers, function), _answers(exam, bare, function)
        sheet = _Sheet(exam, function, own, without, ended or {})
        places = [place for one, place in exam.asked if one is function and place not in exam.edges]
        found += [
            _right_at_once(sheet, one) or _marked(sheet, one, places)
            for one in quantities_in(function.returns)
        ]
        if function.edges:
            found.append(_at_edges(sheet))
    return found


class _Sheet(NamedTuple):
    """What a function answered, by the place of the case: its program's, and without its guards."""

    exam: Exam
    function: Function
    answers: Mapping[int, Answer]
    bare: Mapping[int, Answer]
    ended: Mapping[str, str]


def _answers(exam: Exam, answers: Answers, function: Function) -> dict[int, Answer]:
    asked = zip(exam.asked, answers, strict=False)
    return {place: one for (own, place), one in asked if own is function and one is not None}


def _mark(
    function: Function,
    part: str,
    verdict: Verdict,
    because: tuple[Mapping[str, Any], ...] = (),
    case: Mapping[str, Any] | None = None,
) -> Mark:
    out_of = function.points[part]
    points = out_of if verdict == "right" else 0.0
    return Mark(function.name, part, verdict, points, out_of, function.public, because, case)


def _at_edges(sheet: _Sheet) -> Mark:
    """The mark for all the cases at the edge: right where all quantities are in all of them."""
    by_name = {name: _at_edge(sheet, name) for name in sheet.function.edges}
    every = [(name, mark) for name, found in by_name.items() for mark in found]
    lost = [(name, mark) for name, mark in every if mark.verdict != "right"]
    if not lost:
        notes = {str(note): note for _, mark in every for note in mark.because}
        return _mark(sheet.function, EDGE_CASES, "right", tuple(notes.values()))
    _, worst = min(lost, key=lambda one: _WORST_FIRST.index(one[1].verdict))
    missing = all(mark.verdict == "missing" for _, mark in every)
    verdict: Verdict = "wrong" if worst.verdict == "missing" and not missing else worst.verdict
    cases = ", ".join(dict.fromkeys(name for name, _ in lost))
    because = ({"code": "edge_cases", "cases": cases}, *worst.because)
    return _mark(sheet.function, EDGE_CASES, verdict, because, worst.case)


def _at_edge(sheet: _Sheet, name: str) -> list[Mark]:
    """By quantity; at a kink with the slope there for which all are right, if there is one."""
    exam = sheet.exam
    places = [
        place
        for one, place in exam.asked
        if one is sheet.function and exam.edges.get(place) == name
    ]
    several = len(slopes(exam.assignment.activation)) if name == KINK else 1
    tried = [
        [
            _marked(sheet._replace(exam=exam.with_slope(number)), one, places)
            for one in quantities_in(sheet.function.returns)
        ]
        for number in range(several)
    ]
    return next((f for f in tried if all(mark.verdict == "right" for mark in f)), tried[0])


def _right_at_once(sheet: _Sheet, quantity: Quantity) -> Mark | None:
    """The mark where all answers are what most are, arrays of the shape asked for, and right.

    One comparison shows it. None says nothing: `_marked` looks at every case.
    """
    key = sheet.exam.keys.get((sheet.function.name, quantity.symbol))
    values = key and side_by_side(key, sheet.function, quantity, sheet.answers)
    if key is None or values is None:
        return None
    if sheet.function.check == "values":
        with np.errstate(all="ignore"):
            right = (np.abs(values - key.truth) <= RIGHT_BELOW * key.bound).all()
    else:
        right = sheet.function.check == "shapes" and np.isfinite(values).all()
    if not right:
        return None
    return _mark(sheet.function, quantity.symbol, "right", _left_changed(sheet))


def _left_changed(sheet: _Sheet) -> tuple[Mapping[str, Any], ...]:
    changed = _changed(sheet.exam, sheet.function, sheet.answers)
    return () if changed is None else ({"code": "mutates", "argument": changed},)


def _marked(sheet: _Sheet, quantity: Quantity, places: Sequence[int]) -> Mark:
    """The mark for a quantity in the cases in these places."""
    exam, function, answers, without, ended = sheet
    part = quantity.symbol
    found = [seen(exam, function, quantity, answers, place, ended) for place in places]
    bare = [
        seen(exam, function, quantity, without, place, {}) for place in places if place in without
    ]
    amiss = [one for one in found if one.amiss is not None]
    if amiss:
        first = min(amiss, key=lambda one: _numbers(exam, one.place))
        codes = {one.amiss["code"] for one in amiss if one.amiss is not None}
        nothing = len(amiss) == len(found) and codes <= {"killed", "time", "memory"}
        verdict: Verdict = "missing" if nothing else "wrong"
        assert first.amiss is not None
        return _mark(
            function, part, verdict, (first.amiss,), _case(exam, function, quantity, first)
        )
    notes: list[Mapping[str, Any]] = []
    if any(one.precision != "float64" for one in found):
        notes.append({"code": "low_precision"})
    notes += _left_changed(sheet)
    if function.check != "values":
        problem = _initial(function, quantity, found)
        told = notes if problem is None else [{"code": problem}, *notes]
        return _mark(function, part, "right" if problem is None else "wrong", tuple(told))
    far = _margins(exam, quantity, found)
    outside = [one for one in found if not far[one.place] <= RIGHT_BELOW]
    if outside and bare:
        within = {
            place for place, one in _margins(exam, quantity, bare).items() if one <= RIGHT_BELOW
        }
        within |= {one.place for one in outside if _is_of_guard(exam, quantity, one)}
        if all(one.place in within for one in outside):
            notes.append({"code": "guarded"})
            outside = []
    if not outside:
        return _mark(function, part, "right", tuple(notes))
    worst = [one for one in outside if not far[one.place] <= WRONG_ABOVE]
    if not worst:
        return _mark(function, part, "undecided", ({"code": "near"}, *notes))
    shown = min(worst, key=lambda one: _numbers(exam, one.place))
    because = _likeness(exam, quantity, outside, found)
    return _mark(function, part, "wrong", (because, *notes), _case(exam, function, quantity, shown))


def _is_of_guard(exam: Exam, quantity: Quantity, one: Seen) -> bool:
    """Whether a guard explains a loss where the output is saturated, and nothing is without it.

    There log(1 + c) stands for log(1), at most c beside it, and 0 log c for 0 log 0.
    """
    if exam.edges.get(one.place) != SATURATED or quantity.symbol != "loss" or one.value is None:
        return False
    truth = exam.known["float64"][one.place].values["loss"]
    return bool(np.abs(one.value - truth) <= 2.0 * SMALL)


def _initial(function: Function, quantity: Quantity, seen: Sequence[Seen]) -> str | None:
    """What is amiss with initial parameters, whose values are free."""
    arrays = [one.value for one in seen if one.value is not None]
    if not all(np.isfinite(array).all() for array in arrays):
        return "not_finite"
    if function.check == "random" and quantity.symbol[0] in "Ww":
        several = [array for array in arrays if array.size > 1]
        if any(np.ptp(array) == 0.0 for array in several):
            return "all_same"
    return None


def _margins(exam: Exam, quantity: Quantity, found: Sequence[Seen]) -> dict[int, float]:
    """By place of the case; infinity where there is no value."""
    far = {one.place: float("inf") for one in found}
    places, values, truths, bounds = [], [], [], []
    for one in found:
        if one.value is None:
            continue
        case = exam.known[one.precision if one.precision in exam.known else "float32"][one.place]
        truth = case.values[quantity.symbol]
        if quantity.symbol == "label" and np.array_equal(one.value, truth):
            far[one.place] = 0.0  # the bound is 0 too, and `margins` takes its time over 0 / 0
            continue
        places.append(one.place)
        values.append(one.value)
        truths.append(truth)
        bounds.append(case.bounds[quantity.symbol])
    return far | dict(zip(places, margins(values, truths, bounds), strict=True))


def _numbers(exam: Exam, place: int) -> int:
    return sum(size for size in exam.known["float64"][place].sizes.values())


def _changed(exam: Exam, function: Function, answers: Mapping[int, Answer]) -> str | None:
    """The first argument that a call left otherwise than it was given, by the quantities in it."""
    for call, (own, place) in zip(exam.calls, exam.asked, strict=True):
        if own is not function or place not in answers or not answers[place].arguments:
            continue
        if answers[place].arguments is call.arguments:
            continue
        skipped = 2 if call.function == CALL else 0
        before, after = call.arguments[skipped:], answers[place].arguments[skipped:]
        for number, (form, one, other) in enumerate(
            zip(function.arguments, before, after, strict=False), 1
        ):
            if listed(one) != listed(other):
                return name_of(form, number)
    return None


_FACTORS: Final = ("-1", "n", "1/n", "-n", "-1/n", "2", "1/2", "k", "1/k")


def _likeness(
    exam: Exam, quantity: Quantity, outside: Sequence[Seen], seen: Sequence[Seen]
) -> Mapping[str, Any]:
    """What a wrong answer looks like, in all cases in which it is wrong."""
    if any(one.value is not None and not np.isfinite(one.value).all() for one in seen):
        return {"code": "not_finite"}
    for factor in _FACTORS:
        if all(_is_times(exam, quantity, one, factor) for one in outside):
            return {"code": "factor", "factor": factor}
    return {"code": "wrong_value"}


def _is_times(exam: Exam, quantity: Quantity, one: Seen, factor: str) -> bool:
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
    exam: Exam, function: Function, quantity: Quantity, one: Seen
) -> Mapping[str, Any] | None:
    """The case for a person: arguments, expected and actual, as the assignment lays them out."""
    if function.check != "values":
        return None
    case = exam.known["float64"][one.place]
    own = layouts(exam.assignment.model)
    arguments = [
        [name_of(form, place), listed(given(form, case, own))]
        for place, form in enumerate(function.arguments, 1)
        if not isinstance(form, CacheOf)
    ]
    arguments += [
        [name, listed(given(form, case, own))] for name, form in function.keywords.items()
    ]
    expected = given(quantity, case, own)
    actual: Any = None
    if one.value is not None:
        actual = listed(given(quantity, case._replace(values={quantity.symbol: one.value}), own))
    return {"arguments": arguments, "expected": listed(expected), "actual": actual}
