"""Comparisons, choices, steps and conversions: where rounding can turn one answer into another.

A comparison closer than the errors of its two sides is *unsure*, and what is chosen by it may be
either: the bound then reaches to the furthest of the choices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from backproof.rounding import (
    ROOM,
    Bounded,
    Format,
    Moved,
    bind,
    ends,
    error_of,
    is_exact,
    is_real,
    plus,
    size_of,
)


def comparison(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Closer than the errors of the two sides: unsure. Compared with itself: only a NaN is."""
    del fmt
    a, b = inputs
    value, error = bind(eqn, a.value, b.value), plus(a.error, b.error)
    if error is None:
        return Moved(value)
    if eqn.invars[0] is eqn.invars[1]:  # x != x asks for a NaN
        return Moved(value, ~jnp.isfinite(error))
    # Written so that an error of NaN makes it unsure.
    return Moved(value, ~(jnp.abs(a.value - b.value) > ROOM * error) & (error != 0.0))


def is_finite(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Unsure only where nothing is known."""
    del fmt
    (x,) = inputs
    return Moved(bind(eqn, x.value), None if x.error is None else ~jnp.isfinite(x.error))


def step(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Floor and its like: the values at both ends of the interval say how far it can jump."""
    del fmt
    (x,) = inputs
    value = bind(eqn, x.value)
    if x.error is None:
        return Moved(value)
    below, above = (bind(eqn, end) for end in ends(x))
    return Moved(value, jnp.maximum(jnp.abs(above - value), jnp.abs(value - below)))


def sign(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """From -1 to 1 the way is 2; from 0 to either it is 1."""
    del fmt
    (x,) = inputs
    value = bind(eqn, x.value)
    if x.error is None:
        return Moved(value)
    jump = jnp.where(x.value == 0.0, 1.0, 2.0)
    unsure = ~(jnp.abs(x.value) > ROOM * x.error) & (x.error != 0.0)
    return Moved(value, jnp.where(unsure, jump, 0.0))


def select(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Unsure which: as far as any of the cases lies away."""
    del fmt
    which, *cases = inputs
    value = bind(eqn, which.value, *(case.value for case in cases))
    if is_exact(inputs):
        return Moved(value)
    known = bind(eqn, which.value, *(error_of(case) for case in cases))
    if which.error is None:
        return Moved(value, known)
    return Moved(value, jnp.where(which.error, furthest(value, cases), known))


def furthest(value: Array, cases: Sequence[Bounded]) -> Array:
    """How far any of the cases may lie from `value`; of booleans and integers, whether any may."""
    if not is_real(cases[0]):
        other = jnp.zeros(value.shape, jnp.bool_)
        for case in cases:
            other |= (case.value != value) | error_of(case)
        return other
    far = jnp.zeros_like(value)
    for case in cases:
        apart = jnp.where(case.value == value, 0.0, jnp.abs(case.value - value))
        far = jnp.maximum(far, apart + error_of(case))
    return far


# --- conversions ----------------------------------------------------------------------------------


def convert(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """To another type: real numbers stay in float64, with the target's rounding added."""
    (x,) = inputs
    target = np.dtype(eqn.params["new_dtype"])
    if jnp.issubdtype(target, jnp.floating):
        if is_real(x) and _holds(target, eqn.invars[0].aval.dtype):
            return Moved(x.value, x.error)
        return _to_real(x, target, fmt)
    value = bind(eqn, x.value)
    if x.error is None or not is_real(x):
        return Moved(value, x.error)
    if target == np.bool_:
        zero = ~(jnp.abs(x.value) > ROOM * x.error)
        return Moved(value, zero & (x.error != 0.0))
    below, above = (bind(eqn, end) for end in ends(x))
    return Moved(value, (below != value) | (above != value) | ~jnp.isfinite(x.error))


def _holds(target: Any, source: Any) -> bool:
    """Whether every number of the one type is one of the other."""
    wide: Any = jnp.finfo(target)  # type: ignore[no-untyped-call] # JAX leaves it untyped
    narrow: Any = jnp.finfo(source)  # type: ignore[no-untyped-call]
    return bool(
        wide.nmant >= narrow.nmant and wide.maxexp >= narrow.maxexp and wide.minexp <= narrow.minexp
    )


def _to_real(x: Bounded, target: np.dtype, fmt: Format) -> Moved:
    value, error = x.value.astype(jnp.float64), x.error
    if not is_real(x) and error is not None:
        jump = 1.0 if x.value.dtype == jnp.bool_ else jnp.inf
        error = jnp.where(error, jump, 0.0)
    if x.value.dtype == jnp.bool_:
        return Moved(value, error)
    narrow: Any = jnp.finfo(target)  # type: ignore[no-untyped-call] # JAX leaves it untyped
    if is_real(x):
        u = jnp.asarray(float(narrow.eps) / 2)
        exact = value.astype(target).astype(jnp.float64) == value
    else:
        u = jnp.maximum(float(narrow.eps) / 2, fmt.u)
        exact = jnp.abs(value) * u <= 1.0
    reach = size_of(Bounded(value, error))
    lost = u * reach + (float(narrow.smallest_normal) if is_real(x) else 0.0)
    lost = jnp.where(reach <= float(narrow.max), lost, jnp.inf)
    return Moved(
        value, error, jnp.where(exact & (error_of(Bounded(value, error)) == 0.0), 0.0, lost)
    )


# --- the place of the largest ---------------------------------------------------------------------


def arg_extremum(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Unsure where another entry may be as large. Exact ties go to the first, as everywhere."""
    del fmt
    (x,) = inputs
    value = bind(eqn, x.value)
    if x.error is None:
        return Moved(value)
    (axis,) = eqn.params["axes"]
    signed = x.value if eqn.primitive.name == "argmax" else -x.value
    error = ROOM * x.error
    best = jnp.expand_dims(value, axis)
    top, doubt = (jnp.take_along_axis(a, best, axis) for a in (signed, error))
    # Written so that an error of NaN makes it unsure.
    rival = ~(top - signed > doubt + error) & (doubt + error != 0.0)
    here = jnp.arange(signed.shape[axis]).reshape(
        [-1 if a == axis else 1 for a in range(signed.ndim)]
    )
    return Moved(value, jnp.any(rival & (here != best), axis=axis))


# --- booleans and integers alone ------------------------------------------------------------------


def discrete(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Entry by entry: unsure if any input is."""
    del fmt
    value = bind(eqn, *(x.value for x in inputs))
    unsure = jnp.zeros(value.shape, jnp.bool_)
    for x in inputs:
        unsure |= error_of(x)
    return Moved(value, unsure)


def discrete_reduction(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Over some axes: unsure if any of their entries is."""
    del fmt
    (x,) = inputs
    return Moved(bind(eqn, x.value), jnp.any(error_of(x), axis=tuple(eqn.params["axes"])))


def discrete_whole(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved | list[Moved]:
    """Whatever it does: unsure throughout if anything that comes in is."""
    del fmt
    unsure = jnp.asarray(False)
    for x in inputs:
        unsure |= jnp.any(error_of(x))
    values = bind(eqn, *(x.value for x in inputs))
    if not eqn.primitive.multiple_results:
        return Moved(values, jnp.broadcast_to(unsure, values.shape))
    return [Moved(value, jnp.broadcast_to(unsure, value.shape)) for value in values]
