"""Which activation an expression is: `np.tanh(z)`, `1 / (1 + np.exp(-z))`, `z * (z > 0)`.

Syntax only. A derivative (`sigmoid_prime(z)`, `dA * (z > 0)`) is no activation.
"""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

_NAMES = {
    "sigmoid": r"sigmoid|sigm|expit|logistic|logsig|sig",
    "softmax": r"(?:log_?)?soft_?max",
    "tanh": r"tanh|hyperbolic_tangent",
    "leaky_relu": r"leaky_?relu|lrelu",
    "relu": r"relu",
    "softplus": r"softplus",
    "gelu_tanh": r"gelu_?(?:tanh|approx|approximate)",
    "gelu": r"gelu|erf",
}
_NAMED = {
    name: re.compile(
        rf"(?:(?:np|my|stable|safe|numerically_stable|apply|compute)_)*(?:{words})"
        r"(?:_?(?:fn|func|function|act|activation|stable|forward|fwd|safe|np))*"
    )
    for name, words in _NAMES.items()
}
_DERIVATIVE = re.compile(
    r"(?:deriv(?:ative|ada|ee)?_?(?:of_?|de_?)?|grad_?|d_?)(?P<of>.+)"
    r"|(?P<of_after>.+?)_?(?:prime|deriv|derivative|derivada|derivee|turevi|der|grad|gradient|backward|bwd|back|dash|d)"
)


class Applied(NamedTuple):
    """An activation, and the parts of the expression in which there may be others."""

    name: str
    inside: tuple[ast.expr, ...]


def named(name: str) -> str | None:
    """The activation that a function of this name is, None if it is no activation."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip("_")).lower()
    snake = {"re_lu": "relu", "leaky_re_lu": "leaky_relu"}.get(snake, snake)
    return next((known for known, words in _NAMED.items() if words.fullmatch(snake)), None)


def derivative_of(name: str) -> str | None:
    """The activation that a function of this name is the derivative of: `sigmoid_prime`."""
    match = _DERIVATIVE.fullmatch(name.strip("_").lower())
    return None if match is None else named(match["of"] or match["of_after"])


def is_derivative(name: str) -> bool:
    """Whether a function of this name is the derivative of an activation."""
    return derivative_of(name) is not None


def is_used(name: str, function: ast.FunctionDef) -> bool:
    """Whether a function looks at a parameter of its own."""
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        for node in ast.walk(function)
    )


def called(node: ast.AST) -> str:
    """The last name of what is called: `exp` of `np.exp(z)`; empty for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def number(node: ast.AST) -> float | None:
    """The value of a literal number, None for anything else."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = number(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    return None


def is_text(node: ast.AST | None) -> bool:
    """Whether it is a literal text."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def recognized(node: ast.AST, exponentials: frozenset[str], sums: frozenset[str]) -> Applied | None:
    """The activation that `node` as a whole is.

    Arguments:
        node: an expression or an assignment.
        exponentials: the local names that hold an exponential, `e = np.exp(z)`.
        sums: the local names that hold a sum, `s = e.sum(axis=0)`.
    """
    if isinstance(node, ast.Call):
        return _call(node, exponentials, sums)
    if isinstance(node, ast.BinOp):
        return _operation(node, exponentials, sums)
    if isinstance(node, ast.IfExp) and _with_zero(node.test) and isinstance(node.body, ast.Name):
        return _piecewise(node.body, node.orelse)
    if isinstance(node, ast.AugAssign):
        of_sum = isinstance(node.op, ast.Div) and _is_sum(node.value, sums)
        if of_sum and _is_exponential(node.target, exponentials):
            return Applied("softmax", ())
        if isinstance(node.op, ast.Mult) and _below_zero(node.target):
            return Applied("leaky_relu", ())
    if isinstance(node, ast.Assign) and number(node.value) == 0 and _below_zero(node.targets[0]):
        return Applied("relu", ())
    return None


