"""Linear regression, yhat = w x + b, with half the mean squared error.

Shapes: w (1, d), b (1, 1), x (d, n), y (1, n); columns are examples. The derivation is in
`linear_regression.md`; the result is the slide "Computing the gradients of a Neural Network".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import losses
from .activations import Array


def forward(w: Array, b: Array, x: Array) -> Array:
    """yhat (1, n): one prediction for each column of x."""
    return w @ x + b


def loss(w: Array, b: Array, x: Array, y: Array) -> np.floating[Any]:
    """L = 1/(2n) sum_i (yhat_i - y_i)^2."""
    yhat = w @ x + b
    return losses.half_mean_squared_error(yhat, y)


def loss_long_way(w: Array, b: Array, x: Array, y: Array) -> np.floating[Any]:
    """The same: yhat is z itself, there is nothing to shorten."""
    return loss(w, b, x, y)


def backward(w: Array, b: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """The gradients (dw, db) of `loss`, shaped as w and b.

    dz is dL/dyhat too. db sums over the examples, and so does the product dz x^T.
    """
    n = x.shape[1]
    yhat = w @ x + b
    dz = (yhat - y) / n
    db = np.sum(dz, axis=1, keepdims=True)
    dw = dz @ x.T
    return dw, db


def backward_long_way(w: Array, b: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """The same, one step of the chain rule at a time, example after example."""
    n = x.shape[1]
    yhat = forward(w, b, x)
    dw, db = np.zeros_like(w), np.zeros_like(b)
    for i in range(n):
        x_i, y_i, yhat_i = x[:, i : i + 1], y[:, i : i + 1], yhat[:, i : i + 1]
        dyhat = yhat_i - y_i  # 2. L_i = (yhat - y)^2 / 2
        dz = dyhat  # 3. yhat = z
        db = db + dz / n  # 4. the mean over the examples is taken here
        dw = dw + dz @ x_i.T / n  # 5.
    return dw, db
