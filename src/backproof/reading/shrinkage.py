"""What pulls weights towards zero: the L2 and L1 terms of a file, by where they stand.

A term is a product of a parameter and of numbers, beside a gradient: `X.T @ e / n + mu * w`,
`dW += self.mu * self.W`; or of numbers and a sum of squares: `mu / 2 * np.sum(w ** 2)`.
What the parameter is multiplied by is the term's strength, whatever it is called. Syntax only.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias, TypeGuard

from backproof.reading import names, patterns, roles
from backproof.reading.binding import parameters_of
from backproof.reading.rates import numbers_in
from backproof.reading.updates import WEIGHT_LIKE, last_word, updates

Place: TypeAlias = tuple[int, int, int | None, int | None]

_VELOCITY = re.compile(r"[uv]\d*|v_?d?[wb]?\d?|(?:\w+_)?v(?:el\w*)?(?:_\w+)?|m_?d?[wb]\d?|mom\w*")
_COUNTS = ("shape", "size", "len")
_NAMED = (ast.Name, ast.Attribute, ast.Subscript)


class Shrinkage(NamedTuple):
    """The terms of a file that shrink its weights.

    Attributes:
        l2, l1: the names of their strengths.
        unnamed: where L2 terms stand whose strength is a number in the code, or divides them.
        unit: that number in the gradient, 1 where it divides.
        absolute: where L1 terms stand whose strength is a number.
    """

    l2: frozenset[str] = frozenset()
    l1: frozenset[str] = frozenset()
    unnamed: frozenset[Place] = frozenset()
    unit: float = 1.0
    absolute: frozenset[Place] = frozenset()

    @property
    def named(self) -> frozenset[str]:
        """The strengths that have a name."""
        return self.l2 | self.l1


class _Term(NamedTuple):
    """A product of a parameter, or of its squares, and of numbers."""

    strengths: frozenset[str]
    number: float
    divides: bool = False  # a strength does
    absolute: bool = False
    squares: bool = False
    weight: str = ""


def place_of(node: ast.expr) -> Place:
    """Where an expression stands, which no other does."""
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def shrinkage(tree: ast.Module) -> Shrinkage:
    """The terms of a file that shrink its weights."""
    scalars, rates, made = _scalars(tree), _rates(tree), _products(tree)
    l2, l1 = set[str](), set[str]()
    unnamed: dict[Place, _Term] = {}
    absolute = set[Place]()
    for target, terms in _sums(tree):
        for place, node in enumerate(terms):
            term = _term(node)
            others = [*terms[:place], *terms[place + 1 :]]
            if term is None or not any(_is_beside(term, other) for other in others):
                continue
            called = {one for one in term.strengths if one in scalars}
            if called != term.strengths:
                continue
            called = {one for one in called if roles.role(one) != "rate"} - rates or called - rates
            # What multiplies the gradient too is the rate of both.
            common = {
                word
                for one in others
                for word in _words(one) | made.get(last_word(one), frozenset())
            }
            if term.strengths and called <= common:
                continue
            called -= common
            if term.absolute:
                l1 |= called
                absolute |= set() if term.strengths else {place_of(node)}
            elif called and not term.divides:
                l2 |= called
            elif (term.divides or not term.strengths) and term.weight != target:
                unnamed[place_of(node)] = term
    l2 |= _called_l(tree) | _in_factors(tree, scalars)
    own = [one.number for one in unnamed.values() if not (one.squares or one.divides)]
    return Shrinkage(
        frozenset(l2), frozenset(l1), frozenset(unnamed), (own or [1.0])[0], frozenset(absolute)
    )


def _called_l(tree: ast.Module) -> set[str]:
    """`l`, for lambda, where a function takes it that divides it and moves nothing: `l / m`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and "l" in [one for one, _, _ in parameters_of(node)]:
            divides = any(
                isinstance(part, ast.BinOp)
                and isinstance(part.op, ast.Div)
                and ast.unparse(part.left) == "l"
                for part in ast.walk(node)
            )
            if divides and not any(updates(node.body)):
                return {"l"}
    return set()


