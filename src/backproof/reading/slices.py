"""Which names a statement binds, and which it looks up: enough to leave out what is not needed."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import lru_cache

from backproof.reading import patterns, updates
from backproof.reading.binding import parameters_of
from backproof.reading.updates import base_of

_KEPT = 1 << 12  # statements of which it is known; the file's own, which nobody changes
_CHANGING = ("append", "extend", "update", "insert", "fill", "setdefault")


@lru_cache(_KEPT)
def bound(statement: ast.AST) -> frozenset[str]:
    """The names that a statement binds or changes at its own level."""
    changed: set[str] = set()
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        for node in updates.own_nodes([statement]):
            if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
                changed.add(base_of(node))
            elif isinstance(node, ast.Call) and patterns.called(node) in _CHANGING:
                changed.add(base_of(node.func))
    return _assigned(statement) | frozenset(changed - {""})


@lru_cache(_KEPT)
def _assigned(statement: ast.AST) -> frozenset[str]:
    """The names that a statement binds, without those of which it only changes a part."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return frozenset({statement.name})
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
    for node in updates.own_nodes([statement]):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(one.asname or one.name).split(".")[0] for one in node.names}
    return frozenset(found)


def bound_inside(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names that are local to a function."""
    inside = {name for name, _, _ in parameters_of(function)}
    for statement in function.body:
        inside |= _assigned(statement)
    declared = {
        n for node in ast.walk(function) if isinstance(node, ast.Global) for n in node.names
    }
    return inside - declared


@lru_cache(_KEPT)
def free(node: ast.AST) -> frozenset[str]:
    """The names that a statement looks up outside of itself."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        defaults = [one for one in node.args.kw_defaults if one is not None]
        parts = [*node.body, *node.decorator_list, *node.args.defaults, *defaults]
        inside = frozenset[str]().union(*map(free, parts))
        return inside - bound_inside(node) - {node.name}
    if isinstance(node, ast.ClassDef):
        outer = [*node.bases, *node.decorator_list, *(one.value for one in node.keywords)]
        found = frozenset(name for part in outer for name in loaded(part))
        return found.union(*map(free, node.body))
    everything = [*ast.walk(node)]
    nested = [part for part in everything if isinstance(part, ast.FunctionDef | ast.ClassDef)]
    if not nested:
        return frozenset(_loaded_among(everything))
    own = frozenset(name for part in updates.own_nodes([node]) for name in _loaded_here(part))
    return own.union(*map(free, nested))


def _loaded_here(node: ast.AST) -> set[str]:
    return {node.id} if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else set()


def loaded(node: ast.AST) -> set[str]:
    """All names that are looked up anywhere below."""
    return _loaded_among(ast.walk(node))


def _loaded_among(nodes: Iterable[ast.AST]) -> set[str]:
    found: set[str] = set()
    for part in nodes:
        if isinstance(part, ast.Name):
            if isinstance(part.ctx, ast.Load):
                found.add(part.id)
        elif isinstance(part, ast.Global):
            found.update(part.names)
    return found
