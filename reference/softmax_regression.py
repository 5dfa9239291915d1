"""Softmax regression, yhat = softmax(W x + b), with the mean categorical cross-entropy.

Shapes: W (k, d), b (k, 1), x (d, n), y (k, n), each column of y a distribution over the k classes
(one-hot, or soft); columns are examples. The derivation is in `softmax_regression.md`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import losses
from .activations import Array, softmax


def forward(W: Array, b: Array, x: Array) -> Array:
    """yhat (k, n): for each column of x, a distribution over the k classes."""
    return softmax(W @ x + b)


def loss(W: Array, b: Array, x: Array, y: Array) -> np.floating[Any]:
    """L = -1/n sum_i sum_c y_ci log yhat_ci, computed from z."""
    z = W @ x + b
    return losses.categorical_cross_entropy_from_logits(z, y)


def loss_long_way(W: Array, b: Array, x: Array, y: Array) -> np.floating[Any]:
    """The same L from yhat. Needs 0 < yhat."""
    z = W @ x + b
    yhat = softmax(z)
    return losses.categorical_cross_entropy(yhat, y)


def backward(W: Array, b: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """The gradients (dW, db) of `loss`, shaped as W and b: steps 3, 4 and 5, with 2 inside 3."""
    n = x.shape[1]
    z = W @ x + b
    yhat = softmax(z)
    dz = (yhat - y) / n
    db = np.sum(dz, axis=1, keepdims=True)
    dW = dz @ x.T
    return dW, db


def backward_long_way(W: Array, b: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """The same through dL/dyhat and the Jacobian of the softmax. Needs 0 < yhat."""
    z = W @ x + b
    yhat = softmax(z)
    dyhat = losses.categorical_cross_entropy_gradient(yhat, y)  # 2.
    dz = losses.through_softmax(dyhat, yhat)  # 3.
    db = np.sum(dz, axis=1, keepdims=True)  # 4.
    dW = dz @ x.T  # 5.
    return dW, db
