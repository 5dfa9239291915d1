"""The backend in NumPy: the gradients of `reference`, derived by hand."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from backproof.notation import Model
from backproof.reading.told import Unreadable
from backproof.reference import (
    deep_mlp,
    linear_regression,
    logistic_regression,
    mlp,
    optimize,
    softmax_regression,
)
from backproof.runs.backends import Advanced, Parameters, Prepared, Problem

Differentiated: TypeAlias = Callable[
    [Parameters, np.ndarray, np.ndarray], tuple[np.floating[Any], list[np.ndarray]]
]
_REGRESSIONS: dict[str, Any] = {
    "identity": linear_regression,
    "sigmoid": logistic_regression,
    "softmax": softmax_regression,
}


def prepare(problem: Problem) -> Prepared:
    """Gradient descent as `reference.optimize` does it."""
    if problem.dtype == "bfloat16":
        advice = "take float32 or float64, or --backend jax"
        raise Unreadable(f"--precision bfloat16: NumPy has no products of it; {advice}")
    if problem.device not in (None, "cpu"):
        raise Unreadable(f"--device {problem.device}: NumPy computes on the CPU only")
    if problem.devices not in (None, 1):
        raise Unreadable(f"--devices {problem.devices}: several are for --backend jax")
    differentiate = differentiated(problem.model, problem.activation)

    def advance(parameters: Parameters, start: int, stop: int) -> Advanced:
        losses, norms, gradients = np.empty(stop - start), np.empty(stop - start), [np.empty(0)]
        for t in range(start, stop):
            batch = problem.batch(t)
            x, y = problem.x, problem.y
            x, y = (x, y) if batch is None else (x[:, batch], y[:, batch])
            with np.errstate(all="ignore"):  # a run that diverges says so by its loss
                losses[t - start], gradients = differentiate(parameters, x, y)
                parameters = optimize.update(parameters, gradients, problem.learning_rate)
                squares = [np.sum(np.square(dp, dtype=np.float64)) for dp in gradients]
                norms[t - start] = math.sqrt(sum(squares))
        named = dict(zip(parameters, gradients, strict=True))
        return Advanced(parameters, named, losses, norms)

    machine = platform.processor() or platform.machine() or "unknown"
    return Prepared(advance, device=f"cpu ({machine})", products=problem.dtype)


def differentiated(model: Model, activation: str) -> Differentiated:
    """The loss and the gradients, in the order of the parameters, as `reference` has them."""
    if model.depth == 1:
        module = _REGRESSIONS[model.output]

        def shallow(
            parameters: Parameters, x: np.ndarray, y: np.ndarray
        ) -> tuple[np.floating[Any], list[np.ndarray]]:
            given = (*parameters.values(), x, y)
            return module.loss(*given), list(module.backward(*given))

        return shallow
    told = (activation, model.output)

    def deep(
        parameters: Parameters, x: np.ndarray, y: np.ndarray
    ) -> tuple[np.floating[Any], list[np.ndarray]]:
        W1, b1, *rest = parameters.values()
        if len(rest) == 2:
            W2, b2 = rest
            loss = mlp.loss(W1, b1, W2, b2, x, y, *told)
            return loss, list(mlp.backward(W1, b1, W2, b2, x, y, *told))
        layers = list(zip([W1, *rest[::2]], [b1, *rest[1::2]], strict=True))
        pairs = deep_mlp.backward(layers, x, y, *told)
        return deep_mlp.loss(layers, x, y, *told), [array for pair in pairs for array in pair]

    return deep


def predicted(model: Model, activation: str, parameters: Parameters, x: np.ndarray) -> np.ndarray:
    """yhat (1, n) or (k, n) in float64, whatever the parameters were trained in."""
    wide = [np.asarray(value, np.float64) for value in parameters.values()]
    inputs = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        if model.depth == 1:
            yhat: np.ndarray = _REGRESSIONS[model.output].forward(*wide, inputs)
            return yhat
        layers = list(zip(wide[::2], wide[1::2], strict=True))
        return deep_mlp.forward(layers, inputs, activation, model.output)
