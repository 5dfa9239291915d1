"""Activations that a file leaves to whoever calls it: a function, its derivative, or their name.

One is chosen by what the file has, the sigmoid first; never by what comes of it.
"""

from __future__ import annotations

import ast
import re

from backproof.reading import patterns
from backproof.reading.recipes import Reader

_ACTIVATION = re.compile(
    r"(?:(?:hidden|output|out|g)_?)?act(?!ions?$|ual)\w*|nonlin\w*|transfer\w*"
)
_SLOPE = re.compile(r"deriv|prime|grad|slope|(?:^|_)d(?:_|$)")
_SIGMOID = "(lambda z: 1.0 / (1.0 + np.exp(-z)))"
_SLOPES = {
    True: "(lambda a: a * (1.0 - a))",
    False: f"(lambda z: {_SIGMOID}(z) * (1.0 - {_SIGMOID}(z)))",
}


def chosen_activation(name: str, read: Reader) -> str | None:
    """What a parameter or key that is an activation, or its derivative, is given, as source.

    None where it is neither, or where the file does not show what its derivative is handed.
    """
    lowered = name.strip("_").lower()
    if _ACTIVATION.fullmatch(lowered) is None:
        return None
    slope = _SLOPE.search(lowered) is not None
    texts = [] if slope else _compared(read.program.tree)
    if texts:
        return repr(next((one for one in texts if patterns.named(one) == "sigmoid"), texts[0]))
    own = {patterns.named(one): one for one in read.functions}
    slopes = {patterns.derivative_of(one): one for one in read.functions}
    both = [one for one in own if one is not None and one in slopes]
    if both:
        first = "sigmoid" if "sigmoid" in both else both[0]
        return slopes[first] if slope else own[first]
    if not slope:
        return _SIGMOID
    of_value = _is_of_value(name, read.program.tree)
    return None if of_value is None else _SLOPES[of_value]


def _compared(tree: ast.Module) -> list[str]:
    """The names of activations that the file asks for: `if activation == "tanh"`."""
    found = [
        part.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq)
        for part in (node.left, *node.comparators)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    return [one for one in found if patterns.named(one) is not None]


def _is_of_value(name: str, tree: ast.Module) -> bool | None:
    """Whether a derivative is handed what the activation gives; None where that does not show."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and len(node.args) == 1]
    applied = [one for one in calls if _applies(patterns.called(one))]
    inputs = {ast.unparse(one.args[0]) for one in applied}
    values = {
        ast.unparse(target)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and node.value in applied
        for target in node.targets
    }
    handed = {ast.unparse(one.args[0]) for one in calls if patterns.called(one) == name}
    if not handed or inputs & values:
        return None
    return True if handed <= values else False if handed <= inputs else None


def _applies(name: str) -> bool:
    lowered = name.strip("_").lower()
    return _ACTIVATION.fullmatch(lowered) is not None and _SLOPE.search(lowered) is None
