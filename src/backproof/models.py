"""The models as JAX sees them: one loss, pure in its parameters, for every model of the suite.

Linear, logistic and softmax regression and the multilayer perceptron are one function of the
parameters: a chain of layers z = W a + b, an activation between them and a loss on the last z.
`notation.MODELS` says which member of the family a name means. `reference/` derives each of them
by hand instead; the tests hold the two together.

Notation and orientation are the lecture's: columns are examples.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, Shaped

from backproof.notation import ACTIVATIONS, LEAKY_SLOPE, Model, slope_below

AnyArray: TypeAlias = Array | np.ndarray
Parameters: TypeAlias = Mapping[str, AnyArray]
Precision: TypeAlias = Literal["default", "high", "highest"]

# Below every real z, however steep, and a number of every format with eight bits of exponent or
# more: no inf - inf can arise, and it does not round, which would move the largest z as well.
PADDED_LOGIT = -(2.0**122)


class Padding(NamedTuple):
    """Which examples (columns) and classes (rows of the output) are real: 1, and padding: 0."""

    examples: Float[Array, " n"]
    classes: Float[Array, " k"]


@jax.custom_jvp
def relu(z: Float[Array, "*s"], kink: Float[Array, ""]) -> Float[Array, "*s"]:
    """max(z, 0), with g'(0) = `kink` (JAX's own choice is 0)."""
    del kink
    return jnp.maximum(z, 0.0)


@functools.partial(jax.custom_jvp, nondiff_argnums=(2,))
def leaky_relu(
    z: Float[Array, "*s"], kink: Float[Array, ""], below: float = LEAKY_SLOPE
) -> Float[Array, "*s"]:
    """z where z > 0, else `below` z, with g'(0) = `kink`."""
    del kink
    return jnp.where(z > 0.0, z, below * z)


def _slope(z: Array, kink: Array, below: float) -> Array:
    return jnp.where(z > 0.0, 1.0, jnp.where(z < 0.0, below, kink)).astype(z.dtype)


