"""More right derivations: of the hidden layer, with the softmax output, of the regressions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from right_derivations import MLP, Derivation, after_dz2, sigmoid

A = Any


def short(yhat: A, y: A) -> A:
    return yhat - y


def guarded(yhat: A, y: A) -> A:
    return (-y / (yhat + 1e-8) + (1 - y) / (1 - yhat + 1e-8)) * yhat * (1 - yhat)


def clipped(yhat: A, y: A) -> A:
    p = np.clip(yhat, 1e-7, 1 - 1e-7)
    return (p - y) / (p * (1 - p)) * (p * (1 - p))


def unguarded(yhat: A, y: A) -> A:
    return (-y / yhat + (1 - y) / (1 - yhat)) * yhat * (1 - yhat)


def hidden_layer(
    g: Callable[[A], tuple[A, A]],
    through_output: Callable[[A, A], A] = short,
    dtype: type | None = None,
    mean: bool = True,
) -> Callable[..., A]:
    """With a hidden layer that gives g(z) and g'(z), and the way from yhat back to n dL/dz2."""

    def backward(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
        arrays = (W1, b1, W2, b2, x, y)
        W1, b1, W2, b2, x, y = (a.astype(dtype or a.dtype) for a in arrays)
        a1, slope = g(W1 @ x + b1)
        dz2 = through_output(sigmoid(W2 @ a1 + b2), y) / (x.shape[1] if mean else 1)
        return after_dz2(dz2, a1, slope, W2, x)

    return backward


def tanh_of_two_exponentials(z: A) -> A:
    a = (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))
    return a, 1 - a**2


def tanh_of_one_exponential(z: A) -> A:
    a = (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1)
    return a, (1 - a) * (1 + a)


def tanh_of_sigmoid(z: A) -> A:
    return 2 * sigmoid(2 * z) - 1, 4 * sigmoid(2 * z) * (1 - sigmoid(2 * z))


def tanh_of_cosh(z: A) -> A:
    return np.sinh(z) / np.cosh(z), 1 / np.cosh(z) ** 2


def sigmoid_textbook(z: A) -> A:
    a = sigmoid(z)
    return a, a * (1 - a)


def sigmoid_from_the_other_side(z: A) -> A:
    a = 1 - 1 / (1 + np.exp(z))
    return a, a - a**2


def sigmoid_of_tanh(z: A) -> A:
    a = 0.5 * (1 + np.tanh(z / 2))
    return a, (1 - np.tanh(z / 2) ** 2) / 4


def sigmoid_of_cases(z: A) -> A:
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e)), e / (1 + e) ** 2


def sigmoid_derivative_of_exponentials(z: A) -> A:
    return np.exp(z) / (1 + np.exp(z)), np.exp(-z) / (1 + np.exp(-z)) ** 2


def relu_at_least(z: A) -> A:
    return np.maximum(0, z), np.where(z >= 0, 1.0, 0.0).astype(z.dtype)


def relu_mask(z: A) -> A:
    a = z * (z > 0)
    return a, (a > 0).astype(z.dtype)


def relu_half(z: A) -> A:
    return (z + np.abs(z)) / 2, (1 + np.sign(z)) / 2


def leaky_relu_maximum(z: A) -> A:
    return np.maximum(z, 0.01 * z), np.where(z > 0, z.dtype.type(1), z.dtype.type(0.01))


def leaky_relu_at_least(z: A) -> A:
    slope = np.full_like(z, 0.01)
    slope[z >= 0] = 1
    return z * slope, slope


def softplus_naive(z: A) -> A:
    return np.log(1 + np.exp(z)), np.exp(z) / (1 + np.exp(z))


def softplus_stable(z: A) -> A:
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))), 1 / (1 + np.exp(-z))


def softplus_entry_by_entry(z: A) -> A:
    a, slope = np.zeros(z.shape), np.zeros(z.shape)
    for place in np.ndindex(z.shape):
        a[place] = np.log(1 + np.exp(z[place]))
        slope[place] = 1 / (1 + np.exp(-z[place]))
    return a, slope


def gelu_of_math_erf(z: A) -> A:
    phi = np.vectorize(lambda v: 0.5 * (1 + math.erf(v / math.sqrt(2))), otypes=[float])(z)
    return z * phi, phi + z * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def gelu_of_erfc(z: A) -> A:
    phi = np.vectorize(lambda v: 0.5 * math.erfc(-v / math.sqrt(2)), otypes=[float])(z)
    return z * phi, phi + z * np.exp(-0.5 * z * z) * (1 / math.sqrt(2 * math.pi))


def gelu_tanh_textbook(z: A) -> A:
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (z + 0.044715 * z**3))
    inner = c * (1 + 3 * 0.044715 * z**2)
    return 0.5 * z * (1 + t), 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * inner


def gelu_tanh_of_sigmoid(z: A) -> A:
    s = sigmoid(1.5957691216057308 * (z + 0.044715 * z * z * z))
    return z * s, s + z * s * (1 - s) * 1.5957691216057308 * (1 + 0.134145 * z * z)


def identity(z: A) -> A:
    return z, 1


