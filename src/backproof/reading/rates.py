"""The learning rate of a file's updates: the names that stand for it, or the number it has."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from backproof.reading import patterns
from backproof.reading.roles import is_rate
from backproof.reading.updates import Update, last_word, own_nodes, updates


def rate_names(body: Sequence[ast.AST], tree: ast.Module) -> set[str]:
    """The names that stand for the learning rate in the updates of these statements.

    By what they are called, or else by what they are: a number by which steps are multiplied.
    """
    steps = [one.step for one in updates(body)]
    words = {
        last_word(part)
        for step in steps
        for part in ast.walk(step)
        if isinstance(part, ast.Name | ast.Attribute)
    }
    called = {word for word in words if is_rate(word)}
    if called or any(_factor(step) != 1.0 for step in steps):
        return called
    return {word for step in steps for word in _factors(step)} & _numbers(tree)


def _factors(step: ast.expr) -> Iterator[str]:
    if isinstance(step, ast.BinOp) and isinstance(step.op, ast.Mult):
        for side in (step.left, step.right):
            if isinstance(side, ast.Name | ast.Attribute):
                yield last_word(side)
            yield from _factors(side)


def _numbers(tree: ast.Module) -> set[str]:
    """The names that the file sets to a number, as a variable or by default."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and patterns.number(node.value) is not None:
            found |= {last_word(target) for target in node.targets}
        elif isinstance(node, ast.arguments):
            plain = [*node.posonlyargs, *node.args]
            pairs: list[tuple[ast.arg, ast.expr | None]] = []
            pairs += zip(plain[::-1], node.defaults[::-1], strict=False)
            pairs += zip(node.kwonlyargs, node.kw_defaults, strict=True)
            found |= {
                one.arg for one, value in pairs if value and patterns.number(value) is not None
            }
    return found


def fixed_rates(
    bodies: Sequence[Sequence[ast.AST]], definitions: Mapping[str, ast.FunctionDef]
) -> set[float]:
    """The numbers that the file itself gives for the learning rate: as a default, or in a call."""
    found: set[float] = set()
    for body in bodies:
        for node in own_nodes(body):
            function = (
                definitions.get(patterns.called(node)) if isinstance(node, ast.Call) else None
            )
            if function is None or not isinstance(node, ast.Call):
                continue
            listed = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
            if isinstance(node.func, ast.Attribute) and listed[:1] == ["self"]:
                listed = listed[1:]
            given = dict(zip(listed, node.args, strict=False))
            given |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
            defaults = dict(zip(listed[::-1], function.args.defaults[::-1], strict=False))
            for name in listed:
                value = given.get(name, defaults.get(name))
                number = None if value is None else patterns.number(value)
                if is_rate(name) and number is not None:
                    found.add(number)
    return found


def literal_rate(found: Sequence[Update]) -> float:
    """The number that every step is multiplied by, `0.1 * X.T.dot(delta)`; 1 without one."""
    rates = {_factor(update.step) for update in found}
    return rates.pop() if len(rates) == 1 else 1.0


def _factor(step: ast.expr) -> float:
    if isinstance(step, ast.UnaryOp):
        return _factor(step.operand)
    if isinstance(step, ast.BinOp) and isinstance(step.op, ast.Mult):
        for side in (step.left, step.right):
            value = patterns.number(side)
            if value is not None and 0.0 < abs(value) < 2.0:
                return abs(value)
        return _factor(step.left)
    return 1.0
