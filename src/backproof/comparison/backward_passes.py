"""Gradients whose backward pass is not that of their forward pass.

One weight is taken as it was, or will be, at another time than the others; or the derivative of the
activation is left out.
"""

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
    backward = {**step.before, weight: values[weight]}
    return _taken(rule, step, backward, backward if everywhere else dict(step.before), True)


def gradients_without_slope(rule: Rule, step: Step) -> dict[str, NDArray[np.float64]]:
    """The gradients of a step whose backward pass takes the activation's derivative for 1."""
    return _taken(rule, step, dict(step.before), dict(step.before), False)


def _taken(
    rule: Rule, step: Step, backward: Tensors, forward: Tensors, has_slope: bool
) -> dict[str, NDArray[np.float64]]:
    with program_cache.float64_on_cpu():
        program = _gradient(rule.model, rule.activation, has_slope)
        found = program(backward, forward, step.x, step.y)
        return {name: np.asarray(value) for name, value in found.items()}


@functools.lru_cache
def _gradient(model: Model, activation: str, has_slope: bool) -> Callable[..., Any]:
    def loss(backward: Any, forward: Any, x: Any, y: Any) -> Any:
        names = iter(model.parameters)
        a, kink = x, jnp.zeros(())
        for layer, (W, b) in enumerate(zip(names, names, strict=True), start=1):
            z = _as_if(forward[W] @ a + forward[b], backward[W] @ a + backward[b])
            active = z if layer == model.depth else models.activate(activation, z, kink)
            a = active if has_slope else _as_if(active, z)
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
