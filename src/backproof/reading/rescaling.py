"""Features and labels that code puts on one scale before it trains on them: syntax only."""

from __future__ import annotations

import ast
import re

from backproof.reading import roles
from backproof.reading.updates import last_word

_MIDDLE = re.compile(r"(?:.*_)?(?:mean|means|avg|average|mu|median|min|minimum|media)(?:_.*)?\d*")
_SPREAD = re.compile(
    r"(?:.*_)?(?:std|stds|stdev|std_?dev|sigma|sd|deviation|range|max|min|ptp|scale|desvio)(?:_.*)?\d*"
)


def rescaled(node: ast.expr) -> ast.expr | None:
    """The data of `(X - X.mean(axis=0)) / X.std(axis=0)`, or None."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div):
        return None
    above = node.left
    if not isinstance(above, ast.BinOp) or not isinstance(above.op, ast.Sub):
        return None
    data = above.left
    named = isinstance(data, ast.Name | ast.Attribute | ast.Subscript)
    if not named or not roles.is_data(last_word(data).strip("_")):
        return None
    own = {last_word(data)}
    middle, spread = _words(above.right) - own, _words(node.right) - own
    moved = any(map(_MIDDLE.fullmatch, middle)) and any(map(_SPREAD.fullmatch, spread))
    return data if moved else None


def left_over(function: ast.FunctionDef) -> set[str]:
    """The data that a function puts on one scale under another name, and computes with as well."""
    scaled: dict[str, set[ast.AST]] = {}
    for node in ast.walk(function):
        data = rescaled(node.value) if isinstance(node, ast.Assign) else None
        if data is None or not isinstance(node, ast.Assign):
            continue
        if ast.unparse(node.targets[0]) != ast.unparse(data):
            scaled.setdefault(ast.unparse(data), set()).update(ast.walk(node))
    return {
        ast.unparse(node)
        for node in ast.walk(function)
        if isinstance(node, ast.Name | ast.Attribute)
        and node not in scaled.get(ast.unparse(node), {node})
        and node not in _looked_at(function)
    }


def _looked_at(function: ast.FunctionDef) -> set[ast.AST]:
    """What is only asked for its size, its mean or its spread, or set."""
    found: set[ast.AST] = set()
    for node in ast.walk(function):
        asked = isinstance(node, ast.Attribute) and (
            node.attr in ("shape", "size", "mean", "std", "min", "max", "ptp", "ndim")
        )
        called = isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
            *("len", "mean", "std", "min", "max", "amin", "amax", "ptp", "median", "range"),
        )
        if asked or called:
            found |= {*ast.walk(node)}
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node)
    return found


def _words(node: ast.expr) -> set[str]:
    return {
        last_word(part).strip("_").lower()
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute)
    }
