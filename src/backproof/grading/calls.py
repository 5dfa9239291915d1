"""What functions are called with: the quantities of a case, laid out as the assignment says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from backproof.grading.assignment import Assignment, Function
from backproof.grading.forms import Anything, CacheOf, Constant, Form, Quantity, Size, way_to_cache
from backproof.grading.frames import Value
from backproof.grading.outcome import Call
from backproof.grading.prepared import CALL
from backproof.grading.quantities import Known, layouts
from backproof.reading.convention import encoded, to_theirs


def call_of(
    function: Function, case: Known, assignment: Assignment, seed: int | None = None
) -> Call:
    """The call of a function on a case.

    With a seed, what it draws at random is of that seed, and the global variables of parameters'
    names come back as `left` of the call's second argument.
    """
    own = layouts(assignment.model)
    arguments = tuple(given(form, case, own) for form in function.arguments)
    told: dict[str, Value] = {}
    if function.globals:
        told["globals"] = {name: given(form, case, own) for name, form in function.globals.items()}
    if function.keywords:
        told["keywords"] = {
            name: given(form, case, own) for name, form in function.keywords.items()
        }
    if function.makers:
        told["caches"] = _caches(function, case, assignment)
    if seed is not None:
        told["seed"] = seed
        told["left"] = [*assignment.model.parameters]
    return Call(CALL, (function.name, told, *arguments)) if told else Call(function.name, arguments)


def _caches(function: Function, case: Known, assignment: Assignment) -> list[Value]:
    """For each cache the place of the argument, the call that makes it and where it then is."""
    by_name = {one.name: one for one in assignment.functions}
    found: list[Value] = []
    for place, form in enumerate(function.arguments):
        if isinstance(form, CacheOf):
            maker = by_name[form.function]
            call = call_of(maker, case, assignment)
            told = call.arguments if call.function == CALL else (maker.name, {}, *call.arguments)
            way = way_to_cache(maker.returns)
            assert way is not None
            found.append((place, told, list(way)))
    return found


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
    if isinstance(form, Anything | CacheOf):
        return None
    return {key: given(part, case, own) for key, part in form.items()}


def name_of(form: Form, place: int) -> str:
    """What an argument is called in a case: its symbol, or for several its place."""
    if isinstance(form, Quantity):
        symbol = form.symbol.replace("'", "_next")
        return f"n_{symbol}" if form.times_n else symbol
    return f"argument{place}"


def listed(value: Value) -> Any:
    """A value as JSON holds it: arrays and tuples as lists, None for what JSON has no number."""
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            return listed(value.tolist())
        return value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, tuple | list):
        return [listed(one) for one in value]
    if isinstance(value, dict):
        return {key: listed(one) for key, one in value.items()}
    return value
