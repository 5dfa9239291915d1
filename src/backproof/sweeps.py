"""Many small runs as one program: learning rates, seeds and folds, all trained at once.

`training.step` is pure in its parameters and its rate, and padding says which examples count, so a
sweep is a `vmap` of the loop: the data are there once, and every product is one batched product.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int
from numpy.typing import ArrayLike

from backproof import models, tensors
from backproof.models import Padding, Precision
from backproof.notation import ACTIVATIONS, INITIAL_SCALE, Model
from backproof.start import folded, initial_parameters, standardised
from backproof.tensors import DType, choice, hidden_sizes, model_of, positive, whole
from backproof.training import allowing, step


class Swept(NamedTuple):
    """What a sweep leaves; the leading axes are learning rates, seeds and folds.

    Attributes:
        parameters: after the last step, by name.
        losses: of the training part, before each step.
        held_losses: of the part held out, after the last step; NaN without folds.
        accuracies: on that part; NaN without folds, and for models without classes.
        confusions: how many examples of that part are of each class (row) and taken for each
            (column); no rows for models without classes.
    """

    parameters: dict[str, np.ndarray]
    losses: Float[np.ndarray, "rates seeds folds steps"]
    held_losses: Float[np.ndarray, "rates seeds folds"]
    accuracies: Float[np.ndarray, "rates seeds folds"]
    confusions: Int[np.ndarray, "rates seeds folds k k"]


def sweep(
    model: str | Model,
    x: ArrayLike,
    y: ArrayLike,
    *,
    learning_rates: Sequence[float] = (0.1,),
    seeds: Sequence[int] = (0,),
    folds: int | None = None,
    standardise: bool = False,
    activation: str = "sigmoid",
    steps: int = 1000,
    dtype: DType = "float32",
    precision: Precision = "highest",
    hidden: int | Sequence[int] = 8,
    scale: float = INITIAL_SCALE,
) -> Swept:
    """Minimise the model's mean loss by full-batch gradient descent, once for each combination.

    Args:
        model: a name of `MODELS`, or a `Model`.
        x: inputs (d, n), one example per column.
        y: targets (1, n) or (k, n).
        learning_rates: each positive.
        seeds: each of initial parameters, those that `train` would start from.
        folds: of cross-validation, from 2 to n: the examples are shuffled and dealt into so many
            parts, with the same share of each class, the same for all seeds, and each run holds
            out one of them. None: nothing is held out, and that axis has size 1.
        standardise: whether each feature is moved and scaled to mean 0 and deviation 1, those of
            the examples that the run is trained on: what a fold holds out has no part in them.
        activation: as in `train`.
        steps: how many updates, at least 1.
        dtype: as in `train`.
        precision: of the matrix products.
        hidden: units of each hidden layer, or one number for all.
        scale: of the initial parameters.

    Raises:
        ValueError: an argument that does not fit, naming it, what came and what was expected.
    """
    model, activation = model_of(model), choice("activation", activation, ACTIVATIONS)
    dtype = choice("dtype", dtype, get_args(DType))
    precision, steps = choice("precision", precision, get_args(Precision)), whole("steps", steps)
    rates = [positive("learning_rates", rate, dtype) for rate in learning_rates]
    if not rates or not seeds:
        raise ValueError("learning_rates and seeds: expected at least one of each")
    x, y, sizes = tensors.examples(model, x, y, "float64" if standardise else dtype)
    sizes |= hidden_sizes(model, hidden)
    trained_on = folded(model, y, folds)
    if standardise:
        x = np.stack([standardised(x, np.flatnonzero(kept)) for kept in trained_on])
    x, y = tensors.cast("x", x, dtype), tensors.cast("y", y, dtype)
    starts = [initial_parameters(model, sizes, seed, dtype, scale) for seed in seeds]
    stacked = {name: np.stack([start[name] for start in starts]) for name in starts[0]}
    static = {"model": model, "activation": activation, "precision": precision, "steps": steps}
    with allowing(dtype):
        done = _swept(stacked, np.stack(rates), trained_on.astype(x.dtype), x, y, **static)
        parameters, losses, held_losses, confusions = jax.tree.map(np.asarray, done)
    if model.output == "identity":
        confusions = confusions[..., :0, :0]
    right, judged = np.trace(confusions, axis1=-2, axis2=-1), confusions.sum(axis=(-2, -1))
    accuracies = np.divide(right, judged, out=np.full(judged.shape, np.nan), where=judged > 0)
    return Swept(parameters, losses, held_losses, accuracies, confusions.astype(np.int64))


@functools.partial(jax.jit, static_argnames=("model", "activation", "precision", "steps"))
def _swept(
    parameters: dict[str, Array],
    rates: Float[Array, " rates"],
    trained_on: Float[Array, "folds n"],
    x: Float[Array, "*folds d n"],
    y: Float[Array, "k n"],
    *,
    model: Model,
    activation: str,
    precision: Precision,
    steps: int,
) -> tuple[dict[str, Array], Array, Array, Array]:
    classes = jnp.ones_like(y[:, 0])

    def one(
        rate: Array, start: dict[str, Array], real: Array, x: Array
    ) -> tuple[dict[str, Array], Array, Array, Array]:
        update = step(model, activation, rate, precision)
        # Padding lets what is held out count for nothing; but 0 times what it overflows to is NaN.
        seen = jnp.where(real > 0.0, x, 0.0)

        def body(now: dict[str, Array], _: None) -> tuple[dict[str, Array], Array]:
            return update(now, seen, y, Padding(real, classes))

        final, losses = lax.scan(body, start, None, length=steps)
        z = models.forward(model, final, x, activation, precision=precision)
        held = 1.0 - real
        apart = Padding(held, classes)
        held_loss = models.loss(model, final, x, y, activation, padding=apart, precision=precision)
        truth, taken = _one_hot(model, y, 0.5), _one_hot(model, z, 0.0)
        return final, losses, held_loss, jnp.einsum("in,jn,n->ij", truth, taken, held)

    by_fold = jax.vmap(one, in_axes=(None, None, 0, 0 if x.ndim == 3 else None))
    by_seed = jax.vmap(by_fold, in_axes=(None, 0, None, None))
    by_rate = jax.vmap(by_seed, in_axes=(0, None, None, None))
    return by_rate(rates, parameters, trained_on, x)


def _one_hot(model: Model, told: Float[Array, "k n"], border: float) -> Float[Array, "classes n"]:
    """Which class each column stands for: its largest row, or whether its only one is larger."""
    if model.output == "softmax":
        number, count = jnp.argmax(told, axis=0), len(told)
    else:
        number, count = (told[0] > border).astype(jnp.int32), 2
    # Counts of float32 are exact up to 16 million, of bfloat16 to 256.
    return jax.nn.one_hot(number, count, axis=0, dtype=jnp.float32)
