"""Where somebody's code takes a step of gradient descent: the statements that move parameters.

`W1 -= lr * dW1`, `self.w = self.w + rate * X.T.dot(error)`, `params["b"] = params["b"] - lr * db`:
what is updated, whatever it is called, is a parameter. Syntax only.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from backproof.reading import names, patterns, roles

_NOT_PARAMETERS = re.compile(
    r"(?:i|j|k|n|m|t|it|iter(?:ation)?s?|epochs?|count(?:er)?|correct\w*|acc(?:uracy)?|total\w*|"
    r"sum\w*|num\w*|loss\w*|cost\w*|err(?:or)?s?|reg\w*|idx|index|start|end|step|grads?|h|p|z\d*|"
    r"a\d*|v\w*|velocity\w*|m\w?\d*|s\w?\d*|moment\w*|cache\w*|lr|learning_?rate|alpha|eta|x|y|"
    r"data|log_?\w*|score\w*|pred\w*|output\w*|delta\w*|nabla\w*|tmp|temp|best\w*|hits?|tp|fp|tn|fn)"
)


class Update(NamedTuple):
    """A statement that moves a parameter: what, by which expression, and up or down."""

    target: ast.expr
    step: ast.expr
    adds: bool
    line: int

    @property
    def base(self) -> str:
        """The variable that holds it: `self` of `self.W1`, `params` of `params["W1"]`."""
        return base_of(self.target)

    @property
    def word(self) -> str:
        """The last name on the way to it: `W1`."""
        return last_word(self.target)


def base_of(node: ast.expr) -> str:
    """The name that an attribute or subscript begins with; empty if it begins with a call."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def last_word(node: ast.expr) -> str:
    """The name nearest to the value: of an attribute, of a literal key, or of what is indexed."""
    if isinstance(node, ast.Subscript):
        key = node.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return key.value
        if isinstance(key, ast.BinOp) and isinstance(key.left, ast.Constant):  # "W" + str(l)
            return str(key.left.value).partition("%")[0]
        if (
            isinstance(key, ast.JoinedStr)
            and key.values
            and isinstance(key.values[0], ast.Constant)
        ):
            return str(key.values[0].value)
        return last_word(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def updates(body: Sequence[ast.AST]) -> Iterator[Update]:
    """The updates of parameters in these statements, without nested definitions."""
    entries: dict[str, str] = {}
    renamed = _renamed(body)
    for node in own_statements(body):
        if isinstance(node, ast.For):
            entries |= _entries_of(node)
        for found in _updates_in(node, entries):
            if _is_parameter(found):
                yield found
        yield from _taken_over(node, renamed)


def _renamed(body: Sequence[ast.AST]) -> dict[str, Update]:
    """By its name, what holds a parameter after its step: `w_new = w - lr * dw`."""
    found = {}
    for node in own_statements(body):
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        value, leftmost = node.value, node.value
        while isinstance(leftmost, ast.BinOp) and isinstance(leftmost.op, ast.Add | ast.Sub):
            leftmost = leftmost.left
        if not isinstance(value, ast.BinOp) or not isinstance(leftmost, ast.Name | ast.Attribute):
            continue
        moved = Update(leftmost, value.right, isinstance(value.op, ast.Add), node.lineno)
        named = [one for one in ast.walk(value) if isinstance(one, ast.Name | ast.Attribute)]
        at_rate = any(roles.is_rate(last_word(one)) for one in named)
        own = ast.unparse(leftmost) == node.targets[0].id
        if not own and at_rate and _is_parameter(moved):
            found[node.targets[0].id] = moved
    return found


def _taken_over(node: ast.AST, renamed: Mapping[str, Update]) -> Iterator[Update]:
    """The steps that a parameter takes by another name: `w = w_new`, or `return w_new, b_new`."""
    if isinstance(node, ast.Return) and node.value is not None:
        for part in node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]:
            if isinstance(part, ast.Name) and part.id in renamed:
                yield renamed[part.id]
    if isinstance(node, ast.Assign):
        targets, values = [node.targets[0]], [node.value]
        if isinstance(node.value, ast.Tuple) and isinstance(targets[0], ast.Tuple):
            targets, values = targets[0].elts, node.value.elts
        for target, value in zip(targets, values, strict=False):
            moved = renamed.get(value.id) if isinstance(value, ast.Name) else None
            if moved is not None and ast.unparse(target) == ast.unparse(moved.target):
                yield moved._replace(line=node.lineno)


def renamed_in(body: Sequence[ast.AST]) -> dict[str, str]:
    """The parameters that are returned under another name after a step, by that name."""
    return {name: one.base for name, one in _renamed(body).items()}


def held_in(body: Sequence[ast.AST]) -> set[str]:
    """The names of what holds arrays that are moved in place: `w = self.mats[k]; w -= lr * dw`."""
    changed = {
        node.target.id
        for node in own_statements(body)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }
    moved = {one.word for one in updates(body) if isinstance(one.target, ast.Name)} & changed
    return {
        last_word(node.value)
        for node in own_statements(body)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Subscript)
        and moved & {one.id for one in node.targets if isinstance(one, ast.Name)}
    }


