"""Which names a statement binds, and which it looks up: enough to leave out what is not needed."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from backproof.reading import patterns, syntax, updates
from backproof.reading.binding import parameters_of
from backproof.reading.updates import base_of

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_KEPT = 1 << 12  # statements of which it is known; the file's own, which nobody changes
_CHANGING = ("append", "extend", "update", "insert", "fill", "setdefault")


class _Names(NamedTuple):
    """What one walk through a statement finds.

    Attributes:
        assigned: the names it binds, without those of which it only changes a part.
        changed: those.
        loaded: the names it looks up at its own level.
        declared: the names that are declared global anywhere inside.
        nested: the functions and classes inside.
    """

    assigned: frozenset[str]
    changed: frozenset[str]
    loaded: frozenset[str]
    declared: frozenset[str]
    nested: tuple[ast.AST, ...]


@lru_cache(_KEPT)
def _names(statement: ast.AST) -> _Names:
    everything = syntax.nodes(statement)
    nested = [part for part in everything if isinstance(part, ast.FunctionDef | ast.ClassDef)]
    own = everything
    if any(isinstance(part, updates.ELSEWHERE) for part in everything):
        own = [*updates.own_nodes([statement])]
    assigned = {part.name for part in nested}
    changed: set[str] = set()
    for node in own:
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                assigned.add(node.id)
        elif isinstance(node, ast.Attribute | ast.Subscript):
            if isinstance(node.ctx, ast.Store):
                changed.add(base_of(node))
        elif isinstance(node, ast.Call):
            if patterns.called(node) in _CHANGING:
                changed.add(base_of(node.func))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            assigned |= {(one.asname or one.name).split(".")[0] for one in node.names}
    declared = {name for part in everything if isinstance(part, ast.Global) for name in part.names}
    looked_up = _loaded_among(own) if nested else _loaded_among(everything) | declared
    return _Names(
        frozenset(assigned),
        frozenset(changed - {""}),
        frozenset(looked_up),
        frozenset(declared),
        tuple(nested),
    )


def bound(statement: ast.AST) -> frozenset[str]:
    """The names that a statement binds or changes at its own level."""
    if isinstance(statement, _DEFINITIONS):
        return frozenset({statement.name})
    found = _names(statement)
    return found.assigned | found.changed


def bound_inside(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names that are local to a function."""
    inside = {name for name, _, _ in parameters_of(function)}
    declared: set[str] = set()
    for statement in function.body:
        is_definition = isinstance(statement, _DEFINITIONS)
        inside |= bound(statement) if is_definition else _names(statement).assigned
        declared |= _names(statement).declared
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
    names = _names(node)
    return names.loaded.union(*map(free, names.nested))


def loaded(node: ast.AST) -> set[str]:
    """All names that are looked up anywhere below."""
    everything = syntax.nodes(node)
    return _loaded_among(everything) | {
        name for part in everything if isinstance(part, ast.Global) for name in part.names
    }


def entering(body: Iterable[ast.stmt], made: frozenset[str] = frozenset()) -> set[str]:
    """The names that statements look up before they have bound them themselves.

    `made` are bound already. What a branch binds may not be, what a loop binds is in its own body.
    """
    found: set[str] = set()
    for statement in body:
        if isinstance(statement, ast.For):
            inside = made | _names(statement.target).assigned
            found |= loaded(statement.iter) - made
            found |= entering([*statement.body, *statement.orelse], inside)
        elif isinstance(statement, ast.While | ast.If):
            found |= loaded(statement.test) - made
            found |= entering(statement.body, made) | entering(statement.orelse, made)
        else:
            found |= loaded(statement) - made
            if isinstance(statement, ast.AugAssign):
                found |= _names(statement).assigned - made
            elif isinstance(statement, ast.Assign):
                made |= _names(statement).assigned
    return found


def _loaded_among(nodes: Iterable[ast.AST]) -> set[str]:
    return {
        part.id for part in nodes if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
    }