def _call(node: ast.Call, exponentials: frozenset[str], sums: frozenset[str]) -> Applied | None:
    name, arguments = called(node), tuple(node.args)
    known = named(name)
    if known == "tanh" and arguments:
        if _halved(arguments[0]):
            return Applied("sigmoid", arguments)
        if any(number(part) == 0.044715 for part in ast.walk(arguments[0])):
            return Applied("gelu_tanh", ())
    if known is not None:
        return Applied(known, arguments)
    if name in ("maximum", "max", "fmax") and len(arguments) == 2:
        for one, other in (arguments, arguments[::-1]):
            if number(one) == 0 and number(other) is None:
                return Applied("relu", (other,))
            if _multiple(one, of=other):
                return Applied("leaky_relu", (other,))
    if name == "clip" and len(arguments) == 3 and number(arguments[1]) == 0:
        unbounded = isinstance(arguments[2], ast.Constant) and arguments[2].value is None
        if unbounded or ast.unparse(arguments[2]) in ("np.inf", "numpy.inf"):
            return Applied("relu", arguments[:1])
    if name == "where" and len(arguments) == 3 and _with_zero(arguments[0]):
        stable = recognized(arguments[1], exponentials, sums)
        if stable is not None and stable.name in ("sigmoid", "softplus"):
            return stable
        return _piecewise(arguments[1], arguments[2])
    if name == "logaddexp" and any(number(argument) == 0 for argument in arguments):
        return Applied("softplus", arguments)
    if name == "log1p" and arguments and _is_exponential(arguments[0], exponentials):
        return Applied("softplus", arguments)
    if name == "log" and arguments and _one_plus_exponential(arguments[0], exponentials):
        return Applied("softplus", arguments)
    if name == "exp" and arguments and isinstance(arguments[0], ast.UnaryOp):
        negated = called(arguments[0].operand)
        return Applied("sigmoid", ()) if negated in ("logaddexp", "softplus", "log1p") else None
    return None


def _operation(
    node: ast.BinOp, exponentials: frozenset[str], sums: frozenset[str]
) -> Applied | None:
    left, right = node.left, node.right
    if isinstance(node.op, ast.Div):
        if _one_plus_exponential(right, exponentials):
            if number(left) == 2:
                return Applied("tanh", (right,))
            if number(left) == 1 or _is_exponential(left, exponentials):
                return Applied("sigmoid", (right,))
        if _is_exponential(left, exponentials) and _is_sum(right, sums):
            return Applied("softmax", (left,))
        if _two_exponentials(left, ast.Sub, exponentials) and _two_exponentials(
            right, ast.Add, exponentials
        ):
            return Applied("tanh", (left,))
    if isinstance(node.op, ast.Sub) and number(right) == 1 and isinstance(left, ast.BinOp):
        doubled = isinstance(left.op, ast.Mult) and number(left.left) == 2
        inner = recognized(left.right, exponentials, sums) if doubled else None
        if inner is not None and inner.name == "sigmoid":
            return Applied("tanh", inner.inside)
    if isinstance(node.op, ast.Pow) and number(right) == -1:
        return Applied("sigmoid", (left,)) if _one_plus_exponential(left, exponentials) else None
    if isinstance(node.op, ast.Mult):
        for one, other in ((left, right), (right, left)):
            compared = other.left if isinstance(other, ast.Compare) and _with_zero(other) else None
            if compared is not None and ast.unparse(compared) == ast.unparse(one):
                return Applied("relu", (one,))
    return None


def _piecewise(above: ast.expr, below: ast.expr) -> Applied | None:
    """Z where positive, else nothing or a multiple of it; two numbers are a derivative."""
    if number(above) is not None:
        return None
    if number(below) == 0:
        return Applied("relu", (above,))
    return Applied("leaky_relu", (above,)) if _multiple(below, of=above) else None


def _multiple(node: ast.expr, *, of: ast.expr) -> bool:
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)):
        return False
    return ast.unparse(of) in (ast.unparse(node.left), ast.unparse(node.right))


def _halved(node: ast.expr) -> bool:
    if not isinstance(node, ast.BinOp):
        return False
    if isinstance(node.op, ast.Div):
        return number(node.right) == 2
    return isinstance(node.op, ast.Mult) and 0.5 in (number(node.left), number(node.right))


def _with_zero(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Compare)
        and len(node.ops) == 1
        and isinstance(node.ops[0], ast.Gt | ast.GtE)
        and number(node.comparators[0]) == 0
    )


def _below_zero(node: ast.expr) -> bool:
    """`z[z < 0]`."""
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Compare)
        and isinstance(node.slice.ops[0], ast.Lt | ast.LtE)
        and ast.unparse(node.slice.left) == ast.unparse(node.value)
        and number(node.slice.comparators[0]) == 0
    )


def _is_exponential(node: ast.expr, exponentials: frozenset[str]) -> bool:
    return called(node) == "exp" or (isinstance(node, ast.Name) and node.id in exponentials)


def _one_plus_exponential(node: ast.expr, exponentials: frozenset[str]) -> bool:
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)):
        return False
    return any(
        number(one) == 1 and _is_exponential(other, exponentials)
        for one, other in ((node.left, node.right), (node.right, node.left))
    )


def _two_exponentials(
    node: ast.expr, operator: type[ast.operator], exponentials: frozenset[str]
) -> bool:
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, operator)
        and _is_exponential(node.left, exponentials)
        and _is_exponential(node.right, exponentials)
    )


def _is_sum(node: ast.expr, sums: frozenset[str]) -> bool:
    return called(node) == "sum" or (isinstance(node, ast.Name) and node.id in sums)
