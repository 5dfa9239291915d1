"""Operations that only move data: the error goes where the value goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from backproof.rounding import (
    ROOM,
    Bounded,
    Format,
    Moved,
    bind,
    error_of,
    is_exact,
    is_real,
    parameters,
)

# Which operands are places and not data: those from the first number up to the second. By position,
# because data may well be integers too.
_PLACES: Mapping[str, tuple[int, int]] = {
    "dynamic_slice": (1, 64),
    "dynamic_update_slice": (2, 64),
    "gather": (1, 2),
    "scatter": (1, 2),
}


def moves(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved | list[Moved]:
    """The error goes where the value goes. If a place is unsure, nothing is known."""
    del fmt
    first, last = _PLACES.get(eqn.primitive.name, (len(inputs), len(inputs)))
    result = bind(eqn, *(x.value for x in inputs))
    values = result if eqn.primitive.multiple_results else [result]
    if is_exact(inputs):
        moved = [Moved(value) for value in values]
        return moved if eqn.primitive.multiple_results else moved[0]
    doubt: Array = jnp.asarray(False)
    carried = []
    for position, x in enumerate(inputs):
        if first <= position < last:
            carried.append(x.value)
            doubt = doubt if x.error is None else doubt | jnp.any(x.error)
        else:
            carried.append(error_of(x))
    # What falls outside of the array is filled with a constant, which has no error.
    params = parameters(eqn, carried[0].dtype)
    if "fill_value" in params:
        params["fill_value"] = 0
    result = eqn.primitive.bind(*carried, **params)
    errors = result if eqn.primitive.multiple_results else [result]
    worst = jnp.inf if is_real(inputs[0]) else True
    pairs = zip(values, errors, strict=True)
    moved = [Moved(value, jnp.where(doubt, worst, error)) for value, error in pairs]
    return moved if eqn.primitive.multiple_results else moved[0]


def source(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Real numbers made of exact integers, as by iota."""
    del fmt
    if not is_exact(inputs):
        raise NotImplementedError(f"'{eqn.primitive.name}' of a value with rounding errors")
    return Moved(bind(eqn, *(x.value for x in inputs)).astype(jnp.float64))


def sort(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved | list[Moved]:
    """Sorted keys move no further than the worst of them; what is sorted along may be any other.

    Where neighbours stand further apart than their errors the order is certain and each keeps its
    own error.
    """
    del fmt
    values = bind(eqn, *(x.value for x in inputs))
    if is_exact(inputs):
        return [Moved(value) for value in values]
    axis = eqn.params["dimension"]
    errors = [error_of(x) for x in inputs]
    together = [x.value for x in inputs] + errors
    errors_sorted = eqn.primitive.bind(*together, **eqn.params)[len(inputs) :]
    keys = eqn.params["num_keys"]
    certain = _certain_order(values[:keys], errors_sorted[:keys], axis, _ties_are_certain(eqn))
    moved = []
    for position, (value, error, carried) in enumerate(
        zip(values, errors, errors_sorted, strict=True)
    ):
        if not jnp.issubdtype(value.dtype, jnp.floating):
            other: Array = jnp.ones_like(error)
        elif position == 0:
            other = jnp.broadcast_to(jnp.max(error, axis=axis, keepdims=True), error.shape)
        else:
            other = jnp.full_like(error, jnp.inf)
        moved.append(Moved(value, jnp.where(certain, carried, other)))
    return moved


def _ties_are_certain(eqn: Any) -> bool:
    """Whether equal keys stand in one order only, or nothing is sorted along with them."""
    return bool(eqn.params["is_stable"]) or eqn.params["num_keys"] == len(eqn.invars)


def _certain_order(keys: Sequence[Array], errors: Sequence[Array], axis: int, ties: bool) -> Array:
    """Whether no two neighbours of sorted rows can change places, the keys compared in turn.

    A later key counts where all earlier ones are the same for sure; `ties` says what of equal rows.
    """
    count = keys[0].shape[axis]

    def neighbours(x: Array) -> tuple[Array, Array]:
        low, high = (lax.slice_in_dim(x, i, count - 1 + i, axis=axis) for i in (0, 1))
        return low, high

    certain: Array = jnp.asarray(False)
    tied: Array = jnp.asarray(True)
    for key, error in zip(keys, errors, strict=True):
        (low, high), (below, above) = neighbours(key), neighbours(error)
        if jnp.issubdtype(key.dtype, jnp.floating):
            room = below + above
            exact, apart = room == 0.0, high - low > ROOM * room
        else:
            exact = ~(below | above)
            apart = exact & (high != low)
        certain |= tied & apart
        tied &= exact & ~apart
    return jnp.all(certain | (tied & ties), axis=axis, keepdims=True)


def top_k(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> list[Moved]:
    """The k largest move no further than the worst of all; their places are then unsure."""
    del fmt
    (x,) = inputs
    values, places = bind(eqn, x.value)
    if x.error is None:
        return [Moved(values), Moved(places)]
    worst = jnp.max(x.error, axis=-1, keepdims=True)
    return [
        Moved(values, jnp.broadcast_to(worst, values.shape)),
        Moved(places, jnp.broadcast_to(worst != 0.0, places.shape)),
    ]
