"""What submissions are asked: the functions' calls on secret cases, the same for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from backproof.grading.assignment import Assignment, Function
from backproof.grading.forms import Anything, Constant, Form, Quantity, Size
from backproof.grading.frames import Value
from backproof.grading.outcome import Call
from backproof.grading.prepared import CALL
from backproof.grading.quantities import Known, drawn, known, layouts
from backproof.reading.convention import encoded, to_theirs

_FEWEST: Final = 4  # cases of a function, however many there are of these


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
    arguments = tuple(given(form, case, own) for form in function.arguments)
    if not function.globals:
        return Call(function.name, arguments)
    values = {name: given(form, case, own) for name, form in function.globals.items()}
    return Call(CALL, (function.name, values, *arguments))


def given(form: Form, case: Known, own: Mapping[str, str]) -> Value:
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
        return tuple(given(part, case, own) for part in form)
    if isinstance(form, Anything):
        return None
    return {key: given(part, case, own) for key, part in form.items()}


def name_of(form: Form, place: int) -> str:
    """What an argument is called in a case: its symbol, or for several its place."""
    if isinstance(form, Quantity):
        symbol = form.symbol.replace("'", "_next")
        return f"n_{symbol}" if form.times_n else symbol
    return f"argument{place}"


def listed(value: Value) -> Any:
    """A value as JSON holds it: arrays and tuples as lists."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple | list):
        return [listed(one) for one in value]
    if isinstance(value, dict):
        return {key: listed(one) for key, one in value.items()}
    return value
