"""Which names a statement binds, and which it looks up: enough to leave out what is not needed."""

from __future__ import annotations

import ast

from backproof.reading import patterns, updates
from backproof.reading.binding import parameters_of
from backproof.reading.updates import base_of

_CHANGING = ("append", "extend", "update", "insert", "fill", "setdefault")


def bound(statement: ast.AST) -> set[str]:
    """The names that a statement binds or changes at its own level."""
    found: set[str] = set()
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    for node in updates.own_nodes([statement]):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            found.add(base_of(node))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(one.asname or one.name).split(".")[0] for one in node.names}
        elif isinstance(node, ast.Call) and patterns.called(node) in _CHANGING:
            found.add(base_of(node.func))
    for node in ast.walk(statement):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not isinstance(
            statement, ast.FunctionDef | ast.ClassDef
        ):
            found.add(node.name)
    return found - {""}


def bound_inside(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names that are local to a function."""
    inside = {name for name, _, _ in parameters_of(function)}
    for statement in function.body:
        inside |= bound(statement)
    declared = {
        n for node in ast.walk(function) if isinstance(node, ast.Global) for n in node.names
    }
    return inside - declared


def free(node: ast.AST) -> set[str]:
    """The names that a statement looks up outside of itself."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        inside: set[str] = set()
        defaults = [one for one in node.args.kw_defaults if one is not None]
        for part in [*node.body, *node.decorator_list, *node.args.defaults, *defaults]:
            inside |= free(part)
        return inside - bound_inside(node) - {node.name}
    if isinstance(node, ast.ClassDef):
        outer = [*node.bases, *node.decorator_list, *(one.value for one in node.keywords)]
        found = {name for part in outer for name in loaded(part)}
        for part in node.body:
            found |= free(part)
        return found
    nested = [part for part in ast.walk(node) if isinstance(part, ast.FunctionDef | ast.ClassDef)]
    if not nested:
        return loaded(node)
    own = {name for part in updates.own_nodes([node]) for name in _loaded_here(part)}
    return own.union(*map(free, nested))


def _loaded_here(node: ast.AST) -> set[str]:
    return {node.id} if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else set()


def loaded(node: ast.AST) -> set[str]:
    """All names that are looked up anywhere below."""
    return {
        part.id
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
    } | {n for part in ast.walk(node) if isinstance(part, ast.Global) for n in part.names}
