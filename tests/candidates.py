"""Backward passes on trial in the tests: `spec` and `candidate` say what they are to the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backproof.candidate import Candidate
from backproof.judge import judge
from backproof.notation import MODELS
from backproof.reading.call import in_process
from backproof.reading.guards import guards
from backproof.reading.spec import Argument, Spec
from backproof.verdict import Report


def spec(model: str, activation: str = "identity", loss: str | None = None) -> Spec:
    family = MODELS[model]
    arguments = tuple(Argument(tensor, tensor) for tensor in family.layouts)
    returns = tuple(f"d{parameter}" for parameter in family.parameters)
    beside = arguments if loss else ()
    return Spec(model, "backward", arguments, family.layouts, returns, activation, loss, beside)


def candidate(
    function: Callable[..., Any],
    model: str = "mlp",
    activation: str = "tanh",
    loss: Callable[..., Any] | None = None,
) -> Candidate:
    told = spec(model, activation, "loss" if loss else None)
    guarded = any(guards(f) for f in (function, loss) if f is not None)
    run = in_process(function, loss)
    return Candidate(MODELS[model], activation, told, run, guards=guarded)


def report(
    function: Callable[..., Any],
    model: str = "mlp",
    activation: str = "tanh",
    loss: Callable[..., Any] | None = None,
    count: int = 150,
    **options: Any,
) -> Report:
    return judge(candidate(function, model, activation, loss), count, 0, **options)


def findings(report: Report) -> set[str]:
    return {finding.kind for finding in report.findings}


def verdicts(report: Report) -> dict[str, str]:
    return {name: quantity.verdict for name, quantity in report.gradients.items()}


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-z))


def through(dz2: Any, W1: Any, b1: Any, W2: Any, b2: Any, x: Any) -> tuple[np.ndarray, ...]:
    """The rest of a tanh network's backward pass, from dL/dz2 on."""
    a1 = np.tanh(W1 @ x + b1)
    dz1 = W2.T @ dz2 * (1.0 - a1**2)
    return (
        dz1 @ x.T,
        dz1.sum(axis=1, keepdims=True),
        dz2 @ a1.T,
        dz2.sum(axis=1, keepdims=True),
    )


def yhat(W1: Any, b1: Any, W2: Any, b2: Any, x: Any) -> np.ndarray:
    return sigmoid(W2 @ np.tanh(W1 @ x + b1) + b2)


def mean_loss(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
    p = yhat(W1, b1, W2, b2, x)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def right(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
    dz2 = (yhat(W1, b1, W2, b2, x) - y) / x.shape[1]
    return through(dz2, W1, b1, W2, b2, x)


def summed(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
    return through(yhat(W1, b1, W2, b2, x) - y, W1, b1, W2, b2, x)


def long_way(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
    p = yhat(W1, b1, W2, b2, x)
    dz2 = (-y / p + (1 - y) / (1 - p)) / x.shape[1] * p * (1 - p)
    return through(dz2, W1, b1, W2, b2, x)


def guarded(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
    p = yhat(W1, b1, W2, b2, x)
    dz2 = (-y / (p + 1e-8) + (1 - y) / (1 - p + 1e-8)) / x.shape[1] * p * (1 - p)
    return through(dz2, W1, b1, W2, b2, x)


def clipped(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
    return tuple(np.clip(g, -5.0, 5.0) for g in right(W1, b1, W2, b2, x, y))


def averaged_bias(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
    dW1, db1, dW2, db2 = right(W1, b1, W2, b2, x, y)
    return dW1, db1 / x.shape[1], dW2, db2


def in_float32(*arrays: Any) -> Any:
    return right(*(array.astype(np.float32) for array in arrays))
