"""Sizes that a file fixes and that are larger than any case: the same code with smaller ones.

A hidden layer of 128 is as good as one of 9 to see whether its gradients are right, where nothing
but the number stands in the way. What was made smaller is said beside the verdict.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator, Sequence

from backproof.notation import LARGEST
from backproof.reading import patterns, roles, updates
from backproof.reading.binding import defaults_of
from backproof.reading.recipes import Recipe

_SHAPED = re.compile(r"zeros|ones|empty|full|randn?|random|normal|uniform|standard_normal|reshape")
_SMALL = (9, 12, 14, 15, 16, 18)  # no size of a trial, see `slots.SIZES`


def with_smaller_sizes(recipe: Recipe) -> Recipe | None:
    """The recipe with each size above the largest of a case made small; None where it has none."""
    large = list(dict.fromkeys(_large(recipe.statements)))
    if not large or len(large) > len(_SMALL) or recipe.question is not None:
        return None
    smaller = dict(zip(large, _SMALL, strict=False))
    statements = copy.deepcopy(recipe.statements)
    for statement in statements:
        # `X / 255` scales; what is multiplied is no size.
        factors = {
            id(side)
            for node in ast.walk(statement)
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)
            for side in (node.left, node.right)
        }
        for node in ast.walk(statement):
            size = _size(node)
            if isinstance(node, ast.Constant) and size in smaller and id(node) not in factors:
                node.value = smaller[size]
    return recipe._replace(statements=statements, smaller=smaller)


def _large(statements: Sequence[ast.stmt]) -> Iterator[int]:
    """The sizes of hidden layers above the largest of a case, where the code writes them out."""
    for node in (node for statement in statements for node in ast.walk(statement)):
        values: list[ast.expr] = []
        if isinstance(node, ast.Assign) and _is_hidden(updates.last_word(node.targets[0])):
            values = [node.value]
        elif isinstance(node, ast.arguments):
            values = [value for name, value in defaults_of(node).items() if _is_hidden(name)]
        elif isinstance(node, ast.Call) and _SHAPED.fullmatch(patterns.called(node)):
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
        for value in values:
            for part in value.elts if isinstance(value, ast.Tuple | ast.List) else [value]:
                size = _size(part)
                if size is not None:
                    yield size


def _is_hidden(name: str) -> bool:
    return roles.role(name) in ("h", "dims")


def _size(node: ast.AST) -> int | None:
    """The number that it is, if it is above the largest of a case; None for anything else."""
    value = node.value if isinstance(node, ast.Constant) else None
    return value if type(value) is int and value > LARGEST else None