def _entries_of(loop: ast.For) -> dict[str, str]:
    """The variable that is each entry of an array in turn, and which: `for i, w_i in enumerate(w)`.

    That is told by the text of the array, `ndenumerate` included.
    """
    target, over = loop.target, loop.iter
    if (
        patterns.called(over) in ("enumerate", "ndenumerate")
        and isinstance(over, ast.Call)
        and len(over.args) == 1
        and isinstance(target, ast.Tuple)
        and isinstance(target.elts[-1], ast.Name)
    ):
        return {target.elts[-1].id: ast.unparse(over.args[0])}
    return {}


def _updates_in(node: ast.AST, entries: Mapping[str, str]) -> Iterator[Update]:
    """The updates that a statement may be: `W1, b1 = W1 - lr * dW1, b1 - lr * db1` is two."""
    if (
        isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Tuple)
        and isinstance(node.value, ast.Tuple)
        and len(node.targets[0].elts) == len(node.value.elts)
    ):
        for target, value in zip(node.targets[0].elts, node.value.elts, strict=True):
            one = ast.copy_location(ast.Assign([target], value), node)
            yield from _updates_in(one, entries)
        return
    found = _update(node, entries)
    if found is not None:
        yield found


ELSEWHERE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def own_nodes(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """All nodes below, in order, but not inside of other functions and classes."""
    waiting = list(body)[::-1]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ELSEWHERE):
            yield node
            waiting.extend(list(ast.iter_child_nodes(node))[::-1])


def own_statements(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Of `own_nodes` these and the statements below, which are a tenth of them."""
    waiting = list(body)[::-1]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ELSEWHERE):
            yield node
            for field in ("finalbody", "orelse", "handlers", "cases", "body"):
                below = getattr(node, field, None)
                waiting.extend(below[::-1] if isinstance(below, list) else [])


def returned_value(function: ast.FunctionDef) -> ast.expr | None:
    """What a function's last own `return` statement gives; None where none gives anything."""
    last: ast.expr | None = None
    for node in own_statements(function.body):
        if isinstance(node, ast.Return) and node.value is not None:
            last = node.value
    return last


def _update(node: ast.AST, entries: Mapping[str, str]) -> Update | None:
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        return Update(node.target, node.value, isinstance(node.op, ast.Add), node.lineno)
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return None
    target, value = node.targets[0], node.value
    text = ast.unparse(target)
    if isinstance(value, ast.Call) and patterns.called(value) in ("subtract", "add"):
        if len(value.args) == 2 and ast.unparse(value.args[0]) == text:
            return Update(target, value.args[1], patterns.called(value) == "add", node.lineno)
        return None
    if isinstance(value, ast.ListComp) and isinstance(value.elt, ast.BinOp):
        over = ast.unparse(value.generators[0].iter)
        if isinstance(value.elt.op, ast.Add | ast.Sub) and text in over:
            adds = isinstance(value.elt.op, ast.Add)
            return Update(target, value.elt.right, adds, node.lineno)
        return None
    if isinstance(value, ast.Tuple | ast.List) and isinstance(target, ast.Name | ast.Subscript):
        moved = [_moved(one) for one in value.elts]
        if len(moved) > 1 and all(moved):
            first = value.elts[0]
            assert isinstance(first, ast.BinOp)
            adds = isinstance(first.op, ast.Add)
            return Update(target, first.right, adds, node.lineno)
        return None
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Add | ast.Sub):
        return None
    leftmost: ast.expr = value
    while isinstance(leftmost, ast.BinOp) and isinstance(leftmost.op, ast.Add | ast.Sub):
        leftmost = leftmost.left
    same_key = (
        isinstance(leftmost, ast.Subscript)
        and isinstance(target, ast.Subscript)
        and ast.unparse(leftmost.slice) == ast.unparse(target.slice)
    )
    if isinstance(leftmost, ast.Name) and isinstance(target, ast.Subscript):
        same_key = same_key or entries.get(leftmost.id) == ast.unparse(target.value)
    if ast.unparse(leftmost) == text or same_key or _shrinks(leftmost, target, value.right):
        return Update(target, value.right, isinstance(value.op, ast.Add), node.lineno)
    if isinstance(value.op, ast.Add) and (
        ast.unparse(value.right) == text or _shrinks(value.right, target, value.left)
    ):
        return Update(target, value.left, True, node.lineno)
    return None


KEEPS = re.compile(r"^v|^m_?d?[wb]\d?$|vel|mom|prev|old|av(?:era)?g|mean|change|delta|grad|ema|^d")


def _shrinks(node: ast.expr, target: ast.expr, step: ast.expr) -> bool:
    """`(1 - lr * decay) * W` beside a step at a rate; a velocity is made so too, but is none."""
    words = {
        last_word(part) for part in ast.walk(step) if isinstance(part, ast.Name | ast.Attribute)
    }
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mult)
        and ast.unparse(target) in (ast.unparse(node.left), ast.unparse(node.right))
        and any(map(roles.is_rate, words))
        and KEEPS.search(last_word(target).lower()) is None
    )


