"""Where every run starts, whatever computes it: parameters, and examples in order, on one scale.

NumPy only. Parameters and the order of the examples come from a seed, and are those of
`reference.optimize`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, get_args

import numpy as np
from jaxtyping import Bool, Float, Int

from backproof.notation import INITIAL_SCALE, Model
from backproof.reference import optimize
from backproof.tensors import DType, choice, dtype_of, model_of, positive, sized, whole


class Batches(NamedTuple):
    """The examples of every step: row t of `indices`, of which the first `counts[t]` are real."""

    indices: Int[np.ndarray, "steps size"]
    counts: Int[np.ndarray, " steps"]


def batches(n: int, size: int, steps: int, seed: int) -> Batches:
    """Lay out the examples of every step, those that `reference.optimize.batches` gives.

    Each pass over the data takes every example once. Where `size` does not divide n its last batch
    is smaller, and that step follows the mean over the examples it has. To keep one compiled shape
    the row is filled up with its own first example, which `counts` keeps out of the loss.
    Indices are int32 (steps, size), so 4 bytes for each example met; counts are int32 (steps,).
    """
    indices, counts = np.empty((steps, size), np.int32), np.empty(steps, np.int32)
    for t, batch in enumerate(optimize.batches(n, size, steps, seed)):
        counts[t] = len(batch)
        indices[t, : len(batch)], indices[t, len(batch) :] = batch, batch[0]
    return Batches(indices, counts)


def initial_parameters(
    model: str | Model,
    sizes: Mapping[str, int],
    seed: int = 0,
    dtype: DType = "float32",
    scale: float = INITIAL_SCALE,
) -> dict[str, np.ndarray]:
    """Draw parameters as `reference.optimize.initial_parameters` does.

    Weights and biases alike are normal with standard deviation `scale`, drawn in float64 and
    rounded to `dtype` once: every precision and backend starts from the same numbers. `sizes` are
    those of the axes, such as `{"d": 2, "h": 8}` (n may be left out); ValueError where one is
    missing, where `scale` is not positive or `seed` not a whole number from 0.
    """
    model, dtype = model_of(model), choice("dtype", dtype, get_args(DType))
    seed, scale = whole("seed", seed, least=0), float(positive("scale", scale, "float64"))
    sized(model, sizes, model.axes[:-1])
    shapes = {name: model.shape(name, sizes) for name in model.parameters}
    drawn = optimize.initial_parameters(shapes, seed, scale)
    return {name: value.astype(dtype_of(dtype)) for name, value in drawn.items()}


def folded(
    model: Model, y: Float[np.ndarray, "k n"], folds: int | None
) -> Bool[np.ndarray, "folds n"]:
    """Which of n examples are trained on in each fold of cross-validation; the others are held out.

    The examples are shuffled, always in the same way, and dealt into so many parts, from 2 to n,
    of which each fold holds out one: class by class, so that the parts have as many of each class,
    and are as large, up to one. None: a single fold that holds nothing out.
    """
    n = y.shape[1]
    if folds is None:
        return np.ones((1, n), bool)
    whole("folds", folds, least=2, most=n)
    order = np.random.default_rng(0).permutation(n)
    if model.output != "identity":
        of_class = np.argmax(y, axis=0) if model.output == "softmax" else y[0] > 0.5
        order = order[np.argsort(of_class[order], kind="stable")]
    trained_on = np.ones((folds, n), bool)
    for fold in range(folds):
        trained_on[fold, order[fold::folds]] = False
    return trained_on


def standardised(
    x: Float[np.ndarray, "d n"], training: Int[np.ndarray, " kept"]
) -> Float[np.ndarray, "d n"]:
    """Each feature (row) less its mean, over its deviation, both of the training columns alone.

    They are rounded before they are used, so that another order of summing makes no difference. A
    feature that is constant in training is not scaled; one elsewhere may become infinite, if it is
    some 1e308 times as large as any in training.
    """
    part = x[:, training]
    # In units of a power of two, which is exact and lets no square overflow.
    unit = np.ldexp(1.0, np.frexp(abs(part).max(axis=1, keepdims=True))[1] - 1)
    part = part / unit
    # Kept to 24 bits of the deviation, which no order of summing moves.
    mantissa, exponent = np.frexp(part.std(axis=1, keepdims=True))
    grid = np.ldexp(1.0, exponent - 24)
    mean = np.rint(part.mean(axis=1, keepdims=True) / grid) * grid
    deviation = np.rint(np.ldexp(mantissa, 24)) * grid
    constant = part.max(axis=1, keepdims=True) == part.min(axis=1, keepdims=True)
    with np.errstate(over="ignore"):
        moved: np.ndarray = (x / unit - mean) / np.where(constant, 1.0, deviation)
    return moved
