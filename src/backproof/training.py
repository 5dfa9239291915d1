"""Gradient descent as the lecture writes it: one compiled loop for every model and JAX device.

`step` is one update as a pure function, in which all parameters move together, each by its gradient
at the parameters from before (the slide's listing updates only the first layer). `descend` repeats
it inside one jitted `lax.scan` with donated parameter buffers. `train` is the front: it checks what
it is given. `export_step` lowers the step for hardware that need not be there.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, TypeAlias, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax import export, lax
from jaxtyping import Array, Float, Int
from numpy.typing import ArrayLike

from backproof import models, tensors
from backproof.devices import Sharing, device_of
from backproof.full_batch import Examples, Laid, laid, turn
from backproof.models import Padding, Parameters, Precision
from backproof.notation import ACTIVATIONS, INITIAL_SCALE, Model
from backproof.start import Batches, batches, initial_parameters
from backproof.tensors import (
    DType,
    choice,
    fitted_parameters,
    hidden_sizes,
    model_of,
    positive,
    sized,
    whole,
)

Update: TypeAlias = Callable[..., tuple[dict[str, Array], Array]]
PLATFORMS = ("cpu", "cuda", "rocm", "tpu")
_STATIC = ("model", "activation", "precision", "steps", "by_rows")


class Trained(NamedTuple):
    """What a run leaves: the parameters after the last step, and the loss before each step."""

    parameters: dict[str, np.ndarray]
    losses: Float[np.ndarray, " steps"]


def train(
    model: str | Model,
    x: ArrayLike,
    y: ArrayLike,
    *,
    activation: str = "sigmoid",
    learning_rate: float = 0.1,
    steps: int = 1000,
    batch_size: int | None = None,
    dtype: DType = "float32",
    precision: Precision = "highest",
    seed: int = 0,
    hidden: int | Sequence[int] = 8,
    scale: float = INITIAL_SCALE,
    parameters: Mapping[str, ArrayLike] | None = None,
    device: str | jax.Device | None = None,
) -> Trained:
    """Minimise the model's mean loss on (x, y) by gradient descent, full batch or mini-batch.

    The loss recorded for a step is that of the forward pass its gradient came from, so `losses[0]`
    belongs to the initial parameters. A diverging run ends in inf or NaN there; nothing is raised.

    Args:
        model: a name of `MODELS`, or a `Model`.
        x: inputs, (d, n), one example per column; cast to `dtype`. For mini-batches `rows.T` of a
            C-ordered table is fastest: its rows are then read where they lie, without a copy if
            that is in memory of JAX's (`rows = np.asarray(jnp.asarray(rows))`).
        y: targets: (1, n), from 0 to 1 for a sigmoid output; for softmax (k, n), probabilities.
        activation: a name of `notation.ACTIVATIONS`; unused where there is no hidden layer.
        learning_rate: positive; rounded to `dtype`.
        steps: how many updates, at least 1.
        batch_size: examples per step, from 1 to n (see `batches`); None for all of them.
        dtype: float64 needs nothing enabled in JAX; bfloat16 loses updates below 1/512 of a value.
        precision: of the matrix products (see `models.forward`).
        seed: of the initial parameters and of the order of the examples.
        hidden: units of each hidden layer, or one number for all; unused with `parameters`.
        scale: standard deviation of the initial parameters; likewise. From the lecture's "close to
            0", such as 0.01, XOR takes very long to leave its saddle.
        parameters: to start from. They are copied, never donated or changed.
        device: "cpu", "gpu", "tpu" (the first of its kind) or a `jax.Device`; None: JAX's default.

    Returns:
        The parameters as NumPy arrays of `dtype`; the losses, float64 for float64, else float32.

    Raises:
        ValueError: an argument that does not fit, naming it, what came and what was expected.
    """
    model, activation = model_of(model), choice("activation", activation, ACTIVATIONS)
    dtype = choice("dtype", dtype, get_args(DType))
    precision = choice("precision", precision, get_args(Precision))
    rate = positive("learning_rate", learning_rate, dtype)
    steps, seed, device = whole("steps", steps), whole("seed", seed, least=0), device_of(device)
    x, y, sizes = tensors.examples(model, x, y, dtype)
    if parameters is None:
        start = initial_parameters(model, sizes | hidden_sizes(model, hidden), seed, dtype, scale)
    else:
        start = fitted_parameters(model, parameters, sizes, dtype)
    schedule, by_rows = None, False
    if batch_size is not None:
        size = whole("batch_size", batch_size, most=sizes["n"])
        schedule, by_rows = batches(sizes["n"], size, steps, seed), not x.flags.c_contiguous
    static = {"model": model, "activation": activation, "precision": precision, "steps": steps}
    with allowing(dtype):
        # To be donated: so buffers of JAX's own, sharing no memory with the caller's arrays.
        owned = {name: jnp.array(value, copy=True, device=device) for name, value in start.items()}
        data = jax.device_put((x.T if by_rows else x, y, schedule, rate), device)
        trained, losses = descend(owned, *data, **static, by_rows=by_rows)
        return Trained({name: np.asarray(trained[name]) for name in start}, np.asarray(losses))


def step(
    model: Model,
    activation: str = "sigmoid",
    learning_rate: float | Float[Array, ""] = 0.1,
    precision: Precision = "highest",
) -> Update:
    """One update of gradient descent as a pure function, to be jitted, mapped or sharded.

    The function takes (parameters, x, y, padding=None) and returns (parameters, loss): every
    parameter minus `learning_rate` times its gradient of the mean loss, and that loss, both from
    one forward pass at the parameters that came in. Shapes as in `notation.Model.layouts`, one
    floating dtype throughout. `learning_rate` may be traced: a sweep is then a `vmap` over it.
    """
    whole = differentiated(model, activation, learning_rate, precision)

    def update(
        parameters: Parameters, x: Array, y: Array, padding: Padding | None = None
    ) -> tuple[dict[str, Array], Array]:
        following, loss, _ = whole(parameters, x, y, padding)
        return following, loss

    return update


def differentiated(
    model: Model,
    activation: str,
    learning_rate: float | Float[Array, ""],
    precision: Precision,
    transposed: Collection[str] = (),
) -> Callable[..., tuple[dict[str, Array], Array, dict[str, Array]]]:
    """As `step`, and the gradients that the update was made with are the third result.

    Parameters that are `transposed` come so, and go so; likewise their gradients.
    """

    def update(
        parameters: Parameters, x: Array, y: Array, padding: Padding | None = None
    ) -> tuple[dict[str, Array], Array, dict[str, Array]]:
        def loss(now: dict[str, Array]) -> Array:
            laid_back = turn(now, transposed)
            return models.loss(
                model, laid_back, x, y, activation, padding=padding, precision=precision
            )

        now: dict[str, Any] = dict(parameters)
        value, gradients = jax.value_and_grad(loss)(now)
        return jax.tree.map(lambda p, dp: p - learning_rate * dp, now, gradients), value, gradients

    return update


@functools.partial(jax.jit, donate_argnums=0, static_argnames=_STATIC)
def descend(
    parameters: dict[str, Array],
    x: Float[Array, "rows columns"],
    y: Float[Array, "k n"],
    schedule: Batches | None,
    learning_rate: Float[Array, ""],
    *,
    model: Model,
    activation: str,
    precision: Precision,
    steps: int,
    by_rows: bool = False,
) -> tuple[dict[str, Array], Float[Array, " steps"]]:
    """Repeat `step` in one scan. The buffers of `parameters` are donated: do not use them again.

    Every batch is gathered inside the loop, by its indices, out of data that stays where it is;
    `by_rows` says that with a schedule x comes as (n, d). Without one, examples and parameters are
    laid as `full_batch` has it. Compiled once for each set of shapes and keywords: another learning
    rate, start or order of the examples compiles nothing.
    """
    as_given: Laid = ((), (x, y, None))
    transposed, whole = laid(parameters, x, y) if schedule is None else as_given
    update = differentiated(model, activation, learning_rate, precision, transposed)
    history = jnp.promote_types(x.dtype, jnp.float32)

    def body(now: dict[str, Array], batch: Batches | None) -> tuple[dict[str, Array], Array]:
        examples = whole if batch is None else cut(x, y, batch, by_rows)
        following, loss, _ = update(now, *examples)
        return following, loss.astype(history)

    final, losses = lax.scan(body, turn(parameters, transposed), schedule, length=steps)
    return turn(final, transposed), losses


def batch_of(schedule: Batches | None, t: Int[Array, ""]) -> Batches | None:
    """The row of a schedule that is step t's; None where every step sees all examples."""
    return None if schedule is None else Batches(schedule.indices[t], schedule.counts[t])


