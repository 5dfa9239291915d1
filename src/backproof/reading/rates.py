"""The learning rate of a file's updates: the names that stand for it, or the number it has."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from backproof.reading import patterns
from backproof.reading.binding import defaults_of, given_in
from backproof.reading.left_out import clipped
from backproof.reading.roles import is_rate, role
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
    # Or gradients have it in them, `dw = k * X.T @ e / n`, where steps have nothing.
    made = {
        last_word(node.targets[0]): node.value
        for node in own_nodes(body)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    inside = [made[last_word(one)] for one in steps if last_word(one) in made]
    return {word for step in (*steps, *inside) for word in _factors(step)} & numbers_in(tree)


def _factors(step: ast.expr) -> Iterator[str]:
    if isinstance(step, ast.BinOp) and isinstance(step.op, ast.Mult):
        for side in (step.left, step.right):
            if isinstance(side, ast.Name | ast.Attribute):
                yield last_word(side)
            yield from _factors(side)


def numbers_in(tree: ast.Module) -> set[str]:
    """The names that the file sets to a number, as a variable or by default."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and patterns.number(node.value) is not None:
            found |= {last_word(target) for target in node.targets}
        elif isinstance(node, ast.arguments):
            defaults = defaults_of(node).items()
            found |= {name for name, value in defaults if patterns.number(value) is not None}
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
            given = given_in(node, listed)
            defaults = defaults_of(function.args)
            for name in listed:
                value = given.get(name, defaults.get(name))
                number = None if value is None else patterns.number(value)
                if is_rate(name) and number is not None:
                    found.add(number)
    return found


def literal_rate(found: Sequence[Update]) -> float | None:
    """The number that every step is multiplied by, `0.1 * X.T @ delta`; 1 where nothing is.

    None where something else multiplies them, or more than one number does.
    """
    rates = {_factor(update.step) for update in found}
    plain = all(_is_plain(update.step) and not _is_large(update.step) for update in found)
    if len(rates) > 1 or (rates == {1.0} and not plain):
        return None
    return next(iter(rates), 1.0)


def momentum_of(bodies: Sequence[Sequence[ast.AST]]) -> str:
    """`beta` where velocities are `v = beta * v + (1 - beta) * g`, and every step goes by one.

    Empty where they are not. A velocity that leaves `1 - beta` out is then a mistake.
    """
    steps = [one.step for body in bodies for one in updates(body)]
    if not steps or not all(any(map(_is_velocity, _words_in(step))) for step in steps):
        return ""
    found = set()
    for node in (node for body in bodies for node in own_nodes(body)):
        if isinstance(node, ast.Assign) and _is_velocity(last_word(node.targets[0])):
            parts = [part for part in ast.walk(node.value) if isinstance(part, ast.BinOp)]
            kept = {ast.unparse(one) for one in _multiplied_by(node.targets[0], parts)}
            found |= {
                ast.unparse(part.right)
                for part in parts
                if isinstance(part.op, ast.Sub)
                and patterns.number(part.left) == 1
                and isinstance(part.right, ast.Name)
                and ast.unparse(part.right) in kept
            }
    return found.pop() if len(found) == 1 else ""


def _multiplied_by(node: ast.expr, products: Sequence[ast.BinOp]) -> Iterator[ast.expr]:
    text = ast.unparse(node)
    for product in products:
        if isinstance(product.op, ast.Mult):
            if ast.unparse(product.left) == text:
                yield product.right
            elif ast.unparse(product.right) == text:
                yield product.left


def _is_velocity(word: str) -> bool:
    return _VELOCITY.fullmatch(word.lower()) is not None