def _moved(node: ast.expr) -> bool:
    """`W1 - lr * dW1`, an entry of a tuple of parameters that is made anew."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add | ast.Sub)
        and isinstance(node.left, ast.Name | ast.Subscript | ast.Attribute)
        and isinstance(node.right, ast.BinOp)
    )


def _is_parameter(update: Update) -> bool:
    word = update.word.strip("_")
    lowered = word.lower()
    if isinstance(update.target, ast.Subscript) and "'d' +" in ast.unparse(update.step):
        return True  # p[k] = p[k] - lr * grads["d" + k]
    if _goes_through(update):
        return True
    if not word or names.gradient(word) is not None or names.is_loss(word) or "grad" in lowered:
        return False
    if patterns.number(update.step) is not None:
        return False
    known = names.parameter(word) is not None or WEIGHT_LIKE.fullmatch(lowered) is not None
    if _goes_by_its_own(update):
        return True
    if _NOT_PARAMETERS.fullmatch(lowered) and not known:
        return False
    inside = list(ast.walk(update.step))
    words = {last_word(part) for part in inside if isinstance(part, ast.Name | ast.Attribute)}
    words |= {last_word(part) for part in inside if isinstance(part, ast.Subscript)}
    has_rate = any(roles.is_rate(one) for one in words)
    has_gradient = any(
        names.gradient(one) is not None
        or re.search(r"grad|delta|deriv|nabla|update|error|adjust|change|^d_?[wb]", one.lower())
        for one in words
    )
    has_product = any(patterns.called(part) in ("dot", "matmul", "outer") for part in inside)
    has_product |= any(
        isinstance(part, ast.BinOp) and isinstance(part.op, ast.MatMult) for part in inside
    )
    container = isinstance(update.target, ast.Subscript) or word.lower() in (
        "weights",
        "params",
        "parameters",
        "theta",
    )
    if known and container:
        return any(isinstance(part, ast.BinOp) for part in inside) or has_gradient
    has_times = any(
        isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult) for part in inside
    )
    has_sum = any(patterns.called(part) in ("sum", "mean") for part in inside)
    if known:
        whole = isinstance(update.step, ast.Name) and not isinstance(update.target, ast.Name)
        return has_rate or has_gradient or has_product or has_times or has_sum or whole
    in_container = isinstance(update.target, ast.Subscript) and has_rate
    return (has_rate and (has_gradient or has_sum)) or has_product or in_container


def _goes_by_its_own(update: Update) -> bool:
    """`m = m - L * D_m`: what a product moves, one factor of which is called its derivative."""
    word = re.escape(update.word.lower())
    own = re.compile(rf"(?:d|grad|gradient|deriv\w*|\w+_d)_?{word}|{word}_?(?:grad|deriv)\w*")
    step = update.step
    return (
        isinstance(step, ast.BinOp)
        and isinstance(step.op, ast.Mult)
        and any(
            own.fullmatch(last_word(one).lower()) is not None for one in (step.left, step.right)
        )
    )


def _goes_through(update: Update) -> bool:
    """`p[k] -= lr * g[k]`: a parameter and its gradient are kept under one key, which varies."""
    target = update.target
    return (
        isinstance(target, ast.Subscript)
        and isinstance(target.slice, ast.Name)
        and isinstance(update.step, ast.BinOp)
        and isinstance(update.step.op, ast.Mult)
        and any(
            isinstance(part, ast.Subscript)
            and ast.unparse(part.slice) == target.slice.id
            and re.match(r"d|g|nabla", base_of(part).lower())
            for part in (update.step.left, update.step.right)
        )
    )


WEIGHT_LIKE = re.compile(
    r"(?!(?:\w+_)?(?:class|sample|example|instance|pos|loss)_?weights?)"  # weights of a loss
    r"(?:syn(?:apse|aptic)?_?(?:weights?)?_?\d*|(?:\w+_)?(?:weights?|w|th?eta|bias(?:es)?|b|coefs?|"
    r"coefficients?|intercepts?|params?|parameters?|kernel)(?:_?\w+)?|thetas?\d*|w[a-z]{0,3}\d*|"
    r"b[a-z]{0,4}\d*|[uv]\d*|beta\d*)"
)


def left_behind(function: ast.FunctionDef) -> Iterator[ast.Attribute | ast.Subscript]:
    """Where a method leaves gradients in its object: `self.dW1`, `self.grads["dW" + str(l)]`."""
    for node in ast.walk(function):
        kept = isinstance(node, ast.Attribute) or (
            isinstance(node, ast.Subscript) and base_of(node) == "self"
        )
        if (
            kept
            and isinstance(node, ast.Attribute | ast.Subscript)
            and isinstance(node.ctx, ast.Store)
            and names.gradient(last_word(node)) is not None
        ):
            yield node
