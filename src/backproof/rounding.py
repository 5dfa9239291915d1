"""What the rules of `rounding_rules` are made of: values with errors, and formats.

A rule takes an operation's inputs as `Bounded` pairs and gives its value, how far the inputs'
errors can move it (`propagated`) and how far its own rounding can (`rounding`). Every rule bounds
over the whole interval [v - e, v + e] and not to first order only, so a bound stays one where
errors are large.

Source: Higham, Accuracy and Stability of Numerical Algorithms (2nd ed.), section 3.3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

# What one operation of arithmetic may cost, in u: twice what IEEE 754 asks, because x / 3 is also
# written x * (1 / 3).
ARITHMETIC = 2.0
# Errors are themselves computed in float64; comparisons with them leave this much room.
ROOM = 1.0 + 2.0**-38


class Format(NamedTuple):
    """A floating-point format: unit roundoff u, the smallest normal number, the largest number.

    Numbers below `smallest` may be flushed to zero, as XLA does. A `largest` of None leaves
    overflow out of account. `integers` says whether to look for sums and products of integers,
    which are exact: dear, and of use where inputs are small integers. `spread` is how k roundings
    add up: worst case k, and sqrt(k) when they are sampled.
    """

    u: Array | float
    smallest: Array | float
    largest: float | None = None
    integers: bool = True
    spread: Callable[[Array | float], Array | float] = lambda k: k


class Bounded(NamedTuple):
    """A value and a bound on its error; None: exact.

    For booleans and integers `error` is a boolean: unsure, another value is possible.
    """

    value: Array
    error: Array | None


class Moved(NamedTuple):
    """What a rule says: the value, what errors of the inputs make of it, and its own rounding."""

    value: Array
    propagated: Array | None = None
    rounding: Array | None = None


class Allowance(NamedTuple):
    """How wrong an elementary function f may be at x, as measured by `benchmarks/ulps.py`.

    u ((relative + growth |x|) |f(x)| + absolute), and beside it, for x in `within`, `double` times
    2^-53 |f(x)|: what some library's float64 loses and its float32 does not.
    """

    relative: float = 4.0
    absolute: float = 0.0
    growth: float = 0.0
    double: float = 0.0
    within: tuple[float, float] = (-np.inf, np.inf)


Rule: TypeAlias = Callable[[Any, Sequence[Bounded], Format], "Moved | list[Moved]"]

# What is left out of a primitive's parameters: results stay in float64, products at full precision.
_DROPPED = frozenset({"preferred_element_type", "out_dtype", "precision"})


def bind(eqn: Any, *values: Array) -> Any:
    """The primitive itself, in float64 whatever precision it was traced in."""
    return eqn.primitive.bind(*values, **parameters(eqn, values[0].dtype if values else None))


def parameters(eqn: Any, kind: Any) -> dict[str, Any]:
    """The primitive's parameters, for data of type `kind`."""
    params = {name: None if name in _DROPPED else value for name, value in eqn.params.items()}
    combined = params.get("update_jaxpr")  # what a scatter makes of an entry and its update
    if combined is not None and combined.invars[0].aval.dtype != kind:
        function = jaxpr_as_fun(ClosedJaxpr(combined, eqn.params["update_consts"]))
        entry = jax.ShapeDtypeStruct((), kind)  # type: ignore[no-untyped-call] # as JAX leaves it
        params["update_jaxpr"] = jax.make_jaxpr(function)(entry, entry).jaxpr
    return params


def is_real(x: Bounded) -> bool:
    """Whether the value is a floating-point one."""
    return bool(jnp.issubdtype(x.value.dtype, jnp.floating))


def is_exact(inputs: Sequence[Bounded]) -> bool:
    """Whether none of the inputs has an error."""
    return all(x.error is None for x in inputs)


def error_of(x: Bounded) -> Array:
    """The error as an array."""
    if x.error is not None:
        return x.error
    return jnp.zeros(x.value.shape, x.value.dtype if is_real(x) else jnp.bool_)


def size_of(x: Bounded) -> Array:
    """The largest magnitude the value may have."""
    return jnp.abs(x.value) if x.error is None else jnp.abs(x.value) + x.error


def plus(*errors: Array | None) -> Array | None:
    """A sum of errors, of which any may be exactly nothing."""
    present = [error for error in errors if error is not None]
    return sum(present[1:], start=present[0]) if present else None


def times(slope: Array, error: Array) -> Array:
    """slope * error, 0 where there is no error even if the slope is infinite."""
    return jnp.where(error == 0.0, 0.0, slope * error)


def ends(x: Bounded) -> tuple[Array, Array]:
    """v - e and v + e, moved out by float64's own rounding where e is not 0."""
    error = error_of(x)
    wide = jnp.where(error == 0.0, 0.0, ROOM * error + 2.0**-52 * jnp.abs(x.value))
    return x.value - wide, x.value + wide


def are_integers(x: Bounded) -> Array:
    """Entry by entry: a whole number, known exactly."""
    whole = x.value == jnp.round(x.value)
    return whole if x.error is None else whole & (x.error == 0.0)


def unless_integers(rounding: Array, value: Array, fmt: Format, *inputs: Bounded) -> Array:
    """Sums and products of integers are exact as long as they fit the significand."""
    if not fmt.integers:
        return rounding
    exact = jnp.abs(value) * fmt.u <= 1.0
    for x in inputs:
        exact &= are_integers(x)
    return jnp.where(exact, 0.0, rounding)


def overflowing(error: Array, reach: Array, fmt: Format) -> Array:
    """Infinite where a finite result may reach beyond the largest number of the format."""
    if fmt.largest is None:
        return error
    return jnp.where(jnp.isfinite(reach) & (reach <= fmt.largest), error, jnp.inf)
