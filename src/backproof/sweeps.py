"""Many small runs as one program: learning rates, seeds and folds, all trained at once.

`training.step` is pure in its parameters and its rate, and padding says which examples count, so a
sweep is a `vmap` of the loop: the data are there once, and every product is one batched product.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from backproof import models, tensors
from backproof.models import Padding, Precision
from backproof.notation import ACTIVATIONS, Model
from backproof.start import initial_parameters
from backproof.tensors import DType, choice, hidden_sizes, model_of, positive, whole
from backproof.training import allowing, step


class Swept(NamedTuple):
    """What a sweep leaves; the leading axes are learning rates, seeds and folds.

    Attributes:
        parameters: after the last step, by name.
        losses: of the training part, before each step.
        held_losses: of the part held out, after the last step; NaN without folds.
        accuracies: on that part; NaN without folds, and for models without classes.
    """

    parameters: dict[str, np.ndarray]
    losses: Float[np.ndarray, "rates seeds folds steps"]
    held_losses: Float[np.ndarray, "rates seeds folds"]
    accuracies: Float[np.ndarray, "rates seeds folds"]


def sweep(
    model: str | Model,
    x: ArrayLike,
    y: ArrayLike,
    *,
    learning_rates: Sequence[float] = (0.1,),
    seeds: Sequence[int] = (0,),
    folds: int | None = None,
    activation: str = "sigmoid",
    steps: int = 1000,
    dtype: DType = "float32",
    precision: Precision = "highest",
    hidden: int | Sequence[int] = 8,
    scale: float = 0.01,
) -> Swept:
    """Minimise the model's mean loss by full-batch gradient descent, once for each combination.

    Args:
        model: a name of `MODELS`, or a `Model`.
        x: inputs (d, n), one example per column.
        y: targets (1, n) or (k, n).
        learning_rates: each positive.
        seeds: each of initial parameters, those that `train` would start from.
        folds: of cross-validation, from 2 to n: the examples are shuffled and dealt into so many
            parts, the same for all seeds, and each run holds out one of them. None: nothing is
            held out, and that axis has size 1.
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
    x, y, sizes = tensors.examples(model, x, y, dtype)
    sizes |= hidden_sizes(model, hidden)
    starts = [initial_parameters(model, sizes, seed, dtype, scale) for seed in seeds]
    counted = _counted(sizes["n"], folds).astype(x.dtype)
    shape = (len(rates), len(starts), len(counted))
    places = list(itertools.product(*map(range, shape)))
    stacked = {name: np.stack([starts[s][name] for _, s, _ in places]) for name in starts[0]}
    each = (np.stack([rates[r] for r, _, _ in places]), counted[[f for _, _, f in places]])
    static = {"model": model, "activation": activation, "precision": precision, "steps": steps}
    with allowing(dtype):
        done = _swept(stacked, *each, x, y, **static)
        parameters, *rest = jax.tree.map(
            lambda value: np.asarray(value).reshape(*shape, *value.shape[1:]), done
        )
    return Swept(parameters, *rest)


def _counted(n: int, folds: int | None) -> np.ndarray:
    """For each fold, 1 for the examples that are trained on and 0 for those held out."""
    if folds is None:
        return np.ones((1, n))
    whole("folds", folds, least=2, most=n)
    counted = np.ones((folds, n))
    for fold, held in enumerate(counted):
        held[np.random.default_rng(0).permutation(n)[fold::folds]] = 0.0
    return counted


@functools.partial(jax.jit, static_argnames=("model", "activation", "precision", "steps"))
def _swept(
    parameters: dict[str, Array],
    rates: Float[Array, " runs"],
    counted: Float[Array, "runs n"],
    x: Float[Array, "d n"],
    y: Float[Array, "k n"],
    *,
    model: Model,
    activation: str,
    precision: Precision,
    steps: int,
) -> tuple[dict[str, Array], Array, Array, Array]:
    classes = jnp.ones_like(y[:, 0])

    def one(
        start: dict[str, Array], rate: Array, real: Array
    ) -> tuple[dict[str, Array], Array, Array, Array]:
        update = step(model, activation, rate, precision)

        def body(now: dict[str, Array], _: None) -> tuple[dict[str, Array], Array]:
            return update(now, x, y, Padding(real, classes))

        final, losses = lax.scan(body, start, None, length=steps)
        z = models.forward(model, final, x, activation, precision=precision)
        held = 1.0 - real
        apart = Padding(held, classes)
        held_loss = models.loss(model, final, x, y, activation, padding=apart, precision=precision)
        if model.output == "identity":
            right = jnp.full_like(held, jnp.nan)
        elif model.output == "softmax":
            right = jnp.argmax(z, axis=0) == jnp.argmax(y, axis=0)
        else:
            right = (z[0] > 0.0) == (y[0] > 0.5)
        return final, losses, held_loss, jnp.sum(held * right) / jnp.sum(held)

    return jax.vmap(one)(parameters, rates, counted)
