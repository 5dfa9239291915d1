"""How far one operation can move a value: a line a primitive, in one table, `RULES`.

A rule takes the operation's inputs as `Bounded` pairs and gives its value, how far the inputs'
errors can move it (`propagated`) and how far its own rounding can (`rounding`). To add a rule, add a
line to `RULES`: `unary(slope)` for an elementwise function, whose slope is the largest |f'| over
[v - e, v + e]; `moves` for an operation that only moves data.

Propagation is not first order: every rule bounds the error over the whole interval, so a bound
stays one where errors are large. Source: Higham, Accuracy and Stability of Numerical Algorithms
(2nd ed.), sections 3.1 (sums and products) and 3.3 (running error analysis).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

# Units in the last place, times 2^-1 of an ulp (so u): what a rounding may cost each operation,
# with room for the unlike ways of writing the same thing. `benchmarks/ulps.py` measures NumPy's and
# XLA's elementary functions against mpmath and must stay below.
ARITHMETIC = 2.0
ELEMENTARY = 4.0


class Format(NamedTuple):
    """A floating-point format: unit roundoff u and the smallest normal number.

    `integers` says whether to look for sums and products of integers, which are exact: dear, and
    of use where inputs are small integers. `spread` is how k roundings add up: worst case k, and
    sqrt(k) when they are sampled.
    """

    u: Array | float
    smallest: Array | float
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


Rule: TypeAlias = Callable[[Any, Sequence[Bounded], Format], "Moved | list[Moved]"]


def bind(eqn: Any, *values: Array) -> Any:
    """The primitive itself, in float64 whatever precision it was traced in."""
    params = {
        name: None if name in ("preferred_element_type", "out_dtype") else value
        for name, value in eqn.params.items()
    }
    return eqn.primitive.bind(*values, **params)


def error_of(x: Bounded) -> Array:
    """The error as an array."""
    return jnp.zeros_like(x.value) if x.error is None else x.error


def plus(*errors: Array | None) -> Array | None:
    """A sum of errors, of which any may be exactly nothing."""
    present = [error for error in errors if error is not None]
    return sum(present[1:], start=present[0]) if present else None


def _are_integers(x: Bounded) -> Array:
    whole = x.value == jnp.round(x.value)
    return whole if x.error is None else whole & (x.error == 0.0)


def _unless_integers(rounding: Array, value: Array, fmt: Format, *inputs: Bounded) -> Array:
    """Sums and products of integers are exact as long as they fit the significand."""
    if not fmt.integers:
        return rounding
    exact = jnp.abs(value) * fmt.u <= 1.0
    for x in inputs:
        exact &= _are_integers(x)
    return jnp.where(exact, 0.0, rounding)


# --- elementwise -------------------------------------------------------------------------------


def unary(
    slope: Callable[[Array, Array], Array], relative: float = ELEMENTARY, absolute: float = 0.0
) -> Rule:
    """An elementwise function: its steepest slope, and its rounding in u |f| and in u 1.

    `absolute` is for functions people compute through a sum with 1, as tanh by exponentials.
    """

    def rule(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
        (x,) = inputs
        value = bind(eqn, x.value)
        propagated = None
        if x.error is not None:
            # Where a slope is infinite, as that of the root at 0, no error is still none.
            propagated = jnp.where(x.error == 0.0, 0.0, slope(x.value, x.error) * x.error)
        moved = jnp.abs(value) + (0.0 if propagated is None else propagated)
        rounding = fmt.u * (relative * moved + absolute) + fmt.smallest
        return Moved(value, propagated, rounding)

    return rule


def _nearest_zero(v: Array, e: Array) -> Array:
    return jnp.maximum(jnp.abs(v) - e, 0.0)


def _inverse_or_infinite(distance: Array) -> Array:
    return jnp.where(distance > 0.0, 1.0 / jnp.where(distance > 0.0, distance, 1.0), jnp.inf)


def _over(numerator: Array | float, denominator: Array) -> Array:
    return numerator * _inverse_or_infinite(denominator)


def _secant(f: Callable[[Array], Array]) -> Callable[[Array, Array], Array]:
    """For f concave with f(0) = 0, as roots: |f(v ± e) - f(v)| <= f(e) too."""

    def slope(v: Array, e: Array) -> Array:
        safe = jnp.where(e > 0.0, e, 1.0)
        return jnp.where(e > 0.0, f(safe) / safe, jnp.inf)

    return slope


def _sigmoid_slope(v: Array, e: Array) -> Array:
    s = jax.nn.sigmoid(_nearest_zero(v, e))
    return s * (1.0 - s)


def _tan_slope(v: Array, e: Array) -> Array:
    end = jnp.maximum(jnp.abs(jnp.tan(v - e)), jnp.abs(jnp.tan(v + e)))
    return jnp.where(jnp.abs(jnp.cos(v)) > e, 1.0 + end * end, jnp.inf)


def _sqrt_slope(v: Array, e: Array) -> Array:
    return jnp.minimum(_over(0.5, jnp.sqrt(jnp.maximum(v - e, 0.0))), _secant(jnp.sqrt)(v, e))


def _cbrt_slope(v: Array, e: Array) -> Array:
    tangent = _over(1 / 3, jnp.cbrt(_nearest_zero(v, e)) ** 2)
    return jnp.minimum(tangent, 2.0 * _secant(jnp.cbrt)(v, e))


def _exact_unary(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    del fmt
    (x,) = inputs
    return Moved(bind(eqn, x.value), x.error)


def _step(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Piecewise constant: the values at both ends of the interval say how far it can jump."""
    del fmt
    (x,) = inputs
    value = bind(eqn, x.value)
    if x.error is None:
        return Moved(value)
    below, above = bind(eqn, x.value - x.error), bind(eqn, x.value + x.error)
    return Moved(value, jnp.maximum(jnp.abs(above - value), jnp.abs(value - below)))


