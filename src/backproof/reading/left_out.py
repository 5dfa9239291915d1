"""What a step does beside its gradient, and is judged without: clipping, rounding, a decay."""

from __future__ import annotations

import ast
import re
from typing import TypeGuard

from backproof.reading import names, patterns
from backproof.reading.updates import KEEPS, WEIGHT_LIKE, last_word


def is_decayed(node: ast.expr, target: ast.expr) -> bool:
    """`(1 - 1e-5) * W`: a parameter that a step shrinks by a number, beside its gradient."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
        return False
    word, text = last_word(target), ast.unparse(target)
    if KEEPS.search(word.lower()) or not (
        names.parameter(word) is not None or WEIGHT_LIKE.fullmatch(word.lower())
    ):
        return False
    for one, other in ((node.left, node.right), (node.right, node.left)):
        share = patterns.number(other)
        if isinstance(other, ast.BinOp) and isinstance(other.op, ast.Sub):
            whole, part = patterns.number(other.left), patterns.number(other.right)
            share = None if whole is None or part is None else whole - part
        if ast.unparse(one) == text and share is not None and 0.95 <= share < 1.0:
            return True
    return False


def is_rounded(node: ast.AST) -> TypeGuard[ast.Assign]:
    """`w = np.round(w, 4)`: a parameter that is cut to some digits where it stands."""
    if not isinstance(node, ast.Assign) or patterns.called(node.value) not in _ROUNDS:
        return False
    assert isinstance(node.value, ast.Call)
    word, value = last_word(node.targets[0]), [*node.value.args][:1]
    if isinstance(node.value.func, ast.Attribute) and ast.unparse(node.value.func.value) != "np":
        value = [node.value.func.value]
    known = names.parameter(word) is not None or WEIGHT_LIKE.fullmatch(word.lower()) is not None
    return known and [*map(ast.unparse, value)] == [ast.unparse(node.targets[0])]


_ROUNDS = ("round", "around", "round_")


def clipped(node: ast.AST) -> ast.expr | None:
    """The gradient that is clipped: `dW` of `np.clip(dW, -5, 5)` and of `dW.clip(-5, 5)`."""
    if not isinstance(node, ast.Call) or patterns.called(node) != "clip":
        return None
    given = [*node.args, *(one.value for one in node.keywords if one.arg != "out")]
    if len(given) == 2 and isinstance(node.func, ast.Attribute):
        given = [node.func.value, *given]
    if len(given) != 3 or ast.unparse(given[1]) != f"-{ast.unparse(given[2])}":
        return None
    word = (
        last_word(given[0])
        if isinstance(given[0], ast.Name | ast.Attribute | ast.Subscript)
        else ""
    )
    gradient = names.gradient(word) is not None or re.match(r"g\d?$|d[A-Z_]?\w|.*grad", word)
    return given[0] if gradient else None