def _in_factors(tree: ast.Module, scalars: set[str]) -> set[str]:
    """What shrinks parameters beside the rate, before a step: `W *= 1 - lr * mu; W -= lr * dW`."""
    steps: dict[str, set[str]] = {}
    for one in updates(list(_bodies(tree))):
        steps.setdefault(ast.unparse(one.target), set()).update(_words(one.step))
    found = set[str]()
    for node in ast.walk(tree):
        target, factors = _shrunk_by(node)
        moved = steps.get(target, set())
        called = {last_word(one) for one in factors if isinstance(one, _NAMED)} & scalars
        called -= {last_word(one) for one in factors if _is_count(one)}
        if called & moved and _is_weight(re.findall(r"[A-Za-z_]\w*", target)[-1]):
            found |= called - moved
    return found


def _shrunk_by(node: ast.AST) -> tuple[str, list[ast.expr]]:
    """What is multiplied in place by 1 less a product, and the factors of that product."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Mult):
        share = node.value
        if (
            isinstance(share, ast.BinOp)
            and isinstance(share.op, ast.Sub)
            and patterns.number(share.left) == 1
        ):
            return ast.unparse(node.target), [one for one, _ in _factors(share.right)]
    return "", []


def _scalars(tree: ast.Module) -> set[str]:
    """What may be a number: what the file sets to one, or takes and is no tensor by its name."""
    taken = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for name, _, _ in parameters_of(node)
        if not roles.is_data(name) and names.parameter(name) is None
    }
    return taken | numbers_in(tree)


def _rates(tree: ast.Module) -> set[str]:
    """What whole steps are multiplied by: `w -= alpha * dw`."""
    steps = [one.step for one in updates(list(_bodies(tree)))]
    return {
        last_word(factor)
        for step in steps
        if _term(step) is None
        for factor, _ in _factors(step)
        if isinstance(factor, _NAMED)
    }


def _products(tree: ast.Module) -> dict[str, frozenset[str]]:
    """The names that multiply what a variable is assigned, by that variable."""
    return {
        last_word(node.targets[0]): _words(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
    }


def _words(node: ast.expr) -> frozenset[str]:
    """The names among the factors of a product; none of what is no product."""
    found = [last_word(one) for one, _ in _factors(node) if isinstance(one, _NAMED)]
    return frozenset(found if len(found) > 1 or isinstance(node, ast.BinOp) else ())


def _bodies(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef):
            yield from node.body


def _sums(tree: ast.Module) -> Iterator[tuple[str, list[ast.expr]]]:
    """The terms of each sum, and what it is assigned to; that is one of them in `dw += mu * w`."""
    inner: set[ast.AST] = set()
    for node in ast.walk(tree):
        target = ""
        found: list[ast.expr] = []
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
            target, found = last_word(node.target), [node.target, *_terms(node.value)]
            inner.add(node.value)
        elif isinstance(node, ast.Assign) and _is_sum(node.value):
            target, found = last_word(node.targets[0]), _terms(node.value)
            inner.add(node.value)
        elif isinstance(node, ast.expr) and _is_sum(node) and node not in inner:
            found = _terms(node)
        if _is_sum(node):
            inner |= {one for one in ast.iter_child_nodes(node) if _is_sum(one)}
        if len(found) > 1:
            yield target, found


def _is_sum(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def _terms(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and _is_sum(node):
        return [*_terms(node.left), *_terms(node.right)]
    return [node]


def _term(node: ast.expr) -> _Term | None:
    found = _Term(frozenset(), 1.0)
    for factor, divides in _factors(node):
        value = patterns.number(factor)
        if value is not None and value != 0.0:
            found = found._replace(number=found.number / value if divides else found.number * value)
            continue
        shrunk = None if divides else _shrunk(factor)
        if shrunk is not None:
            if found.weight:
                return None
            weight, squares, absolute = shrunk
            found = found._replace(weight=weight, squares=squares, absolute=absolute)
        elif _is_count(factor):
            continue
        elif isinstance(factor, _NAMED) and _VELOCITY.fullmatch(last_word(factor).lower()) is None:
            strengths = found.strengths | {last_word(factor)}
            found = found._replace(strengths=strengths, divides=found.divides or divides)
        else:
            return None
    bare = not found.strengths and found.number == 1.0 and not found.absolute
    return None if not found.weight or bare else found


def _factors(node: ast.expr, *, divides: bool = False) -> Iterator[tuple[ast.expr, bool]]:
    """The factors of a product, and whether it is divided by them."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield from _factors(node.operand, divides=divides)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        yield from _factors(node.left, divides=divides)
        yield from _factors(node.right, divides=divides ^ isinstance(node.op, ast.Div))
    elif (spared := _beside_zeros(node)) is not None:
        yield from _factors(spared, divides=divides)
    elif _is_product(node) and isinstance(node.left, ast.BinOp):
        if isinstance(node.left.op, ast.Mult):  # `mu * w @ w` multiplies the vector first
            yield from _factors(node.left.left, divides=divides)
            inner = ast.BinOp(node.left.right, ast.MatMult(), node.right)
            yield ast.copy_location(inner, node), divides
        else:
            yield node, divides
    else:
        yield node, divides


