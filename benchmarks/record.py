"""Records of one task to compare: a loop in NumPy, one in JAX, and one that updates too early.

    uv run python benchmarks/record.py FOLDER
    uv run backproof compare FOLDER/*

All start from the same parameters. The third moves W2 before it computes the hidden layer's error
from it, which no plot of the losses shows: they fall as those of the others do.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import jax
import numpy as np

import backproof
from backproof import models, training
from backproof.notation import MODELS

STEPS, RATE = 300, np.float32(0.1)
Arrays = Mapping[str, np.ndarray]


def by_hand(now: Arrays, behind: Arrays, x: np.ndarray, y: np.ndarray) -> tuple[float, Arrays]:
    """The loss and its gradients; the error of the hidden layer is taken through `behind`."""
    a1 = np.tanh(now["W1"] @ x + now["b1"])
    z2 = now["W2"] @ a1 + now["b2"]
    dz2 = (1 / (1 + np.exp(-z2)) - y) / np.float32(x.shape[1])
    dz1 = (behind["W2"].T @ dz2) * (1 - a1 * a1)
    gradients = {
        "W1": dz1 @ x.T,
        "b1": dz1.sum(axis=1, keepdims=True),
        "W2": dz2 @ a1.T,
        "b2": dz2.sum(axis=1, keepdims=True),
    }
    return float(np.mean(np.logaddexp(0, z2) - y * z2)), gradients


def in_numpy(now: Arrays, x: np.ndarray, y: np.ndarray) -> tuple[float, Arrays]:
    """The loss and its gradients."""
    return by_hand(now, now, x, y)


def too_early(now: Arrays, x: np.ndarray, y: np.ndarray) -> tuple[float, Arrays]:
    """The same with W2 as it will be after its update."""
    _, gradients = by_hand(now, now, x, y)
    return by_hand(now, {"W2": now["W2"] - RATE * gradients["W2"]}, x, y)


def in_jax() -> Callable[[Arrays, np.ndarray, np.ndarray], tuple[float, Arrays]]:
    """The same by JAX's reverse mode, compiled."""

    def loss(now: Arrays, x: np.ndarray, y: np.ndarray) -> jax.Array:
        return models.loss(MODELS["mlp"], now, x, y, "tanh")

    compiled = jax.jit(jax.value_and_grad(loss))

    def step(now: Arrays, x: np.ndarray, y: np.ndarray) -> tuple[float, Arrays]:
        value, gradients = compiled(now, x, y)
        return float(value), {name: np.asarray(one) for name, one in gradients.items()}

    return step


def main() -> None:
    """Write the three records."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="for the three records; new")
    folder = parser.parse_args().folder
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 64)).astype(np.float32)
    y = (rng.random((1, 64)) < 0.5).astype(np.float32)
    loops = {"numpy": in_numpy, "jax": in_jax(), "too_early": too_early}
    for name, step in loops.items():
        now = training.initial_parameters(MODELS["mlp"], {"d": 5, "h": 8}, 1, "float32", 1.0)
        step(now, x, y)  # compiles
        with backproof.record(
            folder / name,
            model="mlp",
            activation="tanh",
            x=x,
            y=y,
            learning_rate=0.1,
            steps=STEPS,
            backend="jax" if name == "jax" else "numpy",
            device="cpu",
            products="float32",
        ) as run:
            for _ in range(STEPS):
                loss, gradients = step(now, x, y)
                run.step(now, gradients, loss)
                now = {p: now[p] - RATE * gradients[p] for p in now}
            run.end(now)


if __name__ == "__main__":
    main()