def is_disturbed(
    bodies: Sequence[Sequence[ast.AST]], rates: set[str], *, by_velocity: bool = True
) -> bool:
    """Whether a step is not the rate times the gradient: it decays, or goes by a velocity.

    Without `by_velocity` what a velocity does to it is known.
    """
    for body in bodies:
        for node in own_nodes(body):
            if isinstance(node, ast.Assign | ast.AugAssign) and not _is_option(node.value):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(last_word(target) in rates for target in targets):
                    return True
        for one in updates(body):
            if any(map(_is_velocity, _words_in(one.step))):
                if not by_velocity:
                    continue
                return True
            if any(_changes(part, rates) for part in ast.walk(one.step)):
                return True
            known = rates | _differences(body)
            if rates and any(_is_other(part, known) for part in _multiplied(one.step)):
                return True
    return False


def _is_option(value: ast.expr) -> bool:
    """`options["lr"]`: the rate under a key of its own, which nothing has changed."""
    return (
        isinstance(value, ast.Subscript)
        and isinstance(value.value, ast.Name)
        and isinstance(value.slice, ast.Constant)
        and is_rate(str(value.slice.value))
    )


def _differences(body: Sequence[ast.AST]) -> set[str]:
    """The variables that are a difference, or an example: what errors are made of."""
    found: set[str] = set()
    for node in own_nodes(body):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
            if isinstance(node.value.op, ast.Sub):
                found |= {last_word(target) for target in node.targets}
        elif isinstance(node, ast.For) and patterns.called(node.iter) not in ("range", "xrange"):
            found.add(ast.unparse(node.target))
    return found


def is_no_multiple(bodies: Sequence[Sequence[ast.AST]]) -> bool:
    """Whether steps are no multiples of the gradient: Adam, RMSprop, its sign, Newton's."""
    made = _made_of(bodies)
    newtons: dict[str, list[bool]] = {}  # of which a branch may be another method's
    for one in (one for body in bodies for one in updates(body)):
        newtons.setdefault(ast.unparse(one.target), []).append(_is_newtons(one.step, made))
    if any(all(each) for each in newtons.values()):
        return True
    return any(
        patterns.called(part) in ("sqrt", "norm")
        or (patterns.called(part) == "clip" and clipped(part) is None)
        or _is_root(part)
        or _is_sign(part, one)
        for body in bodies
        for one in updates(body)
        for part in ast.walk(one.step)
    )


def _made_of(bodies: Sequence[Sequence[ast.AST]]) -> dict[str, list[ast.expr]]:
    """What each variable is set to in these statements."""
    found: dict[str, list[ast.expr]] = {}
    for body in bodies:
        for node in own_nodes(body):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found.setdefault(node.targets[0].id, []).append(node.value)
    return found


_SOLVES = ("solve", "inv", "pinv", "lstsq", "cho_solve")
_SECOND = re.compile(r"hess(?:ian)?(?:_\w+)?|(?:\w+_)?hessian(?:_\w+)?|h_?inv|inv_?h")


def _is_newtons(step: ast.expr, made: Mapping[str, Sequence[ast.expr]]) -> bool:
    """Whether a step comes of a system that is solved, or goes by second derivatives."""
    waiting, seen = [step], set[str]()
    while waiting:
        for part in ast.walk(waiting.pop()):
            if patterns.called(part) in _SOLVES or _SECOND.fullmatch(_word(part)):
                return True
            if isinstance(part, ast.Name) and part.id not in seen:
                seen.add(part.id)
                waiting += made.get(part.id, ())
    return False


