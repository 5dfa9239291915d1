"""What a function takes and gives, as TOML tells it: quantities, each with its layout."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from backproof.grading.quantities import layouts
from backproof.notation import Model
from backproof.reading.convention import ConventionError, as_shape, encoded, to_theirs
from backproof.reading.told import Unreadable, nearest


@dataclass(frozen=True)
class Quantity:
    """A quantity as a function takes or gives it.

    Attributes:
        symbol: a key of `quantities.layouts`.
        layout: how it is laid out, in our axis names.
        code: how labels are written: "" as they are, or `class`, `class1`, `sign`.
        times_n: it is n times the quantity: of the sum over the examples.
    """

    symbol: str
    layout: str
    code: str = ""
    times_n: bool = False


@dataclass(frozen=True)
class Size:
    """The size of an axis, as an int; or `STEPS`."""

    axis: str


STEPS: Final = "steps"  # how many training is to take, which is told as a size is


@dataclass(frozen=True)
class Constant:
    """The same for all cases: a text, a number, true or false."""

    value: str | float | int | bool


@dataclass(frozen=True)
class Anything:
    """A part of what is returned that nobody looks at: a cache."""


@dataclass(frozen=True)
class CacheOf:
    """What a function of the student's own, called first, returns where nobody looks."""

    function: str


Form: TypeAlias = (
    "Quantity | Size | Constant | Anything | CacheOf | tuple[Form, ...] | Mapping[str, Form]"
)


def parts_of(form: Form) -> tuple[Form, ...]:
    """What a form is made of, in order: everything in it but lists and tables."""
    if isinstance(form, Mapping):
        form = tuple(form.values())
    if isinstance(form, tuple):
        return tuple(one for part in form for one in parts_of(part))
    return (form,)


def way_to_cache(form: Form) -> tuple[str | int, ...] | None:
    """The keys and places that lead to the one part that nobody looks at; None if there is none."""
    if isinstance(form, Anything):
        return ()
    steps: Sequence[tuple[str | int, Form]] = ()
    if isinstance(form, tuple):
        steps = list(enumerate(form))
    elif isinstance(form, Mapping):
        steps = list(form.items())
    ways = [(step, *way) for step, part in steps if (way := way_to_cache(part)) is not None]
    return ways[0] if len(ways) == 1 else None


def quantities_in(form: Form) -> tuple[Quantity, ...]:
    """The quantities in a form, in order."""
    return tuple(part for part in parts_of(form) if isinstance(part, Quantity))


_QUANTITY = re.compile(r"(?:(?P<times>n)\s*\*\s*)?(?P<symbol>[A-Za-z]\w*'?)\s*(?::(?P<layout>.*))?")


def form_of(told: Any, model: Model, at: str) -> Form:
    """What a text, a list or a table of the TOML file stands for."""
    if isinstance(told, str):
        return _quantity(told, model, at)
    if isinstance(told, bool | int | float):
        return Constant(told)
    if isinstance(told, list):
        return tuple(form_of(one, model, at) for one in told)
    if isinstance(told, dict):
        if {*told} == {"constant"}:
            value = told["constant"]
            if isinstance(value, str | int | float | bool):
                return Constant(value)
            raise Unreadable(f"{at}: constant = {value!r}; expected a text or a number")
        if {*told} == {"cache_of"} and isinstance(told["cache_of"], str):
            return CacheOf(told["cache_of"])
        return {key: form_of(one, model, at) for key, one in told.items()}
    raise Unreadable(f"{at}: {told!r} is no quantity; expected such as 'x: d n'")


def _quantity(text: str, model: Model, at: str) -> Form:
    if text.strip() == "_":
        return Anything()
    match = _QUANTITY.fullmatch(text.strip())
    known = layouts(model)
    symbol = text.strip() if match is None else match["symbol"]
    if match is not None and symbol in (*model.axes, STEPS) and match["layout"] is None:
        return Size(symbol)
    if match is None or symbol not in known:
        raise Unreadable(
            f"{at}: {text!r} is no quantity of {model.name}; {nearest(symbol, tuple(known))}"
        )
    layout, _, code = (known[symbol] if match["layout"] is None else match["layout"]).partition(":")
    layout, code = " ".join(layout.strip().strip("()").replace(",", " ").split()), code.strip()
    try:
        _tried(known[symbol], layout, code)
    except (ConventionError, ValueError):
        expected = (
            f"{as_shape(known[symbol])} in any order, with or without 1" if known[symbol] else "()"
        )
        raise Unreadable(f"{at}: {text!r} cannot be meant; {symbol} is {expected}") from None
    if code and (symbol != "y" or code not in ("class", "class1", "sign")):
        raise Unreadable(f"{at}: {text!r}; labels may be y: n:class, y: n:class1 or y: n:sign")
    return Quantity(symbol, layout, code, match["times"] is not None)


def _tried(own: str, layout: str, code: str) -> None:
    """Lay zeros out so; raises where that is not possible."""
    zeros = np.zeros([1 if axis == "1" else place + 2 for place, axis in enumerate(own.split())])
    if code:
        encoded(zeros, own, f"{layout}:{code}", None)
    else:
        to_theirs(zeros, own, layout)