@relu.defjvp
def _(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    z, kink = primals
    return relu(z, kink), _slope(z, kink, 0.0) * tangents[0]


@leaky_relu.defjvp
def _(
    below: float, primals: tuple[Array, Array], tangents: tuple[Array, Array]
) -> tuple[Array, Array]:
    z, kink = primals
    return leaky_relu(z, kink, below), _slope(z, kink, below) * tangents[0]


@jax.custom_jvp
def softplus(z: Float[Array, "*s"]) -> Float[Array, "*s"]:
    """log(1 + exp z), with the derivative sigmoid(z) that people write down.

    Differentiating `logaddexp` gives exp(z - softplus z), which for very negative z is more
    accurate than 1 - sigmoid(-z): a bound computed on it would refuse right code.
    """
    return jnp.maximum(z, 0.0) + jnp.log1p(jnp.exp(-jnp.abs(z)))


@softplus.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (z,) = primals
    return softplus(z), jax.nn.sigmoid(z) * tangents[0]


def gelu(z: Float[Array, "*s"]) -> Float[Array, "*s"]:
    """z Phi(z), Phi the standard normal distribution function (Hendrycks and Gimpel 2016)."""
    return z * (0.5 * (1.0 + lax.erf(z * 0.7071067811865476)))


def gelu_tanh(z: Float[Array, "*s"]) -> Float[Array, "*s"]:
    """GELU's tanh approximation (Hendrycks and Gimpel 2016, section 2)."""
    return 0.5 * z * (1.0 + jnp.tanh(0.7978845608028654 * (z + 0.044715 * (z * z * z))))


_ACTIVATE: Mapping[str, Callable[[Array, Array], Array]] = {
    "identity": lambda z, _: z,
    "sigmoid": lambda z, _: jax.nn.sigmoid(z),
    "tanh": lambda z, _: jnp.tanh(z),
    "relu": relu,
    "leaky_relu": leaky_relu,
    "softplus": lambda z, _: softplus(z),
    "gelu": lambda z, _: gelu(z),
    "gelu_tanh": lambda z, _: gelu_tanh(z),
}


def activate(
    activation: str | Int[Array, ""], z: Float[Array, "*s"], kink: Float[Array, ""]
) -> Float[Array, "*s"]:
    """a = g(z). A traced index into `notation.ACTIVATIONS` lets one program serve them all."""
    if isinstance(activation, str):
        below = slope_below(activation)
        if activation not in _ACTIVATE and below is not None:
            return leaky_relu(z, kink, below)
        return _ACTIVATE[activation](z, kink)
    branches = [_ACTIVATE[name] for name in ACTIVATIONS]
    activated: Array = lax.switch(activation, branches, z, kink)
    return activated


def forward(
    model: Model,
    parameters: Parameters,
    x: Float[AnyArray, "d n"],
    activation: str | Int[Array, ""] = "sigmoid",
    kink: float | Float[Array, ""] = 0.0,
    precision: Precision = "highest",
) -> Float[Array, "k n"]:
    """The last layer's z, before the output's sigmoid or softmax.

    `precision` is that of the matrix products (`jax.lax.Precision`): "default" lets an accelerator
    use bfloat16 or TF32, so it has to be asked for.
    """
    kink = jnp.asarray(kink, x.dtype)
    names = iter(model.parameters)
    a = jnp.asarray(x)
    for layer, (weight, bias) in enumerate(zip(names, names, strict=True), start=1):
        z = jnp.matmul(parameters[weight], a, precision=precision) + parameters[bias]
        a = z if layer == model.depth else activate(activation, z, kink)
    return a


def predict(model: Model, z: Float[AnyArray, "k n"]) -> Float[Array, "k n"]:
    """yhat from the last layer's z."""
    if model.output in ("sigmoid", "sigmoid_squared"):
        return jax.nn.sigmoid(z)
    if model.output == "tanh_squared":
        return jnp.tanh(z)
    return jax.nn.softmax(z, axis=0) if model.output == "softmax" else jnp.asarray(z)


def _over_rows(losses: Array, classes: Array | None) -> Shaped[Array, " n"]:
    """The sum over the rows of the output, but for those that are padding."""
    if losses.shape[0] == 1:
        return losses[0]
    if classes is not None:
        losses = jnp.where(classes[:, None] > 0.0, losses, 0.0)
    return jnp.sum(losses, axis=0)


def _example_losses(
    model: Model, z: Array, y: AnyArray, classes: Array | None
) -> Shaped[Array, " n"]:
    if model.output == "sigmoid":
        return _over_rows(softplus(z) - y * z, classes)
    if model.output != "softmax":
        return _over_rows(0.5 * jnp.square(predict(model, z) - y), classes)
    shifted = z - lax.stop_gradient(jnp.max(z, axis=0))
    log_normalizer = jnp.log(jnp.sum(jnp.exp(shifted), axis=0))
    return jnp.sum(y * (log_normalizer - shifted), axis=0)


def _example_losses_long_way(
    model: Model, z: Array, y: AnyArray, classes: Array | None
) -> Shaped[Array, " n"]:
    if model.output not in ("sigmoid", "softmax"):
        return _example_losses(model, z, y, classes)
    yhat = predict(model, z)
    if model.output == "sigmoid":
        two = _weighted(y, jnp.log(yhat)) + _weighted(1.0 - y, jnp.log(1.0 - yhat))
        return _over_rows(-two, classes)
    return -jnp.sum(_weighted(y, jnp.log(yhat)), axis=0)


def example_losses(
    model: Model, z: Float[Array, "k n"], y: Float[AnyArray, "k n"], classes: Array | None = None
) -> tuple[Shaped[Array, " n"], Shaped[Array, " n"]]:
    """Each example's loss from the last layer's z, and the long way through yhat.

    `classes` is 0 for rows that are padding.
    """
    return (
        _example_losses(model, z, y, classes),
        _example_losses_long_way(model, z, y, classes),
    )


def _weighted(y: AnyArray, log: Array) -> Array:
    """y log, where a label of 0 silences a logarithm of 0."""
    return jnp.where(y == 0.0, 0.0, y * log)


def contracted(
    model: Model,
    parameters: Parameters,
    arriving: Float[AnyArray, "k n"],
    activation: str | Int[Array, ""] = "sigmoid",
    kink: float | Float[Array, ""] = 0.0,
    precision: Precision = "highest",
) -> Float[Array, ""]:
    """The sum of what a piece gives times `arriving`, of which its backward pass is the gradient.

    Args:
        model: a piece.
        parameters: what it takes: Z, or A_prev, W and b.
        arriving: the gradient of the loss with respect to what it gives.
        activation: of the piece, if it has one.
        kink: g'(0) of ReLU and leaky ReLU.
        precision: of the matrix product.
    """
    if model.piece == "activation":
        given = jnp.asarray(parameters["Z"])
    else:
        product = jnp.matmul(parameters["W"], parameters["A_prev"], precision=precision)
        given = product + parameters["b"]
    if model.has_activation:
        given = activate(activation, given, jnp.asarray(kink, given.dtype))
    return jnp.sum(arriving * given)


def loss(
    model: Model,
    parameters: Parameters,
    x: Float[AnyArray, "d n"],
    y: Float[AnyArray, "k n"],
    activation: str | Int[Array, ""] = "sigmoid",
    kink: float | Float[Array, ""] = 0.0,
    padding: Padding | None = None,
    precision: Precision = "highest",
) -> Float[Array, ""]:
    """The mean loss over the examples: cross-entropy, or half the squared error.

    Args:
        model: the member of the family.
        parameters: the parameter pytree, keys and shapes as `model.parameters`.
        x: inputs, one example per column.
        y: targets: one row, or k rows of class probabilities that sum to 1.
        activation: a name of `notation.ACTIVATIONS` or a traced index into it.
        kink: g'(0) of ReLU and leaky ReLU.
        padding: where given, padded examples and classes count for nothing.
        precision: of the matrix products.
    """
    return losses(model, parameters, x, y, activation, kink, padding, precision)[0]


def losses(
    model: Model,
    parameters: Parameters,
    x: Float[AnyArray, "d n"],
    y: Float[AnyArray, "k n"],
    activation: str | Int[Array, ""] = "sigmoid",
    kink: float | Float[Array, ""] = 0.0,
    padding: Padding | None = None,
    precision: Precision = "highest",
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The mean loss from the logits, and the long way: through yhat and its logarithm.

    One number in exact arithmetic; the second is what the slides write, and what people's code
    rounds like. Arguments as `loss`.
    """
    z = forward(model, parameters, x, activation, kink, precision)
    if padding is not None and model.output == "softmax":
        z = jnp.where(padding.classes[:, None] > 0.0, z, PADDED_LOGIT)
    classes = None if padding is None else padding.classes
    stable, long_way = example_losses(model, z, y, classes)
    if padding is None:
        return jnp.mean(stable), jnp.mean(long_way)
    n = jnp.sum(padding.examples)
    real = padding.examples > 0.0
    return (
        jnp.sum(jnp.where(real, stable, 0.0)) / n,
        jnp.sum(jnp.where(real, long_way, 0.0)) / n,
    )
