"""Rounding of arithmetic and elementary functions, entry by entry.

`unary(slope)` makes the rule of an elementary function from the largest |f'| over [v - e, v + e].
Source: Higham, Accuracy and Stability (2nd ed.), section 3.3; slopes from the derivatives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from backproof.rounding import (
    ARITHMETIC,
    Allowance,
    Bounded,
    Format,
    Moved,
    Rule,
    bind,
    ends,
    error_of,
    is_exact,
    is_real,
    overflowing,
    plus,
    size_of,
    times,
    unless_integers,
)

# At least twice the worst that benchmarks/ulps.py measures of NumPy, of the reference and of XLA on
# the CPU. An absolute part is for functions people write through a sum with 1: sigmoid and tanh by
# exponentials, expm1 as exp(x) - 1. XLA computes exp2(x) as exp(x log 2) and sinh(x) as
# exp(x - log 2) - ..., which costs |x| u; its float64 log1p loses 240 u near -0.4 (JAX 0.10).
ELEMENTARY: Mapping[str, Allowance] = {
    "exp": Allowance(6.0),
    "exp2": Allowance(growth=2.0),
    "expm1": Allowance(8.0, absolute=4.0),
    "log": Allowance(6.0),
    "log1p": Allowance(absolute=4.0, double=500.0, within=(-0.45, -0.25)),
    "tanh": Allowance(absolute=4.0, double=6.0),
    "logistic": Allowance(absolute=4.0),
    "erf": Allowance(6.0, absolute=8.0),
    "erfc": Allowance(6.0, absolute=8.0),
    "sqrt": Allowance(2.0),
    "rsqrt": Allowance(5.0),
    "cbrt": Allowance(10.0),
    "sin": Allowance(),
    "cos": Allowance(),
    "tan": Allowance(),
    "asin": Allowance(6.0),
    "acos": Allowance(6.0),
    "atan": Allowance(7.0),
    "atan2": Allowance(),
    "sinh": Allowance(11.0, growth=2.0),
    "cosh": Allowance(growth=2.0),
    "asinh": Allowance(7.0),
    "acosh": Allowance(8.0),
    "atanh": Allowance(6.0, double=300.0),
    "pow": Allowance(4.0),
}


def unary(slope: Callable[[Array, Array], Array], allowance: Allowance | None = None) -> Rule:
    """An elementwise function: its steepest slope over [v - e, v + e], and its own rounding."""
    own = Allowance() if allowance is None else allowance

    def rule(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
        (x,) = inputs
        value = bind(eqn, x.value)
        propagated = None if x.error is None else times(slope(x.value, x.error), x.error)
        moved = jnp.abs(value) + (0.0 if propagated is None else propagated)
        return Moved(value, propagated, elementary_rounding(own, x, moved, fmt))

    return rule


def elementary_rounding(own: Allowance, x: Bounded, moved: Array, fmt: Format) -> Array:
    """What `Allowance` says for an argument x and a result of magnitude at most `moved`."""
    units = own.relative + (own.growth * size_of(x) if own.growth else 0.0)
    # 0 inf is 0 here: a result that vanishes has no relative error.
    rounding = fmt.u * (jnp.where(moved == 0.0, 0.0, units * moved) + own.absolute) + fmt.smallest
    if own.double:
        low, high = own.within
        below, above = ends(x)
        rounding += jnp.where((above > low) & (below < high), own.double * 2.0**-53 * moved, 0.0)
    return rounding


# --- slopes --------------------------------------------------------------------------------------


def nearest_zero(v: Array, e: Array) -> Array:
    """The smallest magnitude in [v - e, v + e]."""
    return jnp.maximum(jnp.abs(v) - e, 0.0)


def over(numerator: Array | float, denominator: Array) -> Array:
    """A quotient, infinite where the denominator is not positive."""
    positive = denominator > 0.0
    return jnp.where(positive, numerator / jnp.where(positive, denominator, 1.0), jnp.inf)


def sigmoid_slope(v: Array, e: Array) -> Array:
    """sigmoid(x) sigmoid(-x), largest where x is nearest 0."""
    x = nearest_zero(v, e)
    return jax.nn.sigmoid(x) * jax.nn.sigmoid(-x)


def tanh_slope(v: Array, e: Array) -> Array:
    """1 - tanh(x)^2 = 4 sigmoid'(2x)."""
    return 4.0 * sigmoid_slope(2.0 * v, 2.0 * e)


def erf_slope(v: Array, e: Array) -> Array:
    """2 / sqrt(pi) exp(-x^2), largest where x is nearest 0."""
    return 2.0 / math.sqrt(math.pi) * jnp.exp(-(nearest_zero(v, e) ** 2))


def sine_slope(v: Array, e: Array) -> Array:
    """At most 1."""
    del e
    return jnp.ones_like(v)


