"""The multilayer perceptron of any depth: the two-layer one's steps, in a loop over the layers.

The parameters are a list of one pair (W, b) for each layer, first layer first. With a[0] = x, layer
l computes z[l] = W[l] a[l-1] + b[l] and a[l] = g(z[l]); the last one's z goes through the sigmoid
or the softmax instead. `backward_long_way` also takes the squared error of an output that goes
through the identity ("identity"), the sigmoid ("sigmoid_squared") or tanh ("tanh_squared").

Shapes: W (rows, columns) with as many columns as the layer before has rows, b (rows, 1), x (d, n),
y (1, n) or (k, n); columns are examples. The derivation is in `deep_mlp.md`: the backward piece of
a layer is one of the two functions at the top, and `backward` only chains them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from .activations import ACTIVATIONS, Array
from .losses import OUTPUTS, SQUARED_OUTPUTS, Output

Layer: TypeAlias = tuple[Array, Array]


def _output(name: str) -> Output:
    return OUTPUTS[name] if name in OUTPUTS else SQUARED_OUTPUTS[name]


def linear_backward(dz: Array, W: Array, a_previous: Array) -> tuple[Array, Array, Array]:
    """Back through z = W a_previous + b: from dz (rows, n) to (dW, db, da_previous).

    Steps 5, 4 and 6 of the lecture (9, 8 and none in the first layer).
    """
    db = np.sum(dz, axis=1, keepdims=True)
    dW = dz @ a_previous.T
    da_previous = W.T @ dz
    return dW, db, da_previous


def activation_backward(da: Array, z: Array, activation: str) -> Array:
    """Back through a = g(z): from da to dz, same shape. Step 7 of the lecture."""
    g_prime = ACTIVATIONS[activation].derivative
    return da * g_prime(z)


def forward_pass(
    parameters: Sequence[Layer], x: Array, activation: str
) -> tuple[list[Array], list[Array]]:
    """All z[1] ... z[depth], and a[0] = x ... a[depth-1]: what the backward pass needs again."""
    g = ACTIVATIONS[activation].g
    zs: list[Array] = []
    activations = [x]
    for W, b in parameters:
        if zs:
            activations.append(g(zs[-1]))
        zs.append(W @ activations[-1] + b)
    return zs, activations


def forward(
    parameters: Sequence[Layer], x: Array, activation: str = "sigmoid", output: str = "sigmoid"
) -> Array:
    """yhat (1, n) or (k, n): the predictions for the columns of x."""
    zs, _ = forward_pass(parameters, x, activation)
    return _output(output).sigma(zs[-1])


def loss(
    parameters: Sequence[Layer],
    x: Array,
    y: Array,
    activation: str = "sigmoid",
    output: str = "sigmoid",
) -> np.floating[Any]:
    """The mean cross-entropy of yhat against y, one number, computed from the last z."""
    zs, _ = forward_pass(parameters, x, activation)
    return _output(output).loss_from_logits(zs[-1], y)


def loss_long_way(
    parameters: Sequence[Layer],
    x: Array,
    y: Array,
    activation: str = "sigmoid",
    output: str = "sigmoid",
) -> np.floating[Any]:
    """The same loss from yhat, as on the slides. Needs 0 < yhat < 1."""
    yhat = forward(parameters, x, activation, output)
    return _output(output).loss(yhat, y)


def backward(
    parameters: Sequence[Layer],
    x: Array,
    y: Array,
    activation: str = "sigmoid",
    output: str = "sigmoid",
) -> list[Layer]:
    """The gradients of `loss`: a list of one pair (dW, db) for each layer, shaped as it."""
    zs, activations = forward_pass(parameters, x, activation)
    n = x.shape[1]
    yhat = OUTPUTS[output].sigma(zs[-1])
    dz = (yhat - y) / n
    return _back_through_layers(dz, parameters, zs, activations, activation)


def backward_long_way(
    parameters: Sequence[Layer],
    x: Array,
    y: Array,
    activation: str = "sigmoid",
    output: str = "sigmoid",
) -> list[Layer]:
    """The same through dL/dyhat. Needs 0 < yhat < 1."""
    zs, activations = forward_pass(parameters, x, activation)
    sigma, _, _, loss_gradient, through_sigma = _output(output)
    yhat = sigma(zs[-1])
    dyhat = loss_gradient(yhat, y)
    dz = through_sigma(dyhat, yhat)
    return _back_through_layers(dz, parameters, zs, activations, activation)


def _back_through_layers(
    dz: Array,
    parameters: Sequence[Layer],
    zs: Sequence[Array],
    activations: Sequence[Array],
    activation: str,
) -> list[Layer]:
    """From the last layer's dz to the gradients of all layers, last to first."""
    gradients: list[Layer] = []
    for layer in reversed(range(len(parameters))):
        W, _ = parameters[layer]
        dW, db, da = linear_backward(dz, W, activations[layer])
        gradients.append((dW, db))
        if layer > 0:
            dz = activation_backward(da, zs[layer - 1], activation)
    return gradients[::-1]
