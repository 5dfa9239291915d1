"""Functions that stand inside of something: a class that keeps nothing between calls, or another.

A static or class method is called on its class. A method is called on an instance that was never
initialised, if all it reads of `self` is what its class defines, and the same holds for the methods
that it calls: then there is no state that it could miss.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from backproof.reading.program import Program

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


class Held(NamedTuple):
    """Of functions that are not at the top of a program, by name.

    Attributes:
        classes: the class of each that can be called.
        calls: the expression that stands for it.
        elsewhere: of the others, what they are part of and the line.
    """

    classes: Mapping[str, str]
    calls: Mapping[str, str]
    elsewhere: Mapping[str, tuple[str, str]]

    @property
    def bindings(self) -> str:
        """The lines that make functions of the module of those that can be called."""
        return "".join(f"\n{name} = {call}" for name, call in self.calls.items())


def held(read: Program, body: Sequence[ast.stmt], wanted: Collection[str]) -> Held:
    """Where the functions are that the program's statements do not bind themselves."""
    classes: dict[str, str] = {}
    calls: dict[str, str] = {}
    elsewhere: dict[str, tuple[str, str]] = {}
    every = list(_functions(read.tree, "")) if wanted else []
    for name in sorted(wanted):
        for statement in body:
            if isinstance(statement, ast.ClassDef) and name in _methods(statement):
                call = _called(statement, name)
                if call is not None:
                    classes[name], calls[name] = statement.name, call
        if name in calls:
            continue
        for path, function in every:
            if function.name == name and path != name:
                elsewhere[name] = path, read.where(function.lineno)
    return Held(classes, calls, elsewhere)


def _functions(tree: ast.AST, above: str) -> Iterator[tuple[str, _Function]]:
    """All functions, each with what it is part of: `Network.forward`, `main.sigmoid`."""
    for node in ast.iter_child_nodes(tree):
        path = above
        if isinstance(node, _Function | ast.ClassDef):
            path = f"{above}.{node.name}" if above else node.name
        if isinstance(node, _Function):
            yield path, node
        yield from _functions(node, path)


def _methods(of: ast.ClassDef) -> dict[str, _Function]:
    return {one.name: one for one in of.body if isinstance(one, _Function)}


def _called(of: ast.ClassDef, name: str) -> str | None:
    """The expression that a method can be called by; None where it needs an instance's state."""
    decorators = [ast.unparse(one) for one in _methods(of)[name].decorator_list]
    if decorators in (["staticmethod"], ["classmethod"]):
        return f"{of.name}.{name}"
    if decorators or not _is_stateless(of, name, set()):
        return None
    return f"lambda *a, **k: {of.name}.__new__({of.name}).{name}(*a, **k)"


def _is_stateless(of: ast.ClassDef, name: str, seen: set[str]) -> bool:
    method = _methods(of).get(name)
    if method is None or name in seen:  # an attribute of the class; or looked at already
        return True
    seen.add(name)
    if not (method.args.posonlyargs or method.args.args):
        return bool(method.decorator_list)
    own = (method.args.posonlyargs or method.args.args)[0].arg
    there = {
        target.id
        for one in of.body
        for target in (one.targets if isinstance(one, ast.Assign) else ())
        if isinstance(target, ast.Name)
    } | {*_methods(of)}
    attributes = [
        node
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == own
    ]
    if any(node.attr not in there or not isinstance(node.ctx, ast.Load) for node in attributes):
        return False
    names = [one for one in ast.walk(method) if isinstance(one, ast.Name) and one.id == own]
    if len(names) > len(attributes):  # the instance itself goes somewhere
        return False
    return all(_is_stateless(of, node.attr, seen) for node in attributes)