def _square(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    (x,) = inputs
    return _product(bind(eqn, x.value), x, x, fmt)


def _one_minus_square(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    (x,) = inputs
    value, e = bind(eqn, x.value), error_of(x)
    rounding = ARITHMETIC * fmt.u * (1.0 + (jnp.abs(x.value) + e) ** 2)
    return Moved(value, 2.0 * jnp.abs(x.value) * e + e * e, rounding)


def _integer_pow(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    (x,) = inputs
    n = eqn.params["y"]
    value, e = bind(eqn, x.value), error_of(x)
    furthest = jnp.abs(x.value) + e if n > 0 else _inverse_or_infinite(jnp.abs(x.value) - e)
    propagated = abs(n) * furthest ** (n - 1 if n > 0 else 1 - n) * e
    rounding = fmt.u * (abs(n) + 1.0) * (jnp.abs(value) + propagated)
    rounding += fmt.smallest
    return Moved(
        value, propagated, _unless_integers(rounding, value, fmt, x) if n > 0 else rounding
    )


def _product(value: Array, a: Bounded, b: Bounded, fmt: Format) -> Moved:
    propagated = None
    if a.error is not None or b.error is not None:
        ea, eb = error_of(a), error_of(b)
        propagated = (jnp.abs(a.value) + ea) * eb + jnp.abs(b.value) * ea
    moved = jnp.abs(value) + (0.0 if propagated is None else propagated)
    rounding = ARITHMETIC * fmt.u * moved + fmt.smallest
    return Moved(value, propagated, _unless_integers(rounding, value, fmt, a, b))


def _mul(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    a, b = inputs
    return _product(bind(eqn, a.value, b.value), a, b, fmt)


def _sum_of_two(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    a, b = inputs
    value, propagated = bind(eqn, a.value, b.value), plus(a.error, b.error)
    moved = jnp.abs(value) + (0.0 if propagated is None else propagated)
    rounding = jnp.where((a.value == 0.0) | (b.value == 0.0), 0.0, ARITHMETIC * fmt.u * moved)
    return Moved(value, propagated, _unless_integers(rounding, value, fmt, a, b))


def _div(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    a, b = inputs
    value, ea, eb = bind(eqn, a.value, b.value), error_of(a), error_of(b)
    distance = jnp.abs(b.value) - eb
    propagated = _inverse_or_infinite(distance) * (ea + jnp.abs(value) * eb)
    rounding = ARITHMETIC * fmt.u * (jnp.abs(value) + propagated)
    return Moved(value, propagated, rounding + fmt.smallest)


def _pow(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """x^y = exp(y log x); with errors it is bounded for positive x only."""
    x, y = inputs
    if not jnp.issubdtype(y.value.dtype, jnp.floating):
        y = Bounded(y.value.astype(x.value.dtype), None)
    value, ex, ey = bind(eqn, x.value, y.value), error_of(x), error_of(y)
    log_x = jnp.abs(jnp.log(jnp.where(x.value > 0.0, x.value, 1.0)))
    relative_x = _inverse_or_infinite(x.value - ex) * ex
    exponent = (jnp.abs(y.value) + ey) * relative_x + log_x * ey
    propagated = jnp.abs(value) * jnp.expm1(exponent)
    rounding = ELEMENTARY * fmt.u * (jnp.abs(value) + propagated)
    return Moved(value, propagated, rounding + fmt.smallest)


def _atan2(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    y, x = inputs
    value, ey, ex = bind(eqn, y.value, x.value), error_of(y), error_of(x)
    radius = jnp.hypot(y.value, x.value) - ey - ex
    propagated = _inverse_or_infinite(radius) * (ex + ey)
    return Moved(value, propagated, ELEMENTARY * fmt.u * jnp.abs(value))


def _extremum(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    del fmt
    value = bind(eqn, *(x.value for x in inputs))
    if all(x.error is None for x in inputs):
        return Moved(value)
    widest = jnp.zeros_like(value)
    for x in inputs:
        widest = jnp.maximum(widest, error_of(x))
    return Moved(value, widest)


def _reduce_extremum(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    del fmt
    (x,) = inputs
    axes = eqn.params["axes"]
    return Moved(bind(eqn, x.value), None if x.error is None else jnp.max(x.error, axis=axes))


# --- comparisons and choices ---------------------------------------------------------------------


def is_real(x: Bounded) -> bool:
    """Whether the value is a floating-point one."""
    return bool(jnp.issubdtype(x.value.dtype, jnp.floating))


def _unsure(inputs: Sequence[Bounded]) -> Array | None:
    doubts = [x.error for x in inputs if x.error is not None]
    if not doubts:
        return None
    unsure = doubts[0]
    for doubt in doubts[1:]:
        unsure = unsure | doubt
    return unsure


def _comparison(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Closer than the errors of the two sides: unsure."""
    del fmt
    a, b = inputs
    value = bind(eqn, a.value, b.value)
    if not is_real(a):
        return Moved(value, _unsure(inputs))
    error = plus(a.error, b.error)
    if error is None:
        return Moved(value)
    # Written so that an error of NaN makes it unsure.
    return Moved(value, ~(jnp.abs(a.value - b.value) > error) & (error != 0.0))


def _discrete(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    del fmt
    value = bind(eqn, *(x.value for x in inputs))
    unsure = _unsure(inputs)
    return Moved(value, None if unsure is None else jnp.broadcast_to(unsure, value.shape))


def _sign(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    del fmt
    (x,) = inputs
    value = bind(eqn, x.value)
    if x.error is None:
        return Moved(value)
    jump = jnp.where(x.value == 0.0, 1.0, 2.0)
    return Moved(value, jnp.where(~(jnp.abs(x.value) > x.error) & (x.error != 0.0), jump, 0.0))


def _select(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Unsure which: as far as any of the cases lies away."""
    del fmt
    which, *cases = inputs
    value = bind(eqn, which.value, *(case.value for case in cases))
    if not is_real(cases[0]):
        return Moved(value, _unsure(inputs))
    errors = None
    if any(case.error is not None for case in cases):
        errors = bind(eqn, which.value, *(error_of(case) for case in cases))
    if which.error is None:
        return Moved(value, errors)
    furthest = jnp.zeros_like(value)
    for case in cases:
        apart = jnp.where(case.value == value, 0.0, jnp.abs(case.value - value))
        furthest = jnp.maximum(furthest, apart + error_of(case))
    known = jnp.zeros_like(value) if errors is None else errors
    return Moved(value, jnp.where(which.error, furthest, known))


def _convert(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """To a lower precision: keep the value, add that precision's rounding."""
    del fmt
    (x,) = inputs
    target = np.dtype(eqn.params["new_dtype"])
    if not jnp.issubdtype(target, jnp.floating):
        value = bind(eqn, x.value)
        if x.error is None or not is_real(x):
            return Moved(value, x.error)
        ends = bind(eqn, x.value - x.error), bind(eqn, x.value + x.error)
        return Moved(value, (ends[0] != value) | (ends[1] != value))
    if not is_real(x):
        value = x.value.astype(jnp.float64)
        if x.error is None:
            return Moved(value)
        jump = 1.0 if x.value.dtype == jnp.bool_ else jnp.inf
        return Moved(value, jnp.where(x.error, jump, 0.0))
    if target == np.float64:
        return Moved(x.value, x.error)
    narrow = jnp.finfo(target)
    lost = float(narrow.eps) / 2 * jnp.abs(x.value) + float(narrow.smallest_normal)
    representable = x.value.astype(target).astype(x.value.dtype) == x.value
    return Moved(x.value, x.error, jnp.where(representable, 0.0, lost))


# --- sums --------------------------------------------------------------------------------------


def _count(x: Bounded, fmt: Format) -> Array:
    """1 where there is something to round, 0 for a zero and for what only underflow left there."""
    size = jnp.abs(x.value) if x.error is None else jnp.abs(x.value) + x.error
    return (size > 2.0**10 * fmt.smallest).astype(size.dtype)


def _reduce_sum(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """k terms in any order: (k - 1) u sum |x|. Zeros are exact and do not count."""
    (x,) = inputs
    if not is_real(x):
        return Moved(bind(eqn, x.value), x.error if x.error is None else jnp.any(x.error))
    value = bind(eqn, x.value)
    propagated = None if x.error is None else bind(eqn, x.error)
    terms = jnp.maximum(bind(eqn, _count(x, fmt)) - 1.0, 0.0)
    total = bind(eqn, jnp.abs(x.value)) + (0.0 if propagated is None else propagated)
    rounding = fmt.u * fmt.spread(terms) * total
    if fmt.integers:
        fractions = bind(eqn, jnp.where(_are_integers(x), 0.0, 1.0))
        rounding = jnp.where((fractions == 0.0) & (total * fmt.u <= 1.0), 0.0, rounding)
    return Moved(value, propagated, rounding)


def _cumulative(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    (x,) = inputs
    value = bind(eqn, x.value)
    propagated = None if x.error is None else bind(eqn, x.error)
    total = bind(eqn, jnp.abs(x.value)) + (0.0 if propagated is None else propagated)
    k = x.value.shape[eqn.params["axis"]]
    return Moved(value, propagated, fmt.u * fmt.spread(jnp.asarray(float(k))) * total)


def _reduce_prod(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    (x,) = inputs
    value, e = bind(eqn, x.value), error_of(x)
    furthest = bind(eqn, jnp.abs(x.value) + e)
    propagated = jnp.where(bind(eqn, jnp.abs(x.value)) == furthest, 0.0, furthest - jnp.abs(value))
    k = x.value.size // max(value.size, 1)
    return Moved(value, propagated, fmt.u * fmt.spread(jnp.asarray(float(k))) * furthest)


def _bilinear(terms: Callable[[Any, Bounded, Bounded, Format], Array | float]) -> Rule:
    """Products and convolutions: k u sum |a||b| beside the incoming errors."""

    def rule(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
        a, b = inputs
        value = bind(eqn, a.value, b.value)
        size_a, size_b = jnp.abs(a.value), jnp.abs(b.value)
        k = terms(eqn, a, b, fmt)
        own = fmt.u * fmt.spread(k)
        # The rounding of the sum, own sum |a||b|, rides with whichever error is there: products are
        # what this costs.
        if a.error is None:
            error = bind(eqn, size_a, own * size_b + error_of(b))
        else:
            error = bind(eqn, a.error + own * size_a, size_b)
            if b.error is not None:
                error += bind(eqn, size_a + a.error, b.error)
        error = (1.0 + own) * error + 2.0**12 * k * fmt.smallest
        if fmt.integers:
            total = bind(eqn, size_a, size_b)
            exact = (total * fmt.u <= 1.0) & jnp.all(_are_integers(a)) & jnp.all(_are_integers(b))
            error = jnp.where(exact, 0.0, error)
        return Moved(value, None, error)

    return rule


def _dot_terms(eqn: Any, a: Bounded, b: Bounded, fmt: Format) -> Array | float:
    """How many products of an entry are not exactly zero: at most the fuller rows and columns.

    Counting keeps a bound the same whatever zeros its operands were padded with.
    """
    (contract_a, contract_b), _ = eqn.params["dimension_numbers"]
    counts = [
        jnp.max(jnp.sum(_count(x, fmt), axis=axes), initial=0.0)
        for x, axes in ((a, contract_a), (b, contract_b))
    ]
    return jnp.maximum(jnp.minimum(*counts), 1.0) + 1.0


def _convolution_terms(eqn: Any, a: Bounded, b: Bounded, fmt: Format) -> float:
    del a, fmt
    out_channels = eqn.params["dimension_numbers"].rhs_spec[0]
    return b.value.size / b.value.shape[out_channels] + 1.0


# --- moves -------------------------------------------------------------------------------------


def moves(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved | list[Moved]:
    """The error goes where the value goes. Indices must be certain."""
    del fmt
    result = bind(eqn, *(x.value for x in inputs))
    many = eqn.primitive.multiple_results
    if all(x.error is None for x in inputs):
        return [Moved(value) for value in result] if many else Moved(result)
    carried = jnp.bool_ if not is_real(inputs[0]) else inputs[0].value.dtype
    error_inputs, doubt = [], jnp.asarray(False)
    for x in inputs:
        if x.value.dtype != inputs[0].value.dtype:  # an index
            error_inputs.append(x.value)
            doubt = doubt if x.error is None else doubt | jnp.any(x.error)
        elif x.error is None:
            error_inputs.append(jnp.zeros(x.value.shape, carried))
        else:
            error_inputs.append(x.error.astype(carried))
    errors = bind(eqn, *error_inputs)
    pairs = zip(result, errors, strict=True) if many else [(result, errors)]
    worst = jnp.inf if carried != jnp.bool_ else True
    moved = [Moved(value, jnp.where(doubt, worst, error)) for value, error in pairs]
    return moved if many else moved[0]


def _scatter_add(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    operand, indices, updates = inputs
    value = bind(eqn, operand.value, indices.value, updates.value)
    error = bind(eqn, error_of(operand), indices.value, error_of(updates))
    total = bind(eqn, jnp.abs(operand.value), indices.value, jnp.abs(updates.value))
    ones = jnp.ones_like(updates.value)
    terms = bind(eqn, jnp.zeros_like(operand.value), indices.value, ones)
    rounding = fmt.u * fmt.spread(terms) * (total + error)
    if indices.error is not None:
        rounding = jnp.where(jnp.any(indices.error), jnp.inf, rounding)
    return Moved(value, error, rounding)


def _sort(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved | list[Moved]:
    """Sorted values move no further than the worst of the values sorted."""
    del fmt
    if len(inputs) > 1 and any(x.error is not None for x in inputs):
        raise NotImplementedError("sort of several arrays with rounding errors")
    values = bind(eqn, *(x.value for x in inputs))
    axis = eqn.params["dimension"]
    error = inputs[0].error
    if error is None:
        return [Moved(value) for value in values]
    worst = jnp.max(error, axis=axis, keepdims=True)
    return [Moved(values[0], jnp.broadcast_to(worst, values[0].shape))]


def _arg_extremum(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    del fmt
    (x,) = inputs
    value = bind(eqn, x.value)
    if x.error is None:
        return Moved(value)
    (axis,) = eqn.params["axes"]
    sign = 1.0 if eqn.primitive.name == "argmax" else -1.0
    best = jnp.expand_dims(value, axis)
    top = jnp.take_along_axis(sign * x.value - x.error, best, axis)
    rival = sign * x.value + x.error >= top
    return Moved(value, jnp.sum(rival, axis=axis) > 1)


_sine = unary(lambda v, e: jnp.ones_like(v), absolute=ELEMENTARY)

RULES: Mapping[str, Rule] = {
    # arithmetic
    "add": _sum_of_two,
    "add_any": _sum_of_two,
    "sub": _sum_of_two,
    "mul": _mul,
    "div": _div,
    "square": _square,
    "one_minus_square": _one_minus_square,
    "integer_pow": _integer_pow,
    "pow": _pow,
    "neg": _exact_unary,
    "abs": _exact_unary,
    "real": _exact_unary,
    "max": _extremum,
    "min": _extremum,
    "clamp": _extremum,
    # elementary functions
    "exp": unary(lambda v, e: jnp.exp(v + e)),
    "exp2": unary(lambda v, e: jnp.exp2(v + e)),
    "expm1": unary(lambda v, e: jnp.exp(v + e), absolute=ELEMENTARY),
    "log": unary(lambda v, e: _inverse_or_infinite(v - e)),
    "log1p": unary(lambda v, e: _inverse_or_infinite(1.0 + v - e), absolute=ELEMENTARY),
    "sqrt": unary(_sqrt_slope),
    "rsqrt": unary(lambda v, e: _over(0.5, jnp.maximum(v - e, 0.0) ** 1.5)),
    "cbrt": unary(_cbrt_slope),
    "sin": _sine,
    "cos": _sine,
    "tan": unary(_tan_slope),
    "asin": unary(lambda v, e: _over(1.0, jnp.sqrt(jnp.maximum(1.0 - (jnp.abs(v) + e) ** 2, 0.0)))),
    "acos": unary(lambda v, e: _over(1.0, jnp.sqrt(jnp.maximum(1.0 - (jnp.abs(v) + e) ** 2, 0.0)))),
    "atan": unary(lambda v, e: 1.0 / (1.0 + _nearest_zero(v, e) ** 2)),
    "atan2": _atan2,
    "sinh": unary(lambda v, e: jnp.cosh(jnp.abs(v) + e)),
    "cosh": unary(lambda v, e: jnp.sinh(jnp.abs(v) + e)),
    "asinh": unary(
        lambda v, e: 1.0 / jnp.sqrt(1.0 + _nearest_zero(v, e) ** 2), absolute=ELEMENTARY
    ),
    "acosh": unary(lambda v, e: _over(1.0, jnp.sqrt(jnp.maximum((v - e) ** 2 - 1.0, 0.0)))),
    "atanh": unary(lambda v, e: _inverse_or_infinite(1.0 - (jnp.abs(v) + e) ** 2)),
    "tanh": unary(lambda v, e: 1.0 - jnp.tanh(_nearest_zero(v, e)) ** 2, absolute=ELEMENTARY),
    "logistic": unary(_sigmoid_slope, absolute=ELEMENTARY),
    "erf": unary(
        lambda v, e: 1.1283791670955126 * jnp.exp(-(_nearest_zero(v, e) ** 2)), absolute=ELEMENTARY
    ),
    "erfc": unary(
        lambda v, e: 1.1283791670955126 * jnp.exp(-(_nearest_zero(v, e) ** 2)), absolute=ELEMENTARY
    ),
    # steps, comparisons and choices
    "floor": _step,
    "ceil": _step,
    "round": _step,
    "sign": _sign,
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne", "lt_to", "le_to", "eq_to"), _comparison),
    **dict.fromkeys(("and", "or", "xor", "not", "reduce_and", "reduce_or"), _discrete),
    "is_finite": lambda eqn, inputs, fmt: Moved(bind(eqn, inputs[0].value)),
    "select_n": _select,
    "convert_element_type": _convert,
    "argmax": _arg_extremum,
    "argmin": _arg_extremum,
    # sums and products of many
    "reduce_sum": _reduce_sum,
    "reduce_prod": _reduce_prod,
    "cumsum": _cumulative,
    "dot_general": _bilinear(_dot_terms),
    "conv_general_dilated": _bilinear(_convolution_terms),
    "scatter_add": _scatter_add,
    "scatter-add": _scatter_add,
    # moves
    **dict.fromkeys(
        [
            "broadcast_in_dim",
            "concatenate",
            "copy",
            "copy_p",
            "device_put",
            "dynamic_slice",
            "dynamic_update_slice",
            "expand_dims",
            "gather",
            "optimization_barrier",
            "pad",
            "reshape",
            "rev",
            "scatter",
            "slice",
            "split",
            "squeeze",
            "stop_gradient",
            "transpose",
            "name",
            "sharding_constraint",
        ],
        moves,
    ),
    "reduce_max": _reduce_extremum,
    "reduce_min": _reduce_extremum,
    "sort": _sort,
}
