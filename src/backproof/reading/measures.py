"""Functions that are called like a mean of squares and are another measure of predictions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from backproof.reading import patterns
from backproof.reading.recipes import Reader
from backproof.reading.updates import last_word, returned_value

_OF_SQUARES = re.compile(r"(?:(?:calc|compute|get)\w*_)?mse(?:_loss)?")


def other_measures(read: Reader) -> set[str]:
    """The functions called `mse` that give a mean of absolute differences, or a root.

    Only of a file that trains, by gradients of squares then: neither says what these are of.
    """
    return {
        scope.function.name
        for scope in read.found
        if read.known
        and scope.function is not None
        and _OF_SQUARES.fullmatch(scope.function.name.strip("_").lower())
        and (value := returned_value(scope.function)) is not None
        and (patterns.called(value) == "sqrt" or _is_of_absolutes(value))
    }


def is_absolute(statements: Iterable[ast.AST], name: str) -> bool:
    """Whether a variable holds a mean of absolute differences: how far training has come."""
    return any(
        isinstance(node, ast.Assign)
        and last_word(node.targets[0]) == name
        and _is_of_absolutes(node.value)
        for statement in statements
        for node in ast.walk(statement)
    )


def _is_of_absolutes(value: ast.expr) -> bool:
    """`np.mean(np.abs(y - p))`, without a square of it."""
    called = {patterns.called(node) for node in ast.walk(value)}
    powers = any(isinstance(n, ast.BinOp) and isinstance(n.op, ast.Pow) for n in ast.walk(value))
    absolute = bool(called & {"abs", "absolute", "fabs"})
    return absolute and not powers and not called & {"square", "power", "log", "dot"}