def cut(x: Array, y: Array, batch: Batches | None, by_rows: bool = False) -> Examples:
    """The examples of one step; `batch` is one row of a schedule."""
    if batch is None:
        return x, y, None
    inputs = jnp.take(x, batch.indices, axis=0 if by_rows else 1, mode="clip")
    targets = jnp.take(y, batch.indices, axis=1, mode="clip")
    real = (jnp.arange(batch.indices.size) < batch.counts).astype(x.dtype)
    padding = Padding(real, jnp.ones_like(y[:, 0]))
    return inputs.T if by_rows else inputs, targets, padding


class Advanced(NamedTuple):
    """Some steps further: the parameters, the last step's gradients, and a curve of each.

    `losses` and `gradient_norms` have room for the longest stretch; the first entries count.
    """

    parameters: dict[str, Array]
    gradients: dict[str, Array]
    losses: Float[Array, " longest"]
    gradient_norms: Float[Array, " longest"]


@functools.partial(
    jax.jit, static_argnames=("model", "activation", "precision", "longest", "by_rows", "sharing")
)
def advance(
    parameters: dict[str, Array],
    x: Float[Array, "rows columns"],
    y: Float[Array, "k n"],
    schedule: Batches | None,
    learning_rate: Float[Array, ""],
    start: Int[Array, ""],
    stop: Int[Array, ""],
    *,
    model: Model,
    activation: str,
    precision: Precision,
    longest: int,
    by_rows: bool = False,
    sharing: Sharing | None = None,
) -> Advanced:
    """Take the steps from `start` to before `stop`, at most `longest`, and keep what is recorded.

    As `descend`, but one program for any stretch: however a run is cut up, each step computes the
    same bits. The norm is the Euclidean one of all gradients together. With `sharing` every step is
    computed by several devices, and what comes back is whole on each of them.
    """
    alone = schedule is None and sharing is None
    as_given: Laid = ((), (x, y, None))
    transposed, whole = laid(parameters, x, y) if alone else as_given
    update = differentiated(model, activation, learning_rate, precision, transposed)
    history = jnp.promote_types(x.dtype, jnp.float32)

    def body(t: Array, now: Advanced) -> Advanced:
        batch = batch_of(schedule, t)
        examples = whole if batch is None else cut(x, y, batch, by_rows)
        parameters, examples = _apart(sharing, model, now.parameters, examples)
        following, loss, gradients = update(parameters, *examples)
        squares = [jnp.sum(jnp.square(dp.astype(history))) for dp in gradients.values()]
        norm, at = jnp.sqrt(sum(squares, jnp.zeros((), history))), t - start
        losses = now.losses.at[at].set(loss.astype(history))
        return Advanced(following, gradients, losses, now.gradient_norms.at[at].set(norm))

    room = jnp.zeros(longest, history)
    begun = turn(parameters, transposed)
    nothing = jax.tree.map(jnp.zeros_like, begun)
    done: Advanced = lax.fori_loop(start, stop, body, Advanced(begun, nothing, room, room))
    final, gradients = (turn(each, transposed) for each in (done.parameters, done.gradients))
    done = done._replace(parameters=final, gradients=gradients)
    return done if sharing is None else sharing.gathered(done)


