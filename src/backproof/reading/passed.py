"""What a file itself passes for a parameter: its own functions, texts, objects, architectures."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from backproof.reading import patterns, updates
from backproof.reading.binding import given_in, parameters_of
from backproof.reading.recipes import Reader
from backproof.reading.slices import bound


def as_called(name: str, function: ast.FunctionDef, read: Reader) -> str | None:
    """What the file itself passes for a parameter: a function of its own, or a text."""
    for value in _passed(name, function, read):
        if isinstance(value, ast.Name):
            value = _set_to(value, read)
        if isinstance(value, ast.Name) and value.id in read.functions:
            return value.id
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return repr(value.value)
    alike = (one for one in sorted(_bound_in(read)) if one.lower() == name.lower())
    return next((one for one in alike if _is_plan(one, read)), None)


def passed_object(name: str, function: ast.FunctionDef, read: Reader) -> str | None:
    """The variable that the file itself passes, if it holds objects, or an architecture."""
    for value in _passed(name, function, read):
        held = value.id if isinstance(value, ast.Name) else ""
        if is_object(held, read) or _is_plan(held, read):
            return held
    return None


def _passed(name: str, function: ast.FunctionDef, read: Reader) -> Iterator[ast.expr]:
    """What the file's own calls of a function, or of its class, pass for a parameter."""
    makes = [one.name for one in read.classes.values() if function in one.body]
    target = makes[0] if makes and function.name == "__init__" else function.name
    listed = [one for one, _, _ in parameters_of(function) if one != "self"]
    for node in ast.walk(read.program.tree):
        if isinstance(node, ast.Call) and patterns.called(node) == target:
            value = given_in(node, listed).get(name)
            if value is not None:
                yield value


def is_object(name: str, read: Reader) -> bool:
    """Whether the script makes an object of a class of its own of that name, or a list of some."""
    return any(
        patterns.called(part) in read.classes
        for statement in read.script
        if isinstance(statement, ast.Assign) and updates.last_word(statement.targets[0]) == name
        for part in ast.walk(statement.value)
    )


def _set_to(name: ast.Name, read: Reader) -> ast.expr:
    """What the script sets a variable to, where that is a name again: `activation = sigmoid`."""
    for statement in read.script:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name.id:
            return statement.value if isinstance(statement.value, ast.Name) else name
    return name


def _bound_in(read: Reader) -> set[str]:
    return {name for statement in read.script for name in bound(statement)}


def _is_plan(name: str, read: Reader) -> bool:
    """Whether the script sets a name to a list of texts or dicts: a network's architecture."""
    return any(
        isinstance(statement, ast.Assign)
        and updates.last_word(statement.targets[0]) == name
        and isinstance(statement.value, ast.List)
        and any(
            isinstance(one, ast.Dict | ast.Tuple | ast.Constant) for one in statement.value.elts
        )
        and any(
            isinstance(part, ast.Constant) and isinstance(part.value, str)
            for part in ast.walk(statement.value)
        )
        for statement in read.script
    )
