"""What we are told about a file: on the command line, by a decorator, or in a TOML file beside it.

All three say the same few things with the same words. A word that is unknown is refused with the
nearest one that is not.
"""

from __future__ import annotations

import ast
import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from backproof.notation import ACTIVATIONS, FAMILY, MODELS

F = TypeVar("F", bound=Callable[..., Any])

REDUCTIONS = ("mean", "sum")
# All that reports print; pieces are known by the functions that compute them.
_MODELS = tuple(name for name, model in FAMILY.items() if model.piece is None)
_BY_OPTION = ("the command line", "%backproof")
MOST_CASES = 1_000_000  # all of them are kept in memory


class Unreadable(Exception):  # noqa: N818 - it is a finding about somebody's file
    """A file that cannot be read; the message says what, where, and what to do about it."""


class Settings(NamedTuple):
    """What is told; None is not told.

    Attributes:
        model: a key of `notation.FAMILY` that is no piece.
        activation: of the hidden layers, one of `notation.ACTIVATIONS`.
        convention: as `convention.parse` takes it: `"rows, y=n"`.
        function: the one function to check.
        reduction: what the gradients are of: the loss's `mean` over the examples, or its `sum`.
    """

    model: str | None = None
    activation: str | None = None
    convention: str | None = None
    function: str | None = None
    reduction: str | None = None


class Told(NamedTuple):
    """Settings and the words for where they come from: `the command line`, `homework.toml`."""

    settings: Settings
    where: str


def one(key: str, sources: Iterable[Told]) -> tuple[str, str] | None:
    """The first of `sources` that tells `key`: the value, and by what it was told."""
    for settings, where in sources:
        value: str | None = getattr(settings, key)
        if value is not None:
            return value, f"told by {where}"
    return None


def validated(told: Mapping[str, object], where: str) -> Settings:
    """`told` as `Settings`; raises `Unreadable` at an unknown key or value."""
    settings: dict[str, str] = {}
    for key, value in told.items():
        if key not in Settings._fields:
            raise Unreadable(f"{where}: unknown key {key!r}; {nearest(key, Settings._fields)}")
        if value is None:
            continue
        if key == "convention" and isinstance(value, Mapping):
            value = _as_text(value)
        if not isinstance(value, str):
            raise Unreadable(f"{where}: {key} = {value!r} is not a string")
        choices = {
            "model": _MODELS,
            "activation": ACTIVATIONS,
            "reduction": REDUCTIONS,
        }.get(key)
        if choices is not None and value not in choices:
            shown = (*MODELS, "or a name that reports print") if key == "model" else choices
            raise Unreadable(f"{_unknown(key, value, where)}; {nearest(value, choices, shown)}")
        settings[key] = value
    return Settings(**settings)


def _unknown(key: str, value: str, where: str) -> str:
    """That a value is unknown, in the words in which it was told."""
    if where in _BY_OPTION:
        return f"--{key} {value}: unknown"
    if where == "the arguments":
        return f"{key}={value!r}: unknown"
    return f"{where}: {key} {value!r} is unknown"


def nearest(word: str, choices: Sequence[str], shown: Sequence[str] | None = None) -> str:
    """What could have been meant by a word that is none of `choices`; `shown` stands for them."""
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}expected one of {', '.join(choices if shown is None else shown)}"


def _as_text(layouts: Mapping[str, object]) -> str:
    """A TOML table of layouts as the one line that `convention.parse` takes."""
    rest = [f"{tensor}={layout}" for tensor, layout in layouts.items() if tensor != "preset"]
    return ", ".join([str(layouts["preset"]), *rest] if "preset" in layouts else rest)


def derivation(
    *,
    model: str | None = None,
    activation: str | None = None,
    convention: str | None = None,
    reduction: str | None = None,
) -> Callable[[F], F]:
    """Says what a function is a derivation of; the function itself is returned as it is.

    The arguments are those of `Settings`, written as literals: they are read without running the
    file. Raises `ValueError` at an unknown value.
    """
    told = {
        "model": model,
        "activation": activation,
        "convention": convention,
        "reduction": reduction,
    }
    try:
        settings = validated(told, "@backproof.derivation")
    except Unreadable as error:
        raise ValueError(str(error)) from None

    def mark(function: F) -> F:
        function.__backproof__ = settings  # type: ignore[attr-defined]
        return function

    return mark


def by_decorator(function: ast.FunctionDef, file: str) -> Told | None:
    """What `@backproof.derivation(...)` above `function` tells; None without one."""
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name != "derivation":
            continue
        where = f"{file}, line {decorator.lineno}: @backproof.derivation"
        if not isinstance(decorator, ast.Call):
            raise Unreadable(f"{where} needs arguments, such as (model='mlp')")
        if decorator.args:
            raise Unreadable(f"{where} takes arguments by name only, such as model='mlp'")
        told: dict[str, object] = {}
        for keyword in decorator.keywords:
            if keyword.arg is None or not isinstance(keyword.value, ast.Constant):
                what = keyword.arg or "**"
                raise Unreadable(f"{where}: {what} is not a literal; the file is read, not run")
            told[keyword.arg] = keyword.value.value
        return Told(validated(told, where), "the decorator")
    return None


class Beside(NamedTuple):
    """What a TOML file tells: for the whole file, and for single functions."""

    file: Told | None
    functions: Mapping[str, Told]


def by_toml(path: Path) -> Beside:
    """What `<stem>.toml` beside the file at `path` tells; nothing if there is none."""
    beside = path.with_suffix(".toml")
    if beside.exists() and not beside.is_file():  # reading a pipe waits for whoever writes on it
        raise Unreadable(f"{beside.name} cannot be read: it is not a file")
    try:
        data = tomllib.loads(beside.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Beside(None, {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unreadable(f"{beside.name} cannot be read: {error}") from None
    tables = data.pop("functions", {})
    if not isinstance(tables, Mapping) or not all(isinstance(t, Mapping) for t in tables.values()):
        raise Unreadable(f"{beside.name}: functions holds tables, such as [functions.backward]")
    functions = {
        name: Told(validated(table, f"{beside.name}, [functions.{name}]"), beside.name)
        for name, table in tables.items()
    }
    return Beside(Told(validated(data, beside.name), beside.name), functions)
