"""Logistic regression, yhat = sigma(w x + b), with the mean binary cross-entropy.

Shapes: w (1, d), b (1, 1), x (d, n), y (1, n) in [0, 1]; columns are examples. The derivation is in
`logistic_regression.md`; the slide is "Backpropagation for Logistic Regression".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import losses
from .activations import Array, sigmoid


def forward(w: Array, b: Array, x: Array) -> Array:
    """yhat (1, n): for each column of x, the probability of class 1."""
    return sigmoid(w @ x + b)


def loss(w: Array, b: Array, x: Array, y: Array) -> np.floating[Any]:
    """L = -1/n sum_i (y_i log yhat_i + (1 - y_i) log(1 - yhat_i)), computed from z."""
    z = w @ x + b
    return losses.binary_cross_entropy_from_logits(z, y)


def loss_long_way(w: Array, b: Array, x: Array, y: Array) -> np.floating[Any]:
    """The same L from yhat, as on the slides. Needs 0 < yhat < 1."""
    z = w @ x + b
    yhat = sigmoid(z)
    return losses.binary_cross_entropy(yhat, y)


def backward(w: Array, b: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """The gradients (dw, db) of `loss`, shaped as w and b: steps 3, 4 and 5, with 2 inside 3."""
    n = x.shape[1]
    z = w @ x + b
    yhat = sigmoid(z)
    dz = (yhat - y) / n
    db = np.sum(dz, axis=1, keepdims=True)
    dw = dz @ x.T
    return dw, db


def backward_long_way(w: Array, b: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """The same through dL/dyhat, every step of the lecture on its own. Needs 0 < yhat < 1."""
    z = w @ x + b
    yhat = sigmoid(z)
    dyhat = losses.binary_cross_entropy_gradient(yhat, y)  # 2.
    dz = losses.through_sigmoid(dyhat, yhat)  # 3.
    db = np.sum(dz, axis=1, keepdims=True)  # 4.
    dw = dz @ x.T  # 5.
    return dw, db
