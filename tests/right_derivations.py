"""Right derivations, written in as many unlike ways as people write them.

None may ever be called wrong. `RIGHT` lists them; the regressions, the softmax output and the
unusual hidden layers are in `right_derivations_more`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

A = Any


class Derivation(NamedTuple):
    """A right backward pass; `loss` is its own loss, if it brings one."""

    name: str
    model: str
    activation: str
    backward: Callable[..., A]
    loss: Callable[..., A] | None = None


def sigmoid(z: A) -> A:
    return 1 / (1 + np.exp(-z))


def after_dz2(dz2: A, a1: A, slope: A, W2: A, x: A) -> A:
    """The steps from dz2 on, `slope` being g'(z1)."""
    dz1 = (W2.T @ dz2) * slope
    return dz1 @ x.T, dz1.sum(axis=1, keepdims=True), dz2 @ a1.T, dz2.sum(axis=1, keepdims=True)


# --- the loss, and its way back to z2 -----------------------------------------------------------


def short_way(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    a1 = np.tanh(W1 @ x + b1)
    dz2 = (sigmoid(W2 @ a1 + b2) - y) / x.shape[1]
    return after_dz2(dz2, a1, 1 - a1**2, W2, x)


def naive_loss(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    p = sigmoid(W2 @ np.tanh(W1 @ x + b1) + b2)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def guarded_loss(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    p = sigmoid(W2 @ np.tanh(W1 @ x + b1) + b2)
    return -(y @ np.log(p + 1e-15).T + (1 - y) @ np.log(1 - p + 1e-15).T) / y.shape[1]


def clipped_loss(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    p = np.clip(sigmoid(W2 @ np.tanh(W1 @ x + b1) + b2), 1e-7, 1 - 1e-7)
    return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) / y.shape[1]


def logit_loss(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    z2 = W2 @ np.tanh(W1 @ x + b1) + b2
    return np.mean(np.maximum(z2, 0) - y * z2 + np.log1p(np.exp(-np.abs(z2))))


def long_way(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    a1 = np.tanh(W1 @ x + b1)
    yhat = sigmoid(W2 @ a1 + b2)
    dyhat = (-y / yhat + (1 - y) / (1 - yhat)) / x.shape[1]
    return after_dz2(dyhat * yhat * (1 - yhat), a1, 1 - a1**2, W2, x)


def long_way_one_fraction(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    a1 = np.tanh(W1 @ x + b1)
    yhat = sigmoid(W2 @ a1 + b2)
    dyhat = (yhat - y) / (yhat * (1 - yhat))
    return after_dz2(dyhat * (yhat * (1 - yhat)) / x.shape[1], a1, 1 - a1**2, W2, x)


def long_way_guarded(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    a1 = np.tanh(W1 @ x + b1)
    yhat = sigmoid(W2 @ a1 + b2)
    dyhat = -(y / (yhat + 1e-8) - (1 - y) / (1 - yhat + 1e-8)) / x.shape[1]
    return after_dz2(dyhat * yhat * (1 - yhat), a1, 1 - a1**2, W2, x)


def long_way_barely_guarded(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    epsilon = 1e-15
    a1 = np.tanh(W1 @ x + b1)
    yhat = sigmoid(W2 @ a1 + b2)
    dyhat = np.divide(1 - y, 1 - yhat + epsilon) - np.divide(y, yhat + epsilon)
    return after_dz2(dyhat / x.shape[1] * yhat * (1 - yhat), a1, 1 - a1**2, W2, x)


def long_way_clipped(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    a1 = np.tanh(W1 @ x + b1)
    yhat = np.clip(sigmoid(W2 @ a1 + b2), 1e-7, 1 - 1e-7)
    dyhat = (-y / yhat + (1 - y) / (1 - yhat)) / x.shape[1]
    return after_dz2(dyhat * yhat * (1 - yhat), a1, 1 - a1**2, W2, x)


def from_the_logs(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    a1 = np.tanh(W1 @ x + b1)
    z2 = W2 @ a1 + b2
    dz2 = ((1 - y) * sigmoid(z2) - y * sigmoid(-z2)) / x.shape[1]
    return after_dz2(dz2, a1, 1 - a1**2, W2, x)


# --- sums in other orders -----------------------------------------------------------------------


def example_by_example(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    n = x.shape[1]
    dW1, db1, dW2, db2 = (np.zeros_like(p) for p in (W1, b1, W2, b2))
    for i in range(n):
        a1 = np.tanh(W1 @ x[:, i] + b1[:, 0])
        dz2 = sigmoid(W2 @ a1 + b2[:, 0]) - y[:, i]
        dz1 = (W2.T @ dz2) * (1 - a1 * a1)
        dW2 += np.outer(dz2, a1)
        db2[:, 0] += dz2
        dW1 += np.outer(dz1, x[:, i])
        db1[:, 0] += dz1
    return dW1 / n, db1 / n, dW2 / n, db2 / n


def serially(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    def product(left: A, right: A) -> A:
        total = left[:, :1] * right[:1]
        for k in range(1, left.shape[1]):
            total = total + left[:, k : k + 1] * right[k : k + 1]
        return total

    a1 = np.tanh(product(W1, x) + b1)
    dz2 = (sigmoid(product(W2, a1) + b2) - y) / x.shape[1]
    dz1 = product(W2.T, dz2) * (1 - a1**2)
    db1, db2 = np.cumsum(dz1, axis=1)[:, -1:], np.cumsum(dz2, axis=1)[:, -1:]
    return product(dz1, x.T), db1, product(dz2, a1.T), db2


def einsum(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    a1 = np.tanh(np.einsum("hd,dn->hn", W1, x) + b1)
    dz2 = (sigmoid(np.einsum("oh,hn->on", W2, a1) + b2) - y) / x.shape[1]
    dz1 = np.einsum("oh,on,hn->hn", W2, dz2, 1 - a1**2)
    dW1, dW2 = np.einsum("hn,dn->hd", dz1, x), np.einsum("on,hn->oh", dz2, a1)
    return dW1, np.einsum("hn->h", dz1)[:, None], dW2, np.einsum("on->o", dz2)[:, None]


def backwards(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    a1 = np.tanh(W1[:, ::-1] @ x[::-1] + b1)
    dz2 = (sigmoid(W2[:, ::-1] @ a1[::-1] + b2) - y) / x.shape[1]
    turned = ((W2.T @ dz2) * (1 - a1**2))[:, ::-1]
    db1, db2 = turned.sum(axis=1, keepdims=True), dz2[:, ::-1].sum(axis=1, keepdims=True)
    return turned @ x[:, ::-1].T, db1, dz2[:, ::-1] @ a1[:, ::-1].T, db2


def pairwise(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    def total(parts: A) -> A:
        half = len(parts) // 2
        return parts[0] if len(parts) == 1 else total(parts[:half]) + total(parts[half:])

    def product(left: A, right: A) -> A:
        return total([np.outer(left[:, k], right[k]) for k in range(left.shape[1])])

    a1 = np.tanh(product(W1, x) + b1)
    dz2 = (sigmoid(product(W2, a1) + b2) - y) / x.shape[1]
    dz1 = product(W2.T, dz2) * (1 - a1**2)
    db1, db2 = (total(list(dz.T))[:, None] for dz in (dz1, dz2))
    return product(dz1, x.T), db1, product(dz2, a1.T), db2


def exactly_summed(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    dW1, _, dW2, _ = short_way(W1, b1, W2, b2, x, y)
    a1 = np.tanh(W1 @ x + b1)
    dz2 = (sigmoid(W2 @ a1 + b2) - y) / x.shape[1]
    dz1 = (W2.T @ dz2) * (1 - a1**2)
    db1, db2 = (np.array([[math.fsum(row)] for row in dz], dz.dtype) for dz in (dz1, dz2))
    return dW1, db1, dW2, db2


def transposed(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    X, Y = x.T, y.T
    A1 = np.tanh(X @ W1.T + b1.T)
    dZ2 = (sigmoid(A1 @ W2.T + b2.T) - Y) / len(X)
    dZ1 = dZ2 @ W2 * (1 - A1**2)
    return (X.T @ dZ1).T, dZ1.sum(axis=0)[:, None], (A1.T @ dZ2).T, dZ2.sum(axis=0)[:, None]


def augmented(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    ones = np.ones_like(y)
    x1 = np.vstack([x, ones])
    a1 = np.tanh(np.hstack([W1, b1]) @ x1)
    a = np.vstack([a1, ones])
    dz2 = (sigmoid(np.hstack([W2, b2]) @ a) - y) / x.shape[1]
    both2 = dz2 @ a.T
    both1 = (W2.T @ dz2 * (1 - a1**2)) @ x1.T
    return both1[:, :-1], both1[:, -1:], both2[:, :-1], both2[:, -1:]


# --- the mean, and the precision ----------------------------------------------------------------


def mean_at_the_end(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    a1 = np.tanh(W1 @ x + b1)
    dz2 = sigmoid(W2 @ a1 + b2) - y
    return tuple(g / x.shape[1] for g in after_dz2(dz2, a1, 1 - a1**2, W2, x))


def numpy_mean(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    a1 = np.tanh(W1 @ x + b1)
    dz2 = sigmoid(W2 @ a1 + b2) - y
    dz1 = W2.T @ dz2 * (1 - a1**2)
    dW1 = np.mean(dz1[:, None, :] * x[None, :, :], axis=2)
    dW2 = np.mean(dz2 * a1, axis=1).reshape(1, -1)
    return dW1, np.mean(dz1, axis=1, keepdims=True), dW2, np.mean(dz2, axis=1, keepdims=True)


def reciprocal_of_n(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    a1 = np.tanh(W1 @ x + b1)
    dz2 = sigmoid(W2 @ a1 + b2) - y
    dz1 = W2.T.dot(dz2) * (1 - np.power(a1, 2))
    share = 1.0 / x.shape[1]
    dW1, dW2 = share * np.dot(dz1, x.T), share * np.dot(dz2, a1.T)
    return dW1, share * np.sum(dz1, 1)[:, None], dW2, share * np.sum(dz2)


def in_float32(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    return short_way(*(a.astype(np.float32) for a in (W1, b1, W2, b2, x, y)))


def long_way_in_float32(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    return long_way(*(a.astype(np.float32) for a in (W1, b1, W2, b2, x, y)))


def through_float32(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    gradients = short_way(*(a.astype(np.float32) for a in (W1, b1, W2, b2, x, y)))
    return tuple(g.astype(np.float64) for g in gradients)


def in_long_double(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    gradients = short_way(*(a.astype(np.longdouble) for a in (W1, b1, W2, b2, x, y)))
    return tuple(g.astype(W1.dtype) for g in gradients)


MLP: tuple[Derivation, ...] = tuple(
    Derivation(backward.__name__, "mlp", "tanh", backward, loss)
    for backward, loss in (
        (short_way, naive_loss),
        (from_the_logs, logit_loss),
        (long_way, guarded_loss),
        (long_way_one_fraction, None),
        (long_way_guarded, guarded_loss),
        (long_way_barely_guarded, None),
        (long_way_clipped, clipped_loss),
        (example_by_example, None),
        (serially, None),
        (einsum, None),
        (backwards, None),
        (pairwise, None),
        (exactly_summed, None),
        (transposed, None),
        (augmented, None),
        (mean_at_the_end, None),
        (numpy_mean, None),
        (reciprocal_of_n, None),
        (in_float32, None),
        (long_way_in_float32, None),
        (through_float32, None),
        (in_long_double, None),
    )
)
