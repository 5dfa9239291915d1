"""What a value of somebody's is made of: a number or array, or a container, and its parts.

NumPy only: this runs in the child.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

import numpy as np

_DEEP = 4  # how far into objects, lists and dicts parameters are looked for
# A tuple, because a union is put together each time it is asked, and this is asked for each value.
_NUMBERS = (int, float, np.floating, np.integer)


def is_value(value: Any) -> bool:
    """Whether it is a number or an array of numbers."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiub"
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def parts_in(value: Any, deep: int) -> Iterator[tuple[str, Any, Any]]:
    """What a container or an object holds: how it is reached, its key, and the thing itself."""
    if deep >= _DEEP:
        return
    if isinstance(value, dict):
        yield from (
            (f"[{key!r}]", key if isinstance(key, str) else 0, part) for key, part in value.items()
        )
    elif isinstance(value, list | tuple):
        yield from ((f"[{place}]", place, part) for place, part in enumerate(value))
    elif (
        hasattr(value, "__dict__")
        and not isinstance(value, type | types.ModuleType)
        and not callable(value)
    ):
        held = {**_of_class(type(value)), **vars(value)}
        yield from ((f".{name}", Attribute(name), part) for name, part in held.items())


def _of_class(kind: type) -> dict[str, np.ndarray]:
    """The arrays that a class has for all of its objects, until one is given its own."""
    found: dict[str, np.ndarray] = {}
    for one in kind.__mro__[-2::-1]:  # `object`, the last, has none
        found |= {name: part for name, part in vars(one).items() if isinstance(part, np.ndarray)}
    return found


class Attribute(str):
    """A key that is the name of an attribute."""


def word_of(key: Any) -> str:
    """The name that a key stands for; of a private attribute, without its class."""
    text = str(key)
    return text.split("__", 1)[1] if text.startswith("_") and "__" in text[1:] else text


def with_part(value: Any, key: Any, new: Any) -> Any:
    """The value with another part of that key: itself where it can be changed."""
    if isinstance(key, Attribute):
        vars(value)[str(key)] = new
        return value
    if isinstance(value, tuple):
        return (*value[:key], new, *value[key + 1 :])
    if isinstance(value, dict) and not isinstance(key, str):
        return value
    value[key] = new
    return value
