"""How a file writes its labels, where that is not one certainty for each output."""

from __future__ import annotations

import ast
import re
from typing import TypeGuard

from backproof.reading import patterns, roles
from backproof.reading.binding import parameters_of
from backproof.reading.recipes import Reader

_SIGNS = re.compile(  # the sign of weights is an L1 term's slope, and says nothing of labels
    r"exp\(\s*-?\s*(?:y|t)\w*\s*\*|margin|"
    r"np\.sign\((?!\s*(?:self\.)?_*(?:w|weights?|theta|beta|coef|param)\w*\s*\))|where\([^()]*,\s*-?1\.?,\s*-?1|"
    r"\{-1|-1 (?:and|or)\b|[-+]1 ?/ ?[-+]1|2\.?\s*\*\s*\(?[yt]\w*\s*-\s*1|"
    r"\b[yYtT]\w*\[[^\]]*\]\s*=\s*-1|\(\s*[yYtT]\w*\s*\+\s*1\.?\s*\)\s*/\s*2"
)


def speaks_of_signs(read: Reader) -> bool:
    """Whether labels may be -1 and 1; not where a function makes these of the labels it takes."""
    if _SIGNS.search(read.program.text) is None:
        return False
    return not any(
        _OF_CERTAINTIES.fullmatch(ast.unparse(node)) and roles.role(node.left.right.id) == "y"
        for scope in read.found
        if scope.function is not None
        for node in ast.walk(scope.function)
        if isinstance(node, ast.BinOp)
        and isinstance(node.left, ast.BinOp)
        and isinstance(node.left.right, ast.Name)
        and node.left.right.id in {name for name, _, _ in parameters_of(scope.function)}
    )


def are_flat(read: Reader) -> bool:
    """Whether the script writes its labels as one row of numbers, and hands them on as they are."""
    stored = [node.id for node in ast.walk(read.program.tree) if _is_stored(node)]
    handed = {
        one.id
        for node in ast.walk(read.program.tree)
        if isinstance(node, ast.Call) and patterns.called(node) in read.known
        for one in node.args
        if isinstance(one, ast.Name)
    }
    return any(
        isinstance(target := statement.targets[0], ast.Name)
        and roles.role(target.id) == "y"
        and target.id in handed
        and stored.count(target.id) == 1
        and _is_row(statement.value)
        for statement in read.script
        if isinstance(statement, ast.Assign)
    )


def _is_stored(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _is_row(value: ast.expr) -> bool:
    """`np.array([0, 1, 1, 0])`."""
    if not isinstance(value, ast.Call) or patterns.called(value) not in ("array", "asarray"):
        return False
    row = value.args[0] if value.args else None
    return (
        isinstance(row, ast.List)
        and len(row.elts) > 1
        and all(patterns.number(one) is not None for one in row.elts)
    )


_ONE_HOT = re.compile(r"one_?hot|1hot|(?:^|_)(?:oh|ohe)(?:$|_)")


def says_one_hot(name: str) -> bool:
    """Whether a name says that its labels have a one for each certainty: `y_onehot`."""
    return _ONE_HOT.search(name.lower()) is not None


def takes_one_hot(read: Reader) -> bool:
    """Whether a function of the file takes labels that its parameter says are one-hot."""
    return any(
        says_one_hot(name) and roles.role(name) == "y"
        for scope in read.found
        if scope.function is not None
        for name, _, _ in parameters_of(scope.function)
    )


def is_beside_one_hot(name: str, function: ast.FunctionDef) -> bool:
    """Whether a function takes these labels as class numbers, beside the same one-hot."""
    labels = [one for one, _, _ in parameters_of(function) if roles.role(one) == "y"]
    return name in labels and not says_one_hot(name) and any(map(says_one_hot, labels))


_OF_CERTAINTIES = re.compile(r"2(?:\.0)? \* \w+ - 1(?:\.0)?")
_FROM_ONE = re.compile(
    r"==\s*\(?\s*\w+\s*\+\s*1\b|\w\s*\+\s*1\s*\)?\s*==|range\(\s*1\s*,\s*\w*(?:label|class)\w*\s*\+\s*1"
)


def class_code(read: Reader) -> str:
    """How class numbers are written: from 0, or from 1 where the file compares them so."""
    return "class1" if _FROM_ONE.search(read.program.text) else "class"