def _word(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        return patterns.called(node).lower()
    return last_word(node).lower() if isinstance(node, ast.Name | ast.Attribute) else ""


def _is_sign(node: ast.AST, update: Update) -> bool:
    """`np.sign(dw)`; that of the parameter itself is an L1 term's."""
    return (
        isinstance(node, ast.Call)
        and patterns.called(node) == "sign"
        and [last_word(one) for one in node.args if isinstance(one, _NAMED)] != [update.word]
    )


def _changes(node: ast.AST, rates: set[str]) -> bool:
    """`lr / (1 + decay * t)`, `min(lr, 1 / t)`: more than a rate, or a rate over n."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Pow):
        inside, others = _words_in(node.left), _words_in(node.right)
        return bool(inside & rates) and any(
            role(word) not in ("n", "x", "y") for word in others - {"shape", "len", "size"}
        )
    if isinstance(node, ast.Call) and patterns.called(node) not in ("dot", "matmul"):
        return any(_words_in(part) & rates for part in node.args)
    return False


def _multiplied(step: ast.expr) -> Iterator[ast.expr]:
    if isinstance(step, ast.BinOp) and isinstance(step.op, ast.Mult):
        yield from _multiplied(step.left)
        yield from _multiplied(step.right)
    else:
        yield step


def _is_other(node: ast.expr, rates: set[str]) -> bool:
    """Whether a factor is neither a rate nor, by its names, of the gradient."""
    words = _words_in(node) - {"self"}
    return bool(words) and not any(word in rates or _is_of_gradient(word) for word in words)


def _is_of_gradient(word: str) -> bool:
    return role(word) in ("n", "x", "y") or _GRADIENT.search(word.lower()) is not None


def _words_in(node: ast.AST) -> set[str]:
    return {last_word(part) for part in ast.walk(node) if isinstance(part, _NAMED)}


def _is_large(step: ast.expr) -> bool:
    """`3 * dw`: a number that may be a rate or the gradient's own."""
    if isinstance(step, ast.UnaryOp):
        return _is_large(step.operand)
    if isinstance(step, ast.BinOp) and isinstance(step.op, ast.Mult):
        values = [_constant(side) for side in (step.left, step.right)]
        large = any(value is not None and abs(value) >= 2.0 for value in values)
        return large or _is_large(step.left) or _is_large(step.right)
    return False


# In floating point, because 9 ** 9 ** 9 as a whole number has no end.
_OPERATIONS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_NAMED = (ast.Name, ast.Attribute, ast.Subscript)
_VELOCITY = re.compile(r"v_?d?[wb]?\d?|vel\w*|momentum\w*|m_?d?[wb]\d?|change\w*")


def _is_root(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Pow)
        and patterns.number(node.right) == 0.5
    )


def _factor(step: ast.expr) -> float:
    """The product of the numbers below 2 that a step is multiplied by; 2 belongs to a gradient."""
    value = _constant(step)
    if value is not None:
        return abs(value) if 0.0 < abs(value) < 2.0 else 1.0
    if isinstance(step, ast.UnaryOp):
        return _factor(step.operand)
    if isinstance(step, ast.BinOp) and isinstance(step.op, ast.Mult | ast.MatMult):
        return _factor(step.left) * _factor(step.right)
    if isinstance(step, ast.BinOp) and isinstance(step.op, ast.Div):
        below = _constant(step.right)
        # 1 / m is the mean's, and so is a number that the examples are counted by.
        return _factor(step.left) if below is None else _factor(step.left) / abs(below)
    return 1.0


def _constant(node: ast.expr) -> float | None:
    """What an expression of numbers alone comes to: `1 / 10`, `10 ** -1`; no 0 and no infinity."""
    try:
        value = _value(node)
    except ArithmeticError:  # a tower of powers
        return None
    usable = isinstance(value, float) and math.isfinite(value) and value != 0.0
    return value if usable else None


def _value(node: ast.expr) -> float | None:
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        left, right = _value(node.left), _value(node.right)
        if left is None or right is None:
            return None
        return _OPERATIONS[type(node.op)](left, right)
    return patterns.number(node)


_GRADIENT = re.compile(
    r"grad|delta|deriv|nabla|error|err|adj|update|^d_?[a-z]\w*$|^[xyazhlt]_?\d*$|^[wb]\d*$|^np$|"
    r"input|target|output|layer|hidden|dot|matmul|sum|mean|^t$|sigmoid|shape|size|len|reshape|outer"
)


def _is_plain(step: ast.expr) -> bool:
    """Whether nothing that could be a learning rate is among what a step is made of."""
    if not any(
        isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult | ast.Div)
        for part in ast.walk(step)
    ):
        return True
    return all(_is_of_gradient(word) for word in _words_in(step))
