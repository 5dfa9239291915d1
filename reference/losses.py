"""The losses, each from yhat as on the slides (the long way) and from z (the stable way).

Shapes: yhat, z and y are (1, n), or (k, n) for k classes; columns are examples. A loss is one
number, the mean over the n examples. A gradient has the shape of what it is a gradient of, and
carries the mean's 1/n. Labels may be soft: y in [0, 1], or columns of class probabilities that sum
to 1.

The long way is the lecture's: dL/dyhat first, then the chain rule through yhat = sigma(z). It needs
yhat strictly between 0 and 1. Where sigma saturates, yhat rounds to 0 or 1 and the long way divides
by zero or takes the logarithm of zero (and NumPy warns); before that, 1 - yhat has lost digits. The
stable way has no such limits. On paper the two are equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .activations import Array, sigmoid, softmax

# Regression. The output is the identity, yhat = z: there is one way only.


def half_mean_squared_error(yhat: Array, y: Array) -> np.floating[Any]:
    """L = 1/(2n) sum_i (yhat_i - y_i)^2."""
    n: int = y.shape[1]
    total: np.floating[Any] = np.sum((yhat - y) ** 2)
    return total / (2 * n)


def half_mean_squared_error_gradient(yhat: Array, y: Array) -> Array:
    """dL/dyhat = (yhat - y) / n, and dL/dz is the same."""
    n: int = y.shape[1]
    return (yhat - y) / n


# Two classes: yhat = sigma(z).


def binary_cross_entropy(yhat: Array, y: Array) -> np.floating[Any]:
    """L = -1/n sum_i (y_i log yhat_i + (1 - y_i) log(1 - yhat_i)), the slide's L(h).

    Mind the parentheses: elsewhere the slides write -y log yhat + (1 - y) log(1 - yhat), where the
    minus sign no longer reaches the second term.
    """
    n: int = y.shape[1]
    total: np.floating[Any] = np.sum(y * np.log(yhat) + (1 - y) * np.log(1 - yhat))
    return -total / n


def binary_cross_entropy_gradient(yhat: Array, y: Array) -> Array:
    """dL/dyhat = (-y/yhat + (1 - y)/(1 - yhat)) / n (the lecture's step 2)."""
    n: int = y.shape[1]
    return (-y / yhat + (1 - y) / (1 - yhat)) / n


def binary_cross_entropy_from_logits(z: Array, y: Array) -> np.floating[Any]:
    """The same L, from z: -log yhat = log(1 + e^-z) and -log(1 - yhat) = log(1 + e^z)."""
    n: int = y.shape[1]
    total: np.floating[Any] = np.sum(y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z))
    return total / n


def binary_cross_entropy_from_logits_gradient(z: Array, y: Array) -> Array:
    """dL/dz = (sigma(z) - y) / n (the lecture's step 3)."""
    n: int = y.shape[1]
    return (sigmoid(z) - y) / n


# k classes: yhat = softmax(z), down each column.


def categorical_cross_entropy(yhat: Array, y: Array) -> np.floating[Any]:
    """L = -1/n sum_i sum_c y_ci log yhat_ci."""
    n: int = y.shape[1]
    total: np.floating[Any] = np.sum(y * np.log(yhat))
    return -total / n


def categorical_cross_entropy_gradient(yhat: Array, y: Array) -> Array:
    """dL/dyhat = -y/yhat / n."""
    n: int = y.shape[1]
    return -(y / yhat) / n


def log_softmax(z: Array) -> Array:
    """Log of softmax(z) = z - log sum_c e^(z_c), down each column, without overflow."""
    shifted = z - np.max(z, axis=0, keepdims=True)
    log_yhat: Array = shifted - np.log(np.sum(np.exp(shifted), axis=0, keepdims=True))
    return log_yhat


def categorical_cross_entropy_from_logits(z: Array, y: Array) -> np.floating[Any]:
    """The same L, from z: log yhat is log_softmax(z)."""
    n: int = y.shape[1]
    total: np.floating[Any] = np.sum(y * log_softmax(z))
    return -total / n


def categorical_cross_entropy_from_logits_gradient(z: Array, y: Array) -> Array:
    """dL/dz = (softmax(z) - y) / n. It uses that every column of y sums to 1."""
    n: int = y.shape[1]
    return (softmax(z) - y) / n


# The way back from yhat to z, which the long way needs (the local gradient of step 3).


def through_sigmoid(dyhat: Array, yhat: Array) -> Array:
    """dL/dz = dL/dyhat * yhat (1 - yhat), entry by entry."""
    return dyhat * yhat * (1 - yhat)


def through_softmax(dyhat: Array, yhat: Array) -> Array:
    """dL/dz_i = J_i dL/dyhat_i for each column i, J = diag(yhat) - yhat yhat^T.

    Every class's z moves every class's yhat, so the local gradient is a full (k, k) matrix, the
    Jacobian. It is symmetric: transposing it changes nothing.
    """
    dz = np.empty_like(dyhat)
    for i in range(yhat.shape[1]):
        jacobian = np.diag(yhat[:, i]) - np.outer(yhat[:, i], yhat[:, i])
        dz[:, i] = jacobian @ dyhat[:, i]
    return dz


def through_identity(dyhat: Array, yhat: Array) -> Array:
    """dL/dz = dL/dyhat: there is nothing to go through."""
    del yhat
    return dyhat


def through_tanh(dyhat: Array, yhat: Array) -> Array:
    """dL/dz = dL/dyhat * (1 - yhat^2), entry by entry."""
    return dyhat * (1 - yhat**2)


class Output(NamedTuple):
    """What a classifier's last layer is followed by: yhat = sigma(z), and its loss, both ways."""

    sigma: Callable[[Array], Array]
    loss_from_logits: Callable[[Array, Array], np.floating[Any]]
    loss: Callable[[Array, Array], np.floating[Any]]
    loss_gradient: Callable[[Array, Array], Array]
    through_sigma: Callable[[Array, Array], Array]


OUTPUTS: dict[str, Output] = {
    "sigmoid": Output(
        sigmoid,
        binary_cross_entropy_from_logits,
        binary_cross_entropy,
        binary_cross_entropy_gradient,
        through_sigmoid,
    ),
    "softmax": Output(
        softmax,
        categorical_cross_entropy_from_logits,
        categorical_cross_entropy,
        categorical_cross_entropy_gradient,
        through_softmax,
    ),
}


def _squared(sigma: Callable[[Array], Array], through: Callable[[Array, Array], Array]) -> Output:
    """An output whose loss is the squared error: there is the long way only."""

    def from_logits(z: Array, y: Array) -> np.floating[Any]:
        return half_mean_squared_error(sigma(z), y)

    loss, gradient = half_mean_squared_error, half_mean_squared_error_gradient
    return Output(sigma, from_logits, loss, gradient, through)


SQUARED_OUTPUTS: dict[str, Output] = {
    "identity": _squared(np.array, through_identity),
    "sigmoid_squared": _squared(sigmoid, through_sigmoid),
    "tanh_squared": _squared(np.tanh, through_tanh),
}