_JOINING = ("hstack", "vstack", "stack", "concatenate", "append", "insert", "column_stack", "block")


def _beside_zeros(node: ast.expr) -> ast.expr | None:
    """What an array of zeros is put beside, so that biases are spared: `np.c_[zeros, mu * W]`."""
    parts: list[ast.expr] = []
    if isinstance(node, ast.Call) and patterns.called(node) in _JOINING:
        parts = node.args
    elif isinstance(node, ast.Subscript) and last_word(node.value) in ("c_", "r_"):
        parts = [node.slice]
    flat = [one for part in parts for one in _entries(part)]
    others = [one for one in flat if patterns.number(one) is None and not _is_zeros(one)]
    return others[0] if len(others) == 1 < len(flat) else None


def _entries(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.List | ast.Tuple):
        for one in node.elts:
            yield from _entries(one)
    else:
        yield node


def _is_zeros(node: ast.expr) -> bool:
    return patterns.called(node) in ("zeros", "zeros_like")


def _is_count(node: ast.expr) -> bool:
    words = {last_word(part) for part in ast.walk(node) if isinstance(part, _NAMED)}
    return any(roles.role(word) == "n" for word in words) or bool(words & {*_COUNTS})


def _shrunk(node: ast.expr) -> tuple[str, bool, bool] | None:
    """Which parameter a factor is: itself, a sum of its squares, or its sign or magnitude."""
    if isinstance(node, _NAMED):
        word = last_word(node)
        return (word, False, False) if _is_weight(word) else None
    parts = [
        last_word(part)
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute) and _is_weight(last_word(part))
    ]
    called = {patterns.called(part) for part in ast.walk(node)} - {""}
    if not parts or not called <= _OF_WEIGHTS or not _is_of_weights(node):
        return None
    if called & {"sign", "abs", "fabs", "absolute"}:
        return parts[0], "sign" not in called, True
    if _has_product(node) or called & {"sum", "square", "dot", "norm", "vdot"}:
        return parts[0], True, False
    return None


_OF_WEIGHTS = {"sum", "square", "dot", "norm", "vdot", "sign", "abs", "fabs", "absolute", "power"}


def _is_of_weights(node: ast.expr) -> bool:
    """Whether no variable but parameters is in it."""
    held = {
        last_word(part)
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Store)
    } - {"np", "numpy", "self", "linalg", "sum", "abs"}
    held = {one for one in held if not one.startswith("par") and one not in ("model", "net")}
    return all(_is_weight(one) for one in held)


def _is_weight(word: str) -> bool:
    if names.gradient(word) is not None or roles.is_data(word):
        return False
    lowered = word.strip("_").lower()
    like = WEIGHT_LIKE.fullmatch(lowered) is not None and _VELOCITY.fullmatch(lowered) is None
    return (names.parameter(word) is not None or like) and "grad" not in lowered


def _is_beside(term: _Term, other: ast.expr) -> bool:
    """Whether the other term of a sum is a gradient, or a loss for a term of squares."""
    words = [last_word(part) for part in ast.walk(other) if isinstance(part, _NAMED)]
    called = {patterns.called(part) for part in ast.walk(other)} - {""}
    if term.squares:
        return bool(called) or any(re.search(r"loss|cost|entropy", w.lower()) for w in words)
    gradient = any(names.gradient(word) is not None or "grad" in word.lower() for word in words)
    return (
        gradient or _has_product(other) or bool(called & {"dot", "matmul", "einsum", "sum", "mean"})
    )


def _has_product(node: ast.expr) -> bool:
    return any(map(_is_product, ast.walk(node)))


def _is_product(node: ast.AST) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