# --- without arrays: Python's own arithmetic raises where NumPy's overflows ----------------------


def plain_forward(W1: A, b1: A, W2: A, b2: A, x: A) -> tuple[list[float], float]:
    rows = zip(W1.tolist(), b1[:, 0].tolist(), strict=True)
    z1 = [sum(w * v for w, v in zip(row, x, strict=True)) + b for row, b in rows]
    a1 = [math.tanh(z) for z in z1]
    z2 = sum(w * a for w, a in zip(W2[0].tolist(), a1, strict=True)) + float(b2[0, 0])
    return a1, 1 / (1 + math.exp(-z2))


def plain(back: Callable[[float, float], float]) -> Callable[..., A]:
    def backward(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
        n, h, d = x.shape[1], W1.shape[0], W1.shape[1]
        dW1, db1, dW2, db2 = [[0.0] * d for _ in range(h)], [0.0] * h, [0.0] * h, 0.0
        for column, label in zip(x.T.tolist(), y[0].tolist(), strict=True):
            a1, yhat = plain_forward(W1, b1, W2, b2, column)
            dz2 = back(yhat, label) / n
            db2 += dz2
            for j in range(h):
                dz1 = float(W2[0, j]) * dz2 * (1 - a1[j] ** 2)
                dW2[j] += dz2 * a1[j]
                db1[j] += dz1
                for i in range(d):
                    dW1[j][i] += dz1 * column[i]
        return np.array(dW1), np.array(db1)[:, None], np.array([dW2]), db2

    return backward


def plain_loss(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> float:
    total = 0.0
    for column, label in zip(x.T.tolist(), y[0].tolist(), strict=True):
        _, yhat = plain_forward(W1, b1, W2, b2, column)
        total -= label * math.log(yhat) + (1 - label) * math.log(1 - yhat)
    return total / x.shape[1]


# --- the softmax output -------------------------------------------------------------------------


def unshifted_softmax(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    a1 = np.tanh(W1 @ x + b1)
    e = np.exp(W2 @ a1 + b2)
    return after_dz2((e / e.sum(axis=0) - y) / x.shape[1], a1, 1 - a1**2, W2, x)


def shifted_softmax(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    a1 = np.tanh(W1 @ x + b1)
    z2 = W2 @ a1 + b2
    e = np.exp(z2 - z2.max(axis=0))
    return after_dz2((e / e.sum(axis=0) - y) / x.shape[1], a1, 1 - a1**2, W2, x)


def softmax_loss(W1: A, b1: A, W2: A, b2: A, x: A, y: A) -> A:
    e = np.exp(W2 @ np.tanh(W1 @ x + b1) + b2)
    return -np.sum(y * np.log(e / e.sum(axis=0) + 1e-12)) / y.shape[1]


def through_the_jacobian(W: A, b: A, x: A, y: A) -> A:
    z = W @ x + b
    e = np.exp(z - z.max(axis=0))
    p = e / e.sum(axis=0)
    dW, db = np.zeros_like(W), np.zeros_like(b)
    for i in range(x.shape[1]):
        column = p[:, [i]]
        jacobian = np.diagflat(column) - column @ column.T
        dz = jacobian.T @ (-y[:, [i]] / column)
        dW += dz @ x[:, [i]].T
        db += dz
    return dW / x.shape[1], db / x.shape[1]


def through_all_jacobians(W: A, b: A, x: A, y: A) -> A:
    z = W @ x + b
    p = np.exp(z - z.max(axis=0)) / np.exp(z - z.max(axis=0)).sum(axis=0)
    jacobians = np.einsum("an,ab->nab", p, np.eye(len(p))) - np.einsum("an,bn->nab", p, p)
    dz = np.einsum("nab,bn->an", jacobians, -y / (p + 1e-12)) / x.shape[1]
    return dz @ x.T, dz.sum(axis=1)[:, None]


def of_the_logarithm(W: A, b: A, x: A, y: A) -> A:
    z = W @ x + b
    top = z.max(axis=0)
    log_p = z - top - np.log(np.exp(z - top).sum(axis=0))
    dz = np.exp(log_p) * y.sum(axis=0) - y
    return dz @ x.T / x.shape[1], np.mean(dz, axis=1, keepdims=True)


def of_the_logarithm_loss(W: A, b: A, x: A, y: A) -> A:
    z = W @ x + b
    top = z.max(axis=0)
    return np.mean(np.sum(y * (top + np.log(np.exp(z - top).sum(axis=0)) - z), axis=0))


# --- logistic and linear regression -------------------------------------------------------------


def logistic_long_way(w: A, b: A, x: A, y: A) -> A:
    yhat = sigmoid(w @ x + b)
    dz = (-y / yhat + (1 - y) / (1 - yhat)) * yhat * (1 - yhat)
    return dz @ x.T / x.shape[1], np.mean(dz)


def logistic_loop(w: A, b: A, x: A, y: A) -> A:
    dw, db = np.zeros_like(w), 0.0
    for column, label in zip(x.T, y[0], strict=True):
        difference = 1 / (1 + np.exp(-(np.dot(w[0], column) + b[0, 0]))) - label
        dw[0] += difference * column / len(x.T)
        db += difference / len(x.T)
    return dw, db


def logistic_machine_epsilon(w: A, b: A, x: A, y: A) -> A:
    epsilon = np.finfo(np.float64).eps
    p = np.clip(sigmoid(w @ x + b), epsilon, 1 - epsilon)
    dz = (p - y) / (p * (1 - p)) * p * (1 - p) / x.shape[1]
    return dz @ x.T, dz.sum(keepdims=True)


def linear_residuals(w: A, b: A, x: A, y: A) -> A:
    residuals = y - (w @ x + b)
    return -residuals @ x.T / x.shape[1], -residuals.mean(axis=1, keepdims=True)


def linear_residuals_loss(w: A, b: A, x: A, y: A) -> A:
    return 0.5 * np.mean((y - w @ x - b) ** 2)


def linear_normal_equations(w: A, b: A, x: A, y: A) -> A:
    n = x.shape[1]
    sums = x.sum(axis=1, keepdims=True)
    return (w @ (x @ x.T) + b * sums.T - y @ x.T) / n, (w @ sums + n * b - y.sum()) / n


def deep_in_a_loop(W1: A, b1: A, W2: A, b2: A, W3: A, b3: A, x: A, y: A) -> A:
    weights, activations = [(W1, b1), (W2, b2), (W3, b3)], [x]
    for W, b in weights[:-1]:
        activations.append(np.tanh(W @ activations[-1] + b))
    delta = sigmoid(W3 @ activations[-1] + b3) - y
    gradients = []
    for (W, _), a in zip(reversed(weights), reversed(activations), strict=True):
        gradients = [delta @ a.T / x.shape[1], delta.mean(axis=1, keepdims=True), *gradients]
        delta = (W.T @ delta) * (1 - a**2)
    return tuple(gradients)


_HIDDEN_LAYERS = tuple(
    Derivation(g.__name__, "mlp", activation, hidden_layer(g))
    for activation, layers in {
        "tanh": (
            tanh_of_two_exponentials,
            tanh_of_one_exponential,
            tanh_of_sigmoid,
            tanh_of_cosh,
        ),
        "sigmoid": (
            sigmoid_textbook,
            sigmoid_from_the_other_side,
            sigmoid_of_tanh,
            sigmoid_of_cases,
            sigmoid_derivative_of_exponentials,
        ),
        "relu": (relu_at_least, relu_mask, relu_half),
        "leaky_relu": (leaky_relu_maximum, leaky_relu_at_least),
        "softplus": (softplus_naive, softplus_stable, softplus_entry_by_entry),
        "gelu": (gelu_of_math_erf, gelu_of_erfc),
        "gelu_tanh": (gelu_tanh_textbook, gelu_tanh_of_sigmoid),
        "identity": (identity,),
    }.items()
    for g in layers
)

# What happens at kinks, together with guards, with overflow, in float32, and without the mean.
_COMBINED = tuple(
    Derivation(f"{g.__name__}_{name}", "mlp", activation, hidden_layer(g, *options))
    for activation, g in (("relu", relu_at_least), ("leaky_relu", leaky_relu_at_least))
    for name, options in {
        "guarded": (guarded,),
        "clipped": (clipped,),
        "unguarded": (unguarded,),
        "in_float32": (short, np.float32),
        "guarded_in_float32": (guarded, np.float32),
        "unguarded_in_float32": (unguarded, np.float32),
        "summed_in_float32": (unguarded, np.float32, False),
    }.items()
)

RIGHT: tuple[Derivation, ...] = (
    *MLP,
    *_HIDDEN_LAYERS,
    *_COMBINED,
    Derivation("plain_python", "mlp", "tanh", plain(short), plain_loss),
    Derivation("plain_python_long_way", "mlp", "tanh", plain(unguarded)),
    Derivation("plain_python_guarded", "mlp", "tanh", plain(guarded)),
    Derivation("unshifted_softmax", "mlp_softmax", "tanh", unshifted_softmax, softmax_loss),
    Derivation("shifted_softmax", "mlp_softmax", "tanh", shifted_softmax),
    Derivation("through_the_jacobian", "softmax_regression", "sigmoid", through_the_jacobian),
    Derivation("through_all_jacobians", "softmax_regression", "sigmoid", through_all_jacobians),
    Derivation(
        "of_the_logarithm",
        "softmax_regression",
        "sigmoid",
        of_the_logarithm,
        of_the_logarithm_loss,
    ),
    Derivation("logistic_long_way", "logistic_regression", "sigmoid", logistic_long_way),
    Derivation("logistic_loop", "logistic_regression", "sigmoid", logistic_loop),
    Derivation(
        "logistic_machine_epsilon", "logistic_regression", "sigmoid", logistic_machine_epsilon
    ),
    Derivation(
        "linear_residuals", "linear_regression", "sigmoid", linear_residuals, linear_residuals_loss
    ),
    Derivation("linear_normal_equations", "linear_regression", "sigmoid", linear_normal_equations),
    Derivation("deep_in_a_loop", "mlp3", "tanh", deep_in_a_loop),
)
