"""Gradient descent, the lecture's loop, for any of the models.

The slide "Gradient Descent for Neural Networks" updates W_1 and b_1 only, and its first listing
returns from inside the loop, after one step. Here every parameter takes its step, all of them with
gradients of the same forward pass, and the loop runs to its end.

Parameters are a dict from name to array, in the order in which `loss` and `backward` take them:

    parameters = initial_parameters({"w": (1, d), "b": (1, 1)}, seed=0)
    loss, backward = logistic_regression.loss, logistic_regression.backward
    parameters, losses = optimize(loss, backward, parameters, x, y, lr=0.1, n_iter=1000)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .activations import Array

Indices: TypeAlias = NDArray[np.integer[Any]]


def initial_parameters(
    shapes: Mapping[str, tuple[int, ...]],
    seed: int,
    scale: float = 0.01,
    dtype: type[np.floating[Any]] = np.float64,
) -> dict[str, Array]:
    """Draw every parameter close to 0: normal with standard deviation `scale`, from `seed`.

    They are drawn in float64, one after the other in the order of `shapes`, and then rounded to
    `dtype`: the same seed starts the same training in every precision. All zeros would not do for
    a hidden layer: its units would stay copies of each other.
    """
    rng = np.random.default_rng(seed)
    return {
        name: (scale * rng.standard_normal(shape)).astype(dtype) for name, shape in shapes.items()
    }


def update(
    parameters: Mapping[str, Array], gradients: Sequence[Array], lr: float
) -> dict[str, Array]:
    """Take one step, p - lr * dp for every parameter p; `gradients` come in the same order.

    The old parameters are left as they are: no gradient can be computed from a half-updated set.
    """
    return {
        name: parameter - float(lr) * gradient
        for (name, parameter), gradient in zip(parameters.items(), gradients, strict=True)
    }


def batches(n: int, batch_size: int | None, n_iter: int, seed: int) -> Iterator[Indices]:
    """Yield, `n_iter` times, the indices of the examples (columns) of the next step.

    Without a `batch_size`, all n each time. With one, the examples are shuffled anew for each pass
    over the data, from `seed`, and dealt in that order; the last batch of a pass may be smaller and
    is kept, so that every pass uses every example once.
    """
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size={batch_size}: a batch has at least 1 example")
    rng = np.random.default_rng(seed)
    order, start = np.arange(n), n
    for _ in range(n_iter):
        if batch_size is None:
            yield order
            continue
        if start >= n:
            order, start = rng.permutation(n), 0
        yield order[start : start + batch_size]
        start += batch_size


def optimize(
    loss: Callable[..., np.floating[Any]],
    backward: Callable[..., Sequence[Array]],
    parameters: Mapping[str, Array],
    x: Array,
    y: Array,
    lr: float,
    n_iter: int,
    batch_size: int | None = None,
    seed: int = 0,
) -> tuple[dict[str, Array], Array]:
    """Run `n_iter` steps of gradient descent and return the parameters and the losses.

    Args:
        loss: called as loss(*parameters, x, y); one number.
        backward: called the same way; the gradients, in the order of the parameters.
        parameters: where to start; left unchanged.
        x: inputs (d, n), one example per column.
        y: targets (1, n) or (k, n).
        lr: the learning rate, how far a step goes.
        n_iter: how many steps (updates), not passes over the data.
        batch_size: examples per step; all n without it. See `batches`.
        seed: of the shuffling; without a batch size nothing is drawn.

    Returns:
        The parameters after the last step, and `n_iter` losses: that of each step's batch, before
        its update.
    """
    parameters = dict(parameters)
    losses = np.empty(n_iter, dtype=x.dtype)
    for t, batch in enumerate(batches(x.shape[1], batch_size, n_iter, seed)):
        x_t, y_t = (x, y) if batch_size is None else (x[:, batch], y[:, batch])
        losses[t] = loss(*parameters.values(), x_t, y_t)
        gradients = backward(*parameters.values(), x_t, y_t)
        parameters = update(parameters, gradients, lr)
    return parameters, losses
