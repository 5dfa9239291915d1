"""What somebody hands to an optimiser of SciPy's: the loss, the gradient, or one that gives both.

`minimize(cost, theta, args=(X, y), jac=gradient)` tells which is which, whatever they are called.
The names of the arguments are those of scipy.optimize 1.17: https://docs.scipy.org/doc/scipy/
reference/optimize.html.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from backproof.reading import patterns
from backproof.reading.binding import given_in

# The function to minimise, the start, and the gradient, in their order.
_OPTIMISERS: Mapping[str, tuple[str, ...]] = {
    "minimize": ("fun", "x0", "args", "method", "jac"),
    "fmin_bfgs": ("f", "x0", "fprime"),
    "fmin_cg": ("f", "x0", "fprime"),
    "fmin_ncg": ("f", "x0", "fprime"),
    "fmin_l_bfgs_b": ("func", "x0", "fprime"),
    "fmin_tnc": ("func", "x0", "fprime"),
}
_BOTH = ("fmin_l_bfgs_b", "fmin_tnc")  # which take a function that gives both, without being told


class Handed(NamedTuple):
    """The names of functions that give a loss alone, and of those that give gradients."""

    losses: frozenset[str]
    gradients: frozenset[str]


def handed(tree: ast.AST) -> Handed:
    """What the file hands to optimisers."""
    losses: set[str] = set()
    gradients: set[str] = set()
    for node in ast.walk(tree):
        name = patterns.called(node)
        if not isinstance(node, ast.Call) or name not in _OPTIMISERS:
            continue
        parameters = _OPTIMISERS[name]
        given = given_in(node, parameters)
        objective, slope = given.get(parameters[0]), given.get(parameters[-1])
        both = slope is None and name in _BOTH and not _is_approximated(given)
        both |= isinstance(slope, ast.Constant) and slope.value is True
        (gradients if both else losses).update(_functions(objective))
        if not isinstance(slope, ast.Constant):
            gradients |= {*_functions(slope)}
    return Handed(frozenset(losses), frozenset(gradients))


def _is_approximated(given: Mapping[str, ast.expr]) -> bool:
    flag = given.get("approx_grad")
    return isinstance(flag, ast.Constant) and bool(flag.value)


def _functions(node: ast.expr | None) -> Iterator[str]:
    """`cost`, `self.cost`, or what `lambda t: cost(t, X, y)` and `partial(cost, X)` call."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Lambda):
        yield patterns.called(node.body)
    elif isinstance(node, ast.Call) and patterns.called(node) == "partial":
        yield from _functions(node.args[0] if node.args else None)
