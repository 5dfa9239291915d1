"""The lecture's multilayer perceptron: two layers, any activation g, a sigmoid or softmax output.

    z1 = W1 x + b1      a1 = g(z1)      z2 = W2 a1 + b2      yhat = sigma(z2) or softmax(z2)

Shapes: W1 (h, d), b1 (h, 1), W2 (1, h), b2 (1, 1), x (d, n), y (1, n); with a softmax output W2
(k, h), b2 (k, 1), y (k, n), each column of y summing to 1. Columns are examples. `activation` is a
name of `activations.ACTIVATIONS`; `output` is "sigmoid" (mean binary cross-entropy) or "softmax"
(mean categorical cross-entropy). The derivation, in the nine steps of the slides, is in `mlp.md`.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from .activations import ACTIVATIONS, Array
from .losses import OUTPUTS

Gradients: TypeAlias = tuple[Array, Array, Array, Array]


def forward(
    W1: Array,
    b1: Array,
    W2: Array,
    b2: Array,
    x: Array,
    activation: str = "sigmoid",
    output: str = "sigmoid",
) -> Array:
    """yhat (1, n) or (k, n): the predictions for the columns of x."""
    g = ACTIVATIONS[activation].g
    sigma = OUTPUTS[output].sigma
    z1 = W1 @ x + b1
    a1 = g(z1)
    z2 = W2 @ a1 + b2
    return sigma(z2)


def loss(
    W1: Array,
    b1: Array,
    W2: Array,
    b2: Array,
    x: Array,
    y: Array,
    activation: str = "sigmoid",
    output: str = "sigmoid",
) -> np.floating[Any]:
    """The mean cross-entropy of yhat against y, one number, computed from z2."""
    g = ACTIVATIONS[activation].g
    z1 = W1 @ x + b1
    a1 = g(z1)
    z2 = W2 @ a1 + b2
    return OUTPUTS[output].loss_from_logits(z2, y)


def loss_long_way(
    W1: Array,
    b1: Array,
    W2: Array,
    b2: Array,
    x: Array,
    y: Array,
    activation: str = "sigmoid",
    output: str = "sigmoid",
) -> np.floating[Any]:
    """The same loss from yhat, as on the slides. Needs 0 < yhat < 1."""
    yhat = forward(W1, b1, W2, b2, x, activation, output)
    return OUTPUTS[output].loss(yhat, y)


def backward(
    W1: Array,
    b1: Array,
    W2: Array,
    b2: Array,
    x: Array,
    y: Array,
    activation: str = "sigmoid",
    output: str = "sigmoid",
) -> Gradients:
    """The gradients (dW1, db1, dW2, db2) of `loss`, shaped as the parameters.

    After the forward pass, one line for each of the lecture's steps 3 to 9: dz2 (3, with 2 inside
    it), db2 (4), dW2 (5), da1 (6), dz1 (7), db1 (8), dW1 (9).
    """
    g, g_prime = ACTIVATIONS[activation]
    sigma = OUTPUTS[output].sigma
    n = x.shape[1]
    z1 = W1 @ x + b1
    a1 = g(z1)
    z2 = W2 @ a1 + b2
    yhat = sigma(z2)
    dz2 = (yhat - y) / n
    db2 = np.sum(dz2, axis=1, keepdims=True)
    dW2 = dz2 @ a1.T
    da1 = W2.T @ dz2
    dz1 = da1 * g_prime(z1)
    db1 = np.sum(dz1, axis=1, keepdims=True)
    dW1 = dz1 @ x.T
    return dW1, db1, dW2, db2


def backward_long_way(
    W1: Array,
    b1: Array,
    W2: Array,
    b2: Array,
    x: Array,
    y: Array,
    activation: str = "sigmoid",
    output: str = "sigmoid",
) -> Gradients:
    """The same through dL/dyhat: all nine steps, in the lecture's order. Needs 0 < yhat < 1."""
    g, g_prime = ACTIVATIONS[activation]
    sigma = OUTPUTS[output].sigma
    z1 = W1 @ x + b1
    a1 = g(z1)
    z2 = W2 @ a1 + b2
    yhat = sigma(z2)
    dL = x.dtype.type(1)  # 1.
    dyhat = OUTPUTS[output].loss_gradient(yhat, y) * dL  # 2.
    dz2 = OUTPUTS[output].through_sigma(dyhat, yhat)  # 3.
    db2 = np.sum(dz2, axis=1, keepdims=True)  # 4.
    dW2 = dz2 @ a1.T  # 5.
    da1 = W2.T @ dz2  # 6.
    dz1 = da1 * g_prime(z1)  # 7.
    db1 = np.sum(dz1, axis=1, keepdims=True)  # 8.
    dW1 = dz1 @ x.T  # 9.
    return dW1, db1, dW2, db2
