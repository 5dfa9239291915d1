"""Mistakes in the multilayer perceptron of any depth: most are about the loop over the layers.

They are tried with three layers.
"""

from __future__ import annotations

from backproof.mistakes.kinds import (
    DEEP,
    EVERY,
    EVERY_AND_LOSS,
    LINEAR_PIECES,
    SHAPES_ONLY,
    Mistake,
    mistakes_in,
)

_BELOW_THE_LAST = ("dW1", "db1", "dW2", "db2")
_FIRST_LAYER = ("dW1", "db1")
_WEIGHTS = ("dW1", "dW2", "dW3")
_BIASES = ("db1", "db2", "db3")

_OUTPUT = mistakes_in(
    DEEP,
    "deep_mlp",
    "backward",
    (
        "deep-sign",
        "sign",
        "dz = (yhat - y) / n",
        "dz = (y - yhat) / n",
        EVERY,
        "The sign is turned: dL/dz of the last layer is (yhat - y) / n.",
    ),
    (
        "deep-no-mean",
        "mean over the examples",
        "dz = (yhat - y) / n",
        "dz = yhat - y",
        EVERY,
        "The loss is a mean, so its gradients carry 1/n: divide yhat - y by n.",
    ),
    (
        "deep-output-of-first-z",
        "wrong matrix",
        "sigma(zs[-1])",
        "sigma(zs[0])",
        EVERY,
        "yhat comes from the last layer's z, not from the first one's.",
    ),
)

_LAYER = mistakes_in(
    DEEP,
    "deep_mlp",
    "linear_backward",
    (
        "deep-db-averaged",
        "bias gradient",
        "db = np.sum(dz, axis=1, keepdims=True)",
        "db = np.mean(dz, axis=1, keepdims=True)",
        _BIASES,
        "dz carries the 1/n already: add its columns up, do not average them again.",
    ),
    (
        "deep-mean-in-every-layer",
        "mean over the examples",
        "dW = dz @ a_previous.T",
        "dW = dz @ a_previous.T / dz.shape[1]",
        _WEIGHTS,
        "The last layer's dz carries the 1/n for all layers: do not divide again.",
    ),
    (
        "deep-updated-W",
        "update order",
        "da_previous = W.T @ dz",
        "da_previous = (W - 0.1 * dW).T @ dz",
        _BELOW_THE_LAST,
        "The way back needs the W of the forward pass: compute all gradients, then update.",
    ),
    (
        "deep-mean-at-every-step-back",
        "mean over the examples",
        "da_previous = W.T @ dz",
        "da_previous = W.T @ dz / dz.shape[1]",
        _BELOW_THE_LAST,
        "Every layer divides by n anew: once, at the loss, is enough.",
    ),
)

_LOOP = (
    *mistakes_in(
        DEEP,
        "deep_mlp",
        "activation_backward",
        (
            "deep-derivative-missing",
            "activation derivative",
            "return da * g_prime(z)",
            "return da",
            _BELOW_THE_LAST,
            "The step through a = g(z) is missing: multiply da by g'(z).",
            LINEAR_PIECES,
        ),
        (
            "deep-derivative-at-da",
            "activation derivative",
            "return da * g_prime(z)",
            "return da * g_prime(da)",
            _BELOW_THE_LAST,
            "g' was taken at the gradient da: its argument is z, from the forward pass.",
            LINEAR_PIECES,
        ),
    ),
    *mistakes_in(
        DEEP,
        "deep_mlp",
        "_back_through_layers",
        (
            "deep-activations-off-by-one",
            "wrong matrix",
            "linear_backward(dz, W, activations[layer])",
            "linear_backward(dz, W, activations[layer - 1])",
            _WEIGHTS,
            "Layer l multiplied a[l-1], which is activations[layer] when the list starts with x.",
        ),
        (
            "deep-z-of-the-layer-above",
            "wrong matrix",
            "activation_backward(da, zs[layer - 1], activation)",
            "activation_backward(da, zs[layer], activation)",
            _BELOW_THE_LAST,
            "da is the gradient of the layer below's a: take that layer's z.",
            LINEAR_PIECES,
        ),
        (
            "deep-stale-z",
            "wrong matrix",
            "activation_backward(da, zs[layer - 1], activation)",
            "activation_backward(da, zs[0], activation)",
            _BELOW_THE_LAST,
            "The first layer's z is used in every layer: each has its own.",
            LINEAR_PIECES,
        ),
        (
            "deep-stale-W",
            "wrong matrix",
            "W, _ = parameters[layer]",
            "W, _ = parameters[min(layer + 1, len(parameters) - 1)]",
            SHAPES_ONLY,
            "dz goes back through its own layer's W, not through that of the layer above.",
        ),
        (
            "deep-stale-dz",
            "wrong matrix",
            "dz = activation_backward(da, zs[layer - 1], activation)",
            "da = activation_backward(da, zs[layer - 1], activation)",
            _BELOW_THE_LAST,
            "dz is never renewed in the loop: every layer gets the last one's.",
        ),
        (
            "deep-first-activation-skipped",
            "activation derivative",
            "dz = activation_backward(da, zs[layer - 1], activation)",
            "dz = activation_backward(da, zs[layer - 1], activation) if layer > 1 else da",
            _FIRST_LAYER,
            "The loop stops one layer early: the first hidden layer has an activation too.",
            LINEAR_PIECES,
        ),
    ),
    *mistakes_in(
        DEEP,
        "deep_mlp",
        "forward_pass",
        (
            "deep-no-activation-in-forward",
            "forward pass",
            "activations.append(g(zs[-1]))",
            "activations.append(zs[-1])",
            EVERY_AND_LOSS,
            "The activation is left out of the forward pass: the next layer is fed with g(z).",
            LINEAR_PIECES,
        ),
    ),
)

DEEP_MISTAKES: tuple[Mistake, ...] = (*_OUTPUT, *_LAYER, *_LOOP)
