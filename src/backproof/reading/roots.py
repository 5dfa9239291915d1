"""Which variables around a training loop hold parameters, and by what names these go."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from backproof.reading import names, patterns, roles, scopes, updates
from backproof.reading.recipes import Reader
from backproof.reading.scopes import Loop, Scope
from backproof.reading.slices import bound
from backproof.reading.updates import base_of, held_in


def reached(read: Reader, scope: Scope, loop: Loop) -> list[Sequence[ast.stmt]]:
    """The bodies that may run within a turn: the loop's own, and those of what it calls."""
    by_name: dict[str, list[Scope]] = {}
    for one in read.found:
        if one.function is not None:
            by_name.setdefault(one.function.name, []).append(one)
    bodies: list[Sequence[ast.stmt]] = [loop.body]
    waiting, done = scopes.calls(loop.body), {scope.name}
    while waiting:
        name = waiting.pop()
        for one in by_name.get(name, ()):
            if one.name not in done:
                done.add(one.name)
                bodies.append(one.body)
                waiting |= scopes.calls(one.body)
    return bodies


def words_of(read: Reader, scope: Scope) -> set[str]:
    """The names that parameters go by in a class or in a whole file: what it updates, or draws."""
    found = {one.word for other in read.found for one in updates.updates(other.body)}
    found |= keys_of(read) | {one for other in read.found for one in held_in(other.body)}
    bodies = [other.body for other in read.found if other.owner is scope.owner]
    for body in bodies:
        for node in updates.own_nodes(body):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                word = node.attr.strip("_")
                if names.parameter(word) is not None or (
                    updates.WEIGHT_LIKE.fullmatch(word.lower())
                    and names.gradient(word) is None
                    and roles.role(word) is None
                ):
                    found.add(word)
    return found