def tan_slope(v: Array, e: Array) -> Array:
    """1 + tan(x)^2 at the ends, unless a pole lies between: |cos v| is at most the way to it."""
    end = jnp.maximum(jnp.abs(jnp.tan(v - e)), jnp.abs(jnp.tan(v + e)))
    return jnp.where(jnp.abs(jnp.cos(v)) > e, 1.0 + end * end, jnp.inf)


def sqrt_slope(v: Array, e: Array) -> Array:
    """The tangent at v - e, or sqrt(e) / e, because |sqrt(a) - sqrt(b)| <= sqrt(|a - b|).

    Where v - e is negative a candidate may find a NaN; the bound is for those that do not.
    """
    return jnp.minimum(over(0.5, jnp.sqrt(jnp.maximum(v - e, 0.0))), over(1.0, jnp.sqrt(e)))


def cbrt_slope(v: Array, e: Array) -> Array:
    """The tangent nearest 0, or 2 cbrt(e) / e, because |cbrt(a) - cbrt(b)| <= 2 cbrt(|a - b|)."""
    return jnp.minimum(over(1 / 3, jnp.cbrt(nearest_zero(v, e)) ** 2), over(2.0, jnp.cbrt(e) ** 2))


def asin_slope(v: Array, e: Array) -> Array:
    """1 / sqrt(1 - x^2) where |x| is largest; beyond 1 there is no value."""
    distance = jnp.maximum((1.0 - jnp.abs(v)) - e, 0.0)
    return over(1.0, jnp.sqrt(distance * (1.0 + jnp.abs(v) + e)))


def acosh_slope(v: Array, e: Array) -> Array:
    """1 / sqrt(x^2 - 1) at v - e; below 1 there is no value."""
    distance = jnp.maximum((v - 1.0) - e, 0.0)
    return over(1.0, jnp.sqrt(distance * (v + 1.0 - e)))


def atanh_slope(v: Array, e: Array) -> Array:
    """1 / (1 - x^2) where |x| is largest; from 1 on there is no value."""
    return over(1.0, ((1.0 - jnp.abs(v)) - e) * (1.0 + jnp.abs(v) + e))


# --- arithmetic ----------------------------------------------------------------------------------


