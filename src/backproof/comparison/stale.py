"""Gradients with one weight as it was, or will be, at another time than the others."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from backproof import models, program_cache
from backproof.comparison.replay import Rule, Step, Tensors
from backproof.notation import Model


def stale_gradients(
    rule: Rule, step: Step, weight: str, values: Tensors | None, everywhere: bool
) -> dict[str, NDArray[np.float64]] | None:
    """The gradients of a step whose backward pass takes `weight` out of other `values`.

    With `everywhere` the forward pass does as well. None where there are no such values.
    """
    if values is None:
        return None
    forward = dict(step.before)
    backward = {**step.before, weight: values[weight]}
    with program_cache.float64_on_cpu():
        program = _gradient(rule.model, rule.activation)
        found = program(backward, backward if everywhere else forward, step.x, step.y)
        return {name: np.asarray(value) for name, value in found.items()}


@functools.lru_cache
def _gradient(model: Model, activation: str) -> Callable[..., Any]:
    def loss(backward: Any, forward: Any, x: Any, y: Any) -> Any:
        names = iter(model.parameters)
        a, kink = x, jnp.zeros(())
        for layer, (W, b) in enumerate(zip(names, names, strict=True), start=1):
            z = _as_if(forward[W] @ a + forward[b], backward[W] @ a + backward[b])
            a = z if layer == model.depth else models.activate(activation, z, kink)
        return jnp.mean(models.example_losses(model, a, y)[0])

    return jax.jit(jax.grad(loss))


@jax.custom_jvp
def _as_if(value: jax.Array, moving: jax.Array) -> jax.Array:
    """`value`, with the derivatives of `moving`."""
    del moving
    return value


@_as_if.defjvp
def _(primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> tuple[Any, Any]:
    return primals[0], tangents[1]