def keys_of(read: Reader) -> set[str]:
    """The keys under which the file keeps parameters in dicts."""
    found: set[str] = set()
    for node in ast.walk(read.program.tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            key = node.slice.value
            if isinstance(key, str) and names.parameter(key) is not None:
                found.add(key)
        elif isinstance(node, ast.Dict):
            keys = [one.value for one in node.keys if isinstance(one, ast.Constant)]
            found |= {
                key for key in keys if isinstance(key, str) and names.parameter(key) is not None
            }
    text = ast.unparse(read.program.tree)
    for role in "Ww":
        if re.search(rf"'{role}' \+|f'{role}\{{|'{role}(?:%d|%s|%i|\{{\d?\}})'", text):
            found |= {f"{letter}{layer}" for letter in (role, "b", "B") for layer in range(1, 6)}
    return found


_DRAWN = re.compile(r"zeros|ones|randn?|random|normal|uniform|standard_normal|full")


def left_alone(scope: Scope, bodies: Sequence[Sequence[ast.stmt]]) -> set[str]:
    """The parameters that are set up and used in training but that no step moves."""
    used = {
        updates.last_word(node)
        for body in bodies
        for node in updates.own_nodes(body)
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    around = scope.body if scope.owner is None else scope.owner.body
    nodes = [node for one in around for node in ast.walk(one)]
    if scope.owner is None:  # what a loop sets up anew is no parameter
        nodes = [one for one in around if isinstance(one, ast.Assign)]
    found = {
        updates.last_word(target)
        for node in nodes
        if isinstance(node, ast.Assign)
        for target, value in _pairs(node)
        if isinstance(target, ast.Name | ast.Attribute) and is_drawn(value)
    }
    return {word for word in found & used if names.parameter(word) is not None}


def _pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is assigned to what: `w, b = np.zeros(d), 0.0` is two assignments."""
    for target in node.targets:
        value = node.value
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            yield from zip(target.elts, value.elts, strict=False)
        else:
            yield target, value


def is_drawn(value: ast.expr) -> bool:
    """`np.zeros((h, 1))`, `0.0`, `0.1 * np.random.randn(d, h)`: how parameters are set up."""
    if patterns.number(value) is not None:
        return True
    return any(_DRAWN.fullmatch(patterns.called(part)) for part in ast.walk(value))


def bound_before(body: Sequence[ast.stmt], loop: Loop) -> set[str]:
    """The names that are bound before a loop, or around it."""
    found: set[str] = set()
    for statement in body:
        place = (loop.lineno, loop.col_offset)
        if (statement.lineno, statement.col_offset) == place:
            break
        inside = [
            part
            for name in ("body", "orelse", "finalbody")
            for part in getattr(statement, name, [])
            if not isinstance(statement, ast.FunctionDef | ast.ClassDef)
        ]
        if (
            any(loop.lineno == getattr(node, "lineno", 0) for node in ast.walk(statement))
            and inside
        ):
            found |= bound_before(inside, loop)
            break
        found |= bound(statement)
    return found


def roots_of(read: Reader, scope: Scope, loops: Sequence[Loop], wanted: set[str]) -> list[str]:
    """The variables of the scope that hold parameters, in the order in which they turn up."""
    roots: dict[str, None] = {}
    if scope.owner is not None and scope.function and scope.function.args.args:
        roots[scope.function.args.args[0].arg] = None
    for one in updates.updates(loops[0].body):
        roots[one.base] = None
    for node in updates.own_nodes(loops[0].body):
        if isinstance(node, ast.Call) and patterns.called(node) in read.known:
            if isinstance(node.func, ast.Attribute) and base_of(node.func):
                roots[_gone_through(base_of(node.func), loops[0])] = None
            for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                if isinstance(argument, ast.Name) and _may_hold(argument.id, wanted):
                    roots[argument.id] = None
        if isinstance(node, ast.Assign) and patterns.called(node.value) in read.known:
            for part in ast.walk(node.targets[0]):
                if isinstance(part, ast.Name) and _may_hold(part.id, wanted):
                    roots[part.id] = None
    declared = declared_globals(read, scope, loops[0])
    for name in declared:
        roots[name] = None
    if scope.owner is None:
        roots.update(dict.fromkeys(sorted(left_alone(scope, [loops[0].body]) & wanted)))
    assigned = bound_before(scope.body, loops[0]) | set(declared)
    if scope.function is not None:
        arguments = scope.function.args
        assigned |= {
            a.arg for a in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        }
        assigned |= {
            name
            for node in ast.walk(scope.function)
            if isinstance(node, ast.Global)
            for name in node.names
        }
    inner = {
        part.id
        for loop in loops
        if isinstance(loop, ast.For)
        for part in ast.walk(loop.target)
        if isinstance(part, ast.Name)
    }
    return [name for name in roots if name and name in assigned and name not in inner]


def _gone_through(name: str, loop: Loop) -> str:
    """The list that `for layer in reversed(network)` goes through, for its variable."""
    for node in updates.own_nodes(loop.body):
        if isinstance(node, ast.For) and ast.unparse(node.target) == name:
            of = node.iter
            if isinstance(of, ast.Call) and of.args:
                of = of.args[0]
            return base_of(of) or name
    return name


def declared_globals(read: Reader, scope: Scope, loop: Loop) -> list[str]:
    """The global variables that functions called in the loop update."""
    found: dict[str, None] = {}
    for body in reached(read, scope, loop):
        declared = {
            n
            for node in updates.own_nodes(body)
            if isinstance(node, ast.Global)
            for n in node.names
        }
        for one in updates.updates(body):
            if one.base in declared:
                found[one.base] = None
    return list(found)


def _may_hold(name: str, wanted: set[str]) -> bool:
    if names.gradient(name) is not None or names.is_collection(name) or names.is_loss(name):
        return False
    if name in wanted or names.parameter(name) is not None:
        return True
    return roles.role(name) is None and not name.lower().startswith(("cache", "grad", "d_"))
