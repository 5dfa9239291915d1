"""Gradients with one fault, for loops that are right otherwise."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from backproof import models
from comparison.made_runs import Arrays, Gradient, Task, by_hand


def stretched(factors: dict[str, float]) -> Gradient:
    def gradient(asked: Task, number: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        told = by_hand(asked, number, now, x, y)
        return {
            name: (value.astype(np.float64) * factors.get(name, 1.0)).astype(value.dtype)
            for name, value in told.items()
        }

    return gradient


def decayed(strength: float) -> Gradient:
    def gradient(asked: Task, number: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        told = by_hand(asked, number, now, x, y)
        return {
            name: value + np.asarray(strength, value.dtype) * now[name]
            if name[0] in "wW"
            else value
            for name, value in told.items()
        }

    return gradient


def with_momentum(share: float) -> Gradient:
    velocity: list[Arrays] = []

    def gradient(asked: Task, number: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        told = by_hand(asked, number, now, x, y)
        last = velocity[-1] if number else {name: np.zeros_like(v) for name, v in told.items()}
        kept = {
            name: np.asarray(share, v.dtype) * last[name] + told[name] for name, v in told.items()
        }
        velocity.append(kept)
        return kept

    return gradient


def backwards(
    now: Arrays,
    old: Arrays,
    x: np.ndarray,
    y: np.ndarray,
    has_slope: bool = True,
    is_squared: bool = False,
) -> Arrays:
    """The MLP with tanh by hand; its backward pass takes W2 from `old`."""
    a1 = np.tanh(now["W1"] @ x + now["b1"])
    yhat = 1.0 / (1.0 + np.exp(-(now["W2"] @ a1 + now["b2"])))
    dz2 = (yhat - y) / np.asarray(x.shape[1], x.dtype)
    if is_squared:
        dz2 *= np.asarray(2.0, x.dtype) * yhat * (1.0 - yhat)
    dz1 = (old["W2"].T @ dz2) * (1.0 - a1 * a1 if has_slope else np.asarray(1.0, x.dtype))
    return {
        "W1": dz1 @ x.T,
        "b1": dz1.sum(axis=1, keepdims=True),
        "W2": dz2 @ a1.T,
        "b2": dz2.sum(axis=1, keepdims=True),
    }


def too_early(asked: Task, number: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
    rate = np.asarray(asked.rate, x.dtype)
    moved = {**now, "W2": now["W2"] - rate * backwards(now, now, x, y)["W2"]}
    return backwards(now, moved, x, y)


def without_slope(asked: Task, number: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
    return backwards(now, now, x, y, has_slope=False)


def of_squares(asked: Task, number: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
    """Of the mean of squares, without a half, behind the sigmoid."""
    return backwards(now, now, x, y, is_squared=True)


def out_of_date() -> Gradient:
    seen: list[Arrays] = []

    def gradient(asked: Task, number: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        seen.append(now)
        return backwards(now, seen[-2] if number else now, x, y)

    return gradient


def in_bfloat16(asked: Task, number: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
    """Each matrix product of bfloat16 numbers, its sums in float32."""

    def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        short = [one.astype(jnp.bfloat16).astype(np.float32) for one in (a, b)]
        return short[0] @ short[1]

    a1 = np.tanh(product(now["W1"], x) + now["b1"])
    yhat = 1.0 / (1.0 + np.exp(-(product(now["W2"], a1) + now["b2"])))
    dz2 = (yhat - y) / np.asarray(x.shape[1], x.dtype)
    dz1 = product(now["W2"].T, dz2) * (1.0 - a1 * a1)
    return {
        "W1": product(dz1, x.T),
        "b1": dz1.sum(axis=1, keepdims=True),
        "W2": product(dz2, a1.T),
        "b2": dz2.sum(axis=1, keepdims=True),
    }


def mixed(precision: str, times: float = 1.0) -> Gradient:
    """Everything but the update in a lower precision, and the gradients cast back."""

    def gradient(asked: Task, number: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        def loss(now: Arrays) -> jax.Array:
            given = ({name: cast(value) for name, value in now.items()}, cast(x), cast(y))
            return models.loss(asked.model, *given, asked.activation)

        def cast(value: np.ndarray) -> jax.Array:
            return jnp.asarray(value).astype(precision)

        # Not compiled: XLA may leave out the rounding of what is cast back at once.
        told = {name: np.asarray(value) for name, value in jax.grad(loss)(now).items()}
        return {**told, "W1": np.asarray(times, x.dtype) * told["W1"]}

    return gradient
