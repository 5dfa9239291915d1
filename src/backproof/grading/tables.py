"""Tables of a TOML file, checked: which key, what came, what was expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backproof.reading.told import Unreadable, nearest

_WORDS: Final = {str: "a text", int: "a whole number", list: "a list", dict: "a table"}
_WORDS_FOR: Final = {**_WORDS, float: "a number", bool: "true or false"}


def checked(
    table: Mapping[str, Any], kinds: Mapping[str, tuple[type, ...]], needed: Sequence[str], at: str
) -> None:
    """Raises `Unreadable` for a key that is unknown, missing or of another kind."""
    for key, value in table.items():
        if key not in kinds:
            raise Unreadable(f"{at}: unknown key {key!r}; {nearest(key, tuple(kinds))}")
        if not isinstance(value, kinds[key]) or (
            isinstance(value, bool) and bool not in kinds[key]
        ):
            expected = " or ".join(_WORDS_FOR[kind] for kind in kinds[key])
            raise Unreadable(f"{at}: {key} = {value!r}; expected {expected}")
    for key in needed:
        if key not in table:
            raise Unreadable(f"{at}: {key} is missing")


def one_of(value: str, choices: Sequence[str], key: str, at: str) -> str:
    """The value, if it is among the choices."""
    if value not in choices:
        raise Unreadable(f"{at}: {key} {value!r} is unknown; {nearest(value, choices)}")
    return value


def text_in(value: Any, key: str, at: str) -> str:
    """The value, if it is a text."""
    if not isinstance(value, str):
        raise Unreadable(f"{at}: {key} holds {value!r}; expected texts")
    return value


def within(value: int, least: int, most: int, key: str, at: str) -> int:
    """The value, if it is in that range."""
    if not least <= value <= most:
        raise Unreadable(f"{at}: {key} = {value}; expected {least} to {most}")
    return value
