"""The loss functions of a file: how the one that is meant is run by itself, and who calls which."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from backproof.reading import names, patterns, updates
from backproof.reading.arguments import callee
from backproof.reading.calling import called_with, given_to_probe, returns_gradients
from backproof.reading.composing import Composer
from backproof.reading.drivers import needed, with_globals
from backproof.reading.measures import other_measures
from backproof.reading.recipes import PROBE, Reader, Recipe, Unbound, parsed
from backproof.reading.roots import words_of
from backproof.reading.scopes import Scope

_SEVERAL = (
    "there are several loss functions, and which of them belongs to the gradients is not shown; "
    "let the function that gives these call it"
)
_MEASURED = "it is a measure of predictions like others here, and nothing that trains calls it"
_OTHER = "it is called like the mean of squares, but gives that of absolute differences, or a root"


class LossFunction(NamedTuple):
    """A loss function of the file.

    Attributes:
        name: as people call it.
        line: where it is defined.
        judged_with: the names of what is judged that calls it, or that it is itself.
        why: why it is not judged, where none of these gives a loss.
    """

    name: str
    line: int
    judged_with: frozenset[str]
    why: str


def losses(read: Reader) -> list[Recipe]:
    """The one loss function that is meant, with the forward pass before it; or why it is none.

    Of several, the one that calls all the others.
    """
    others = other_measures(read)
    found = [scope for scope in defined(read) if scope.name.split(".")[-1] not in others]
    helpers = {
        name
        for scope in found
        for name in reached(read, scope.body)
        if name != scope.name.split(".")[-1]
    }
    alone = [scope for scope in found if scope.name.split(".")[-1] not in helpers]
    if len(alone) != 1:
        return []
    try:
        return [_recipe(read, alone[0])]
    except Unbound as error:
        scope = alone[0]
        return [
            Recipe(
                scope.name,
                scope.line,
                (),
                frozenset(),
                question=str(error),
                updates=False,
                loss_only=True,
            )
        ]


def _recipe(read: Reader, scope: Scope) -> Recipe:
    assert scope.function is not None
    if _decorators(scope.function) - {"staticmethod", "classmethod"}:
        raise Unbound("is decorated")
    composer = Composer(read, scope.owner)
    composer.done.add(scope.function.name)
    before, call = called_with(read, composer, scope)
    lines = [*before, *composer.lines, f"{PROBE}.note({{'loss': {call}}})"]
    body = [parsed(line) for line in lines]
    return Recipe(
        scope.name,
        scope.function.lineno,
        needed(read, with_globals(read, body), {}),
        frozenset(words_of(read, scope) | given_to_probe(body)),
        updates=False,
        loss_only=True,
    )


def defined(read: Reader) -> list[Scope]:
    """The functions and methods of the file that give a loss, and no gradients beside it."""
    return [
        scope
        for scope in read.found
        if scope.function is not None
        and (names.is_loss(scope.function.name) or scope.function.name in read.handed.losses)
        and scope.function.name not in read.handed.gradients
        and "property" not in _decorators(scope.function)
        and updates.returned_value(scope.function) is not None
        and not returns_gradients(scope.function)
    ]


_MEASURE = re.compile(
    r"r?mse|s?mape|mae|wape|r2|r_?squared|mean_(?:squared|absolute)_\w*error|rmsle"
)


def is_measure(read: Reader, name: str) -> bool:
    """Whether a loss function is one of the file's measures of how good predictions are.

    So it is called like them, and nothing calls it to train: then it does not say what gradients
    are of.
    """
    last = name.split(".")[-1]
    functions = [scope for scope in read.found if scope.function is not None]
    defined_here = {scope.name.split(".")[-1] for scope in functions}
    measures = {one for one in defined_here if _MEASURE.match(one.strip("_").lower())}
    called = reached(read, [statement for scope in functions for statement in scope.body])
    return last in measures and len(measures) > 1 and last not in called


def measured(read: Reader) -> str | None:
    """What the file's mean squared error is of the half, where that is a measure of predictions."""
    for scope in defined(read):
        value = None if scope.function is None else updates.returned_value(scope.function)
        if value is None or not is_measure(read, scope.name) or not _squares(value):
            continue
        halved = any(
            isinstance(node, ast.BinOp)
            and (
                (
                    isinstance(node.op, ast.Mult)
                    and 0.5 in map(patterns.number, (node.left, node.right))
                )
                or (
                    isinstance(node.op, ast.Div)
                    and 2.0 in map(patterns.number, ast.walk(node.right))
                )
            )
            for node in ast.walk(value)
        )
        return "1" if halved else "2"
    return None


def _squares(value: ast.expr) -> bool:
    """Whether it is a mean of squares."""
    nodes = [*ast.walk(value)]
    squared = any(
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Pow)
        and patterns.number(node.right) == 2
        for node in nodes
    )
    called = {patterns.called(node) for node in nodes}
    return (squared or "square" in called) and bool(called & {"mean", "average"})


def _decorators(function: ast.FunctionDef) -> set[str]:
    return {updates.last_word(one) or patterns.called(one) for one in function.decorator_list}


def reached(read: Reader, body: Iterable[ast.AST]) -> set[str]:
    """The last names of the file's functions and methods that these statements come to call."""
    bodies: dict[str, list[Sequence[ast.stmt]]] = {}
    for scope in read.found:
        if scope.function is not None:
            bodies.setdefault(scope.function.name, []).append(scope.body)
            if scope.owner is not None:  # as our driver calls a private one
                outer = callee(scope.owner, scope.function).removeprefix("__self.")
                bodies.setdefault(outer, []).append(scope.body)
    found: set[str] = set()
    waiting = list(body)
    while waiting:
        for node in ast.walk(waiting.pop()):
            name = patterns.called(node) if isinstance(node, ast.Call) else ""
            if name and name not in found:
                found.add(name)
                waiting += [statement for one in bodies.get(name, ()) for statement in one]
    return found


def known(
    read: Reader, listed: Sequence[Recipe], calling: Sequence[tuple[str, set[str]]], why: str
) -> list[LossFunction]:
    """All loss functions of the file.

    Arguments:
        read: the file.
        listed: its recipes.
        calling: what is judged together with a loss, and the last names of what it calls.
        why: why the one that `losses` found is not judged by itself, where it is not.
    """
    meant = next((one for one in listed if one.loss_only), None)
    everything = [(scope.name, scope.line) for scope in defined(read)]
    found = []
    for name, line in everything:
        own = _SEVERAL
        if meant is not None and name == meant.name:
            own = meant.question or why
        if is_measure(read, name):
            own = _MEASURED
        if name.split(".")[-1] in other_measures(read):
            own = _OTHER
        judged = {one for one, called in calling if name.split(".")[-1] in called or one == name}
        found.append(LossFunction(name, line, frozenset(judged), own))
    return found