def _apart(
    sharing: Sharing | None, model: Model, parameters: dict[str, Array], examples: Examples
) -> tuple[dict[str, Array], Examples]:
    """Lay what a step takes where its devices are to compute it."""
    if sharing is None:
        return parameters, examples
    x, y, padding = examples
    taken = sharing.cut({**parameters, "x": x, "y": y}, model.layouts)
    if padding is not None:
        padding = padding._replace(**sharing.cut({"examples": padding.examples}, {"examples": "n"}))
    return {name: taken[name] for name in parameters}, (taken["x"], taken["y"], padding)


def export_step(
    model: str | Model,
    sizes: Mapping[str, int],
    *,
    activation: str = "sigmoid",
    dtype: DType = "float32",
    precision: Precision = "highest",
    platforms: Sequence[str] = PLATFORMS,
) -> export.Exported:
    """Lower the step to one StableHLO module for `platforms`, none of which need be present.

    The exported function takes (parameters, x, y, learning_rate) and returns (parameters, loss);
    `.mlir_module()` is its text, where several platforms leave each product in a branch for each;
    `.serialize()` its bytes. To call a float64 one, wrap the call in `jax.enable_x64(True)`.

    Args:
        model: a name of `MODELS`, or a `Model`.
        sizes: of all its axes, such as `{"d": 2, "h": 8, "n": 4}`.
        activation: a name of `notation.ACTIVATIONS`.
        dtype: of every argument and result.
        precision: of every matrix product, forward and backward.
        platforms: any of `PLATFORMS`; ValueError where this or another argument does not fit.
    """
    model, activation = model_of(model), choice("activation", activation, ACTIVATIONS)
    kind = jnp.dtype(choice("dtype", dtype, get_args(DType)))
    precision = choice("precision", precision, get_args(Precision))
    for platform in platforms:
        choice("platforms", platform, PLATFORMS)
    sized(model, sizes, model.axes)

    def exported(parameters: Parameters, x: Array, y: Array, rate: Array) -> Any:
        return step(model, activation, rate, precision)(parameters, x, y)

    of = {name: np.zeros(model.shape(name, sizes), kind) for name in model.layouts}
    x, y, rate = of.pop("x"), of.pop("y"), np.zeros((), kind)
    with allowing(dtype):
        return export.export(jax.jit(exported), platforms=tuple(platforms))(of, x, y, rate)


def allowing(dtype: str) -> AbstractContextManager[Any]:
    """JAX's float64 where that is asked for, and otherwise JAX as it is."""
    return jax.enable_x64(True) if dtype == "float64" else nullcontext()