def exact_unary(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Change of sign: the error stays."""
    del fmt
    (x,) = inputs
    return Moved(bind(eqn, x.value), x.error)


def sum_of_two(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Rounding costs no more than u |a + b|, and no more than the smaller of |a| and |b|."""
    a, b = inputs
    value, propagated = bind(eqn, a.value, b.value), plus(a.error, b.error)
    moved = jnp.abs(value) + (0.0 if propagated is None else propagated)
    smaller = jnp.minimum(size_of(a), size_of(b))
    rounding = ARITHMETIC * jnp.minimum(fmt.u * moved + fmt.smallest, smaller)
    return Moved(value, propagated, unless_integers(rounding, value, fmt, a, b))


def product(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """|a b - v w| <= (|v| + e_v) e_w + |w| e_v."""
    a, b = inputs
    return _product(bind(eqn, a.value, b.value), a, b, fmt)


def square(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """A product with itself."""
    (x,) = inputs
    return _product(bind(eqn, x.value), x, x, fmt)


def _product(value: Array, a: Bounded, b: Bounded, fmt: Format) -> Moved:
    propagated = None
    if not is_exact([a, b]):
        ea, eb = error_of(a), error_of(b)
        propagated = times(size_of(a), eb) + times(jnp.abs(b.value), ea)
    moved = jnp.abs(value) + (0.0 if propagated is None else propagated)
    rounding = ARITHMETIC * fmt.u * moved + fmt.smallest
    return Moved(value, propagated, unless_integers(rounding, value, fmt, a, b))


def quotient(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """|a / b - v / w| <= (e_v + |v / w| e_w) / (|w| - e_w)."""
    a, b = inputs
    return _quotient(bind(eqn, a.value, b.value), a, b, fmt)


def _quotient(value: Array, a: Bounded, b: Bounded, fmt: Format) -> Moved:
    propagated = None
    if not is_exact([a, b]):
        ea, eb = error_of(a), error_of(b)
        numerator = ea + times(jnp.abs(value), eb)
        propagated = times(over(1.0, jnp.abs(b.value) - eb), numerator)
        # An unsure zero below: nothing is known, whatever stands above.
        propagated = jnp.where((eb > 0.0) & (eb >= jnp.abs(b.value)), jnp.inf, propagated)
    moved = jnp.abs(value) + (0.0 if propagated is None else propagated)
    rounding = ARITHMETIC * fmt.u * moved + fmt.smallest
    # XLA writes x / c as x (1 / c), and flushes 1 / c to zero if it is no normal number.
    flushed = size_of(b) * (1.0 + ARITHMETIC * fmt.u) * fmt.smallest >= 1.0
    return Moved(value, propagated, rounding + jnp.where(flushed, moved, 0.0))


def one_minus_square(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """1 - x^2, rounded as its parts."""
    (x,) = inputs
    propagated = None
    if x.error is not None:
        propagated = 2.0 * jnp.abs(x.value) * x.error + x.error * x.error
    rounding = ARITHMETIC * fmt.u * (1.0 + size_of(x) ** 2) + fmt.smallest
    return Moved(bind(eqn, x.value), propagated, rounding)


def integer_pow(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """x^n by repeated multiplication; a negative power is one over the positive one."""
    (x,) = inputs
    n, value = eqn.params["y"], bind(eqn, x.value)
    if n == 0:
        return Moved(value)
    positive = _positive_power(x, abs(n), fmt)
    if n > 0:
        return positive
    error = plus(positive.propagated, positive.rounding)
    below = Bounded(positive.value, error)
    return _quotient(value, Bounded(jnp.ones_like(value), None), below, fmt)


def _positive_power(x: Bounded, n: int, fmt: Format) -> Moved:
    value = x.value**n
    propagated = None if x.error is None else times(n * size_of(x) ** (n - 1), x.error)
    moved = jnp.abs(value) + (0.0 if propagated is None else propagated)
    rounding = (n + 1.0) * fmt.u * moved + fmt.smallest
    return Moved(value, propagated, unless_integers(rounding, value, fmt, x))


def power(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """x^y = exp(y log x), also when it is written so. With errors bounded for positive x only."""
    x, y = inputs
    if not is_real(y):
        doubt = None if y.error is None else jnp.where(y.error, jnp.inf, 0.0)
        y = Bounded(y.value.astype(x.value.dtype), doubt)
    value, ex, ey = bind(eqn, x.value, y.value), error_of(x), error_of(y)
    log_x = jnp.abs(jnp.log(jnp.where(x.value > 0.0, x.value, 1.0)))
    # |log(x + e) - log x| <= e / (x - e); without a logarithm, an error in y leaves nothing known.
    move = times(size_of(y), times(over(1.0, x.value - ex), ex))
    move += times(jnp.where(x.value > 0.0, log_x, jnp.inf), ey)
    propagated = times(jnp.abs(value), jnp.expm1(move))
    propagated = jnp.where(jnp.isinf(move), jnp.inf, propagated)
    moved = jnp.abs(value) + propagated
    units = ELEMENTARY["pow"].relative * (1.0 + size_of(y) * log_x + move)
    return Moved(value, propagated, fmt.u * units * moved + fmt.smallest)


def arctangent_of_two(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """The slope is one over the radius; across the cut at y = 0, x < 0 the angle turns once."""
    y, x = inputs
    value, ey, ex = bind(eqn, y.value, x.value), error_of(y), error_of(x)
    distance = jnp.hypot(y.value, x.value) - ey - ex
    propagated = times(over(1.0, distance), ex + ey)
    if y.error is not None:  # even a computed zero may have either sign
        cut = (jnp.abs(y.value) <= ey) & (x.value <= ex)
        propagated = jnp.where(cut, 2.0 * math.pi, propagated)
    moved = jnp.abs(value) + propagated
    return Moved(value, propagated, elementary_rounding(ELEMENTARY["atan2"], x, moved, fmt))


def remainder(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """a - b trunc(a / b), exact itself; where the quotient's whole part is unsure, |b| more."""
    a, b = inputs
    value = bind(eqn, a.value, b.value)
    if is_exact(inputs):
        return Moved(value)
    ratio = _quotient(a.value / b.value, a, b, fmt._replace(integers=False))
    low, high = ends(Bounded(ratio.value, ratio.propagated))
    whole = jnp.abs(jnp.trunc(ratio.value))
    propagated = error_of(a) + times(whole, error_of(b))
    turned = jnp.trunc(low) != jnp.trunc(high)
    # Of an infinity, or by a zero, there is no remainder.
    known = jnp.isfinite(error_of(Bounded(ratio.value, ratio.propagated)))
    jump = jnp.where(known, jnp.abs(value) + size_of(b), jnp.inf)
    return Moved(value, jnp.where(turned | ~known, jump, propagated))


def extremum(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """max, min and clamp move no further than the most uncertain of their inputs."""
    del fmt
    value = bind(eqn, *(x.value for x in inputs))
    if is_exact(inputs):
        return Moved(value)
    widest = jnp.zeros_like(value)
    for x in inputs:
        widest = jnp.maximum(widest, error_of(x))
    return Moved(value, widest)


def reduced_precision(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Keep the value, add the rounding to the format given by its numbers of bits."""
    (x,) = inputs
    exponents = 2 ** (eqn.params["exponent_bits"] - 1)
    u = 2.0 ** -(eqn.params["mantissa_bits"] + 1.0)
    largest = (2.0 - 2.0 * u) * 2.0 ** (exponents - 1)
    reach, smallest = size_of(x), 2.0 ** (2 - exponents)
    rounding = overflowing(u * reach + smallest, reach, fmt._replace(largest=largest))
    return Moved(x.value, x.error, rounding)
