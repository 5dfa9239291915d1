"""What helper modules of courses hold, for files that come without them: `sigmoid`, `softmax`.

Whether a missing `sigmoid_prime` is asked for a value of the sigmoid or for what goes into it, is
told by what the file hands to it: where it hands over both or neither there is no such helper.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backproof.reading import patterns, syntax

_classes = 0  # along which axis a softmax is taken where nothing says so


def take_softmax_along(layout: str) -> None:
    """Let a softmax be over the classes of labels that are laid out so, or of inputs."""
    global _classes  # of the one file that the process has
    _classes = 1 if layout.startswith("n") else 0


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _relu(z: Any) -> Any:
    return np.maximum(0, z)


def _softmax(z: Any, axis: int | None = None) -> Any:
    axis = min(_classes, np.ndim(z) - 1) if axis is None else axis
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def _of_value(a: Any) -> Any:
    return a * (1 - a)


def _sigmoid_gradient(z: Any) -> Any:
    return _of_value(_sigmoid(z))


def _sigmoid_backward(dA: Any, cache: Any) -> Any:
    return dA * _sigmoid_gradient(cache)


def _relu_backward(dA: Any, cache: Any) -> Any:
    return dA * (cache > 0)


class _Activation:
    """A class in some courses and a function in others: `Sigmoid()(z)`, `Sigmoid(z)`."""

    def __init__(self, g: Callable[[Any], Any], slope: Callable[[Any], Any]) -> None:
        self._g, self.gradient = g, slope

    def __call__(self, *z: Any) -> Any:
        return self._g(*z) if z else self


HELPERS: dict[str, Any] = {
    "sigmoid": _sigmoid,
    "expit": _sigmoid,
    "Sigmoid": _Activation(_sigmoid, _sigmoid_gradient),
    "sigmoid_gradient": _sigmoid_gradient,
    "sigmoidGradient": _sigmoid_gradient,
    "relu": _relu,
    "ReLU": _Activation(_relu, lambda z: z > 0),
    "softmax": _softmax,
    "Softmax": _softmax,
    "sigmoid_backward": _sigmoid_backward,
    "relu_backward": _relu_backward,
}

# By whether it is given a value of the activation, or what goes into it.
_SLOPES: Mapping[tuple[str, bool], Callable[[Any], Any]] = {
    ("sigmoid", True): _of_value,
    ("sigmoid", False): _sigmoid_gradient,
    ("tanh", True): lambda a: 1 - a**2,
    ("tanh", False): lambda z: 1 - np.tanh(z) ** 2,
    ("relu", True): lambda a: a > 0,
    ("relu", False): lambda z: z > 0,
}


def learn_slopes(text: str) -> None:
    """Add the derivatives that a file calls, as far as it shows what it hands to them."""
    try:
        tree = syntax.parsed(text)
    except SyntaxError:  # a cell that does not run is left out, and is in the text all the same
        return
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    values = {
        ast.unparse(target)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _is_activation(node.value)
        for target in node.targets
    }
    inputs = {ast.unparse(node.args[0]) for node in calls if _is_activation(node)}
    handed: dict[str, set[bool | None]] = {}
    for node in calls:
        name, given = patterns.called(node), ast.unparse(node.args[0])
        if patterns.derivative_of(name) is not None and len(node.args) == 1:
            is_value = _is_activation(node.args[0]) or given in values
            both = is_value == (given in inputs)
            handed.setdefault(name, set()).add(None if both else is_value)
    for name, forms in handed.items():
        slope = _SLOPES.get((str(patterns.derivative_of(name)), True in forms))
        if len(forms) == 1 and None not in forms and slope is not None:
            HELPERS.setdefault(name, slope)


def _is_activation(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and patterns.named(patterns.called(node)) is not None
