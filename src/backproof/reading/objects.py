"""What an object lacks that is called before its training method has run: parameters and data.

`fit` draws `self.weights` and keeps `self.X`; a loss method that is called without it has neither.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

from backproof.reading import patterns, roles, scopes, updates
from backproof.reading.arguments import SIMPLE, preparing
from backproof.reading.recipes import PROBE, Reader
from backproof.reading.updates import last_word


def prepared(owner: ast.ClassDef, function: ast.FunctionDef, read: Reader) -> list[str]:
    """The calls that set an object's parameters up before a method, with the data that they use."""
    calls = preparing(owner, function, read)
    return [*completing(owner, called_in(owner, calls), (), parameters=False), *calls]


def starter_of(
    owner: ast.ClassDef, function: ast.FunctionDef, before: Sequence[str]
) -> ast.FunctionDef | None:
    """The method that draws the parameters which another moves, and then calls that: `fit`.

    None where nothing is left to draw after the lines before.
    """
    moved = {one.word for one in updates.updates(function.body)}
    drawn_elsewhere = moved & _lacking(owner, [function.name], before)
    callers = (
        one
        for one in owner.body
        if isinstance(one, ast.FunctionDef)
        and function.name in scopes.calls(one.body)
        and drawn_elsewhere & _set_by([one])
    )
    return next(callers, None)


def filled_by_script(
    owner: ast.ClassDef, function: ast.FunctionDef, read: Reader
) -> tuple[str, list[ast.stmt]] | None:
    """The script's own object of a class, and the calls that fill it before a method is called.

    `net = Net(); net.add(Dense(2, 3)); net.use(mse, mse_prime); net.fit(X, y)`: what these pass are
    objects and functions of the file, which nothing else tells. None where there are no such calls.
    """
    held = [
        one.targets[0].id
        for one in read.script
        if isinstance(one, ast.Assign)
        and patterns.called(one.value) == owner.name
        and isinstance(one.targets[0], ast.Name)
    ]
    for name in held[:1]:
        filling: list[ast.stmt] = []
        for statement in read.script:
            called = {
                patterns.called(node)
                for node in ast.walk(statement)
                if isinstance(node, ast.Call) and updates.base_of(node.func) == name
            }
            if function.name in called:
                break
            if called and isinstance(statement, ast.Expr | ast.For) and not called & read.known:
                filling.append(statement)
        own = {*read.classes, *read.functions}
        if any(own & {_name(part) for one in filling for part in ast.walk(one)}):
            return name, filling
    return None


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def called_in(owner: ast.ClassDef, lines: Iterable[str]) -> list[str]:
    """The methods of our object that lines call, by their names in the class."""
    found = [name for line in lines for name in re.findall(r"__self\.(\w+)\(", line)]
    return [name.removeprefix(f"_{owner.name.lstrip('_')}") for name in found]


def completing(
    owner: ast.ClassDef,
    run: Iterable[str],
    before: Sequence[str],
    *,
    parameters: bool = True,
) -> list[str]:
    """The lines that give our object what methods look up and nothing before them has set.

    Arguments:
        owner: its class.
        run: the methods, by their names in the class.
        before: the lines before it.
        parameters: whether it lacks those too; a method that trains draws its own.
    """
    methods = [one for one in owner.body if isinstance(one, ast.FunctionDef)]
    moved = {one.word for method in methods for one in updates.updates(method.body)}
    lines = []
    for name in sorted(_lacking(owner, run, before)):
        attribute = f"_{owner.name.lstrip('_')}{name}" if name.startswith("__") else name
        if name in moved:
            value = f"{PROBE}.gift({name.strip('_')!r})" if parameters else ""
        else:
            value = SIMPLE.get(roles.role(name) or "", "")
        if value:
            lines.append(f"__self.{attribute} = {value}")
    return lines


def _lacking(owner: ast.ClassDef, run: Iterable[str], before: Sequence[str]) -> set[str]:
    """What methods look up that others of their class set, but none before them or of their own."""
    methods = {one.name: one for one in owner.body if isinstance(one, ast.FunctionDef)}
    earlier = [methods[name] for name in ("__init__", *called_in(owner, before)) if name in methods]
    made = _set_by(earlier) | {last_word(one) for part in owner.body for one in _targets(part)}
    reached = _called_from([methods[name] for name in run if name in methods], methods)
    return _looked_up(reached) & _set_by(list(methods.values())) - made - _set_by(reached)


def looks_up(owner: ast.ClassDef, function: ast.FunctionDef) -> bool:
    """Whether a method looks up anything of its object but methods."""
    methods = {one.name: one for one in owner.body if isinstance(one, ast.FunctionDef)}
    return bool(_looked_up(_called_from([function], methods)) - {*methods})


def kept_for(method: ast.FunctionDef, other: ast.FunctionDef) -> int:
    """How many attributes of its object a method sets that another looks up."""
    return len(_set_by([method]) & _looked_up([other]))


def _called_from(
    run: Iterable[ast.FunctionDef], methods: dict[str, ast.FunctionDef]
) -> list[ast.FunctionDef]:
    """Methods, and the methods of their class that these come to call."""
    found = [*run]
    for one in found:
        called = {patterns.called(node) for node in ast.walk(one)}
        found += [m for name, m in methods.items() if name in called and m not in found]
    return found


def _set_by(methods: Sequence[ast.FunctionDef]) -> set[str]:
    """The attributes that methods set, to more than None and not from what they are already."""
    return {
        target.attr
        for method in methods
        for node in ast.walk(method)
        for target in _targets(node)
        if isinstance(target, ast.Attribute)
    }


def _targets(node: ast.AST) -> list[ast.expr]:
    """What an assignment sets to something new, also one by one in a tuple."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return []
    found: list[ast.expr] = []
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        values: list[ast.expr] = [node.value]
        parts = [target]
        if isinstance(target, ast.Tuple):
            parts = target.elts
            same = isinstance(node.value, ast.Tuple) and len(node.value.elts) == len(parts)
            values = node.value.elts if same and isinstance(node.value, ast.Tuple) else values
        if len(values) != len(parts):
            values = values[:1] * len(parts)
        found += [
            part
            for part, value in zip(parts, values, strict=True)
            if not (isinstance(value, ast.Constant) and value.value is None)
            and ast.unparse(part) not in ast.unparse(value)
        ]
    return found


def _looked_up(methods: Sequence[ast.FunctionDef]) -> set[str]:
    return {
        node.attr
        for method in methods
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
