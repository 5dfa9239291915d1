"""Rounding of sums and products of many terms, in whatever order they are taken.

A sum of k terms is off by at most (k - 1) u sum |x|, an inner product by at most k u sum |a||b|, in
any order and without terms of second order: Jeannerod and Rump, Improved error bounds for inner
products in floating-point arithmetic, SIAM J. Matrix Anal. Appl. 34 (2013); Higham, Accuracy and
Stability (2nd ed.), sections 3.1 and 4.2.

Zeros do not count among the k, so a bound does not change with the zeros its arrays were padded
with. A term that is zero up to its error e does not either: adding it rounds by at most e, because
adding any t is off by at most |t|.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from backproof.rounding import (
    Bounded,
    Format,
    Moved,
    Rule,
    are_integers,
    bind,
    error_of,
    overflowing,
    plus,
    size_of,
)


def _count(x: Bounded) -> Array:
    """1 where there is something to round, 0 for a zero."""
    return (x.value != 0.0).astype(x.value.dtype)


def _zeros_thrice(x: Bounded) -> Array:
    """The error, three times where it stands alone: once carried, twice for products and sums."""
    error = error_of(x)
    return jnp.where(x.value == 0.0, 3.0 * error, error)


def reduce_sum(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """k terms in any order, and one rounding more for terms that were scaled one by one."""
    (x,) = inputs
    value = bind(eqn, x.value)
    propagated = None if x.error is None else bind(eqn, _zeros_thrice(x))
    terms = bind(eqn, _count(x))
    terms = jnp.where(terms > 1.0, terms, 0.0)
    total = bind(eqn, size_of(x))
    rounding = fmt.u * fmt.spread(terms) * total + terms * fmt.smallest
    if fmt.integers:
        fractions = bind(eqn, jnp.where(are_integers(x), 0.0, 1.0))
        rounding = jnp.where((fractions == 0.0) & (total * fmt.u <= 1.0), 0.0, rounding)
    return Moved(value, propagated, overflowing(rounding, total, fmt))


def cumulative_sum(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Each entry a sum of those before it. Windows of a pooling are sums as well."""
    (x,) = inputs
    value = bind(eqn, x.value)
    propagated = None if x.error is None else bind(eqn, _zeros_thrice(x))
    total, terms = bind(eqn, size_of(x)), bind(eqn, _count(x))
    rounding = fmt.u * fmt.spread(terms) * total + terms * fmt.smallest
    return Moved(value, propagated, overflowing(rounding, total, fmt))


def product_of_many(add_up: Callable[[Any, Array], Array]) -> Rule:
    """Products in any order: relative errors add up, to first order; the rule keeps all orders.

    `add_up` sums the relative errors over the axes multiplied. A partial product that underflows is
    off by the smallest number times all factors above 1.
    """

    def rule(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
        (x,) = inputs
        value, error = bind(eqn, x.value), error_of(x)
        zero = x.value == 0.0
        relative = jnp.log1p(jnp.where(zero, 0.0, error / jnp.where(zero, 1.0, jnp.abs(x.value))))
        largest = bind(eqn, size_of(x))
        zeros = add_up(eqn, zero.astype(value.dtype)) > 0.0
        propagated = jnp.where(zeros, largest, jnp.abs(value) * jnp.expm1(add_up(eqn, relative)))
        factors = add_up(eqn, jnp.ones_like(x.value))
        reach = bind(eqn, jnp.maximum(size_of(x), 1.0))
        rounding = fmt.u * fmt.spread(factors) * largest * (1.0 + fmt.u * factors)
        rounding += factors * fmt.smallest * reach
        rounding = jnp.where((factors <= 1.0) | (largest == 0.0), 0.0, rounding)
        return Moved(value, propagated, overflowing(rounding, reach, fmt))

    return rule


def over_axes(eqn: Any, x: Array) -> Array:
    """The sum over a reduction's axes."""
    return jnp.sum(x, axis=tuple(eqn.params["axes"]))


def along_axis(eqn: Any, x: Array) -> Array:
    """The cumulative sum along a cumulative operation's axis."""
    return lax.cumsum(x, axis=eqn.params["axis"], reverse=eqn.params["reverse"])


def reduce_extremum(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """The largest of many moves no further than the most uncertain of them."""
    del fmt
    (x,) = inputs
    error = None if x.error is None else jnp.max(x.error, axis=tuple(eqn.params["axes"]))
    return Moved(bind(eqn, x.value), error)


def running_extremum(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """As `reduce_extremum`, along an axis."""
    del fmt
    (x,) = inputs
    if x.error is None:
        return Moved(bind(eqn, x.value))
    params = {"axis": eqn.params["axis"], "reverse": eqn.params["reverse"]}
    return Moved(bind(eqn, x.value), lax.cummax(x.error, **params))


def windowed_extremum(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """As `reduce_extremum`, over the windows of a pooling."""
    del fmt
    (x,) = inputs
    if x.error is None:
        return Moved(bind(eqn, x.value))
    error = lax.reduce_window_max_p.bind(x.error, **eqn.params)
    return Moved(bind(eqn, x.value), jnp.maximum(error, 0.0))


def cumulative_logsumexp(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """log(sum exp x) moves no further than the largest error; its k terms round in u 1."""
    (x,) = inputs
    value = bind(eqn, x.value)
    params = {"axis": eqn.params["axis"], "reverse": eqn.params["reverse"]}
    propagated = None if x.error is None else lax.cummax(x.error, **params)
    reach = lax.cummax(size_of(x), **params)
    terms = lax.cumsum(jnp.ones_like(value), **params)
    return Moved(value, propagated, fmt.u * fmt.spread(terms) * (8.0 + 4.0 * reach))


# --- products of arrays ---------------------------------------------------------------------------


def bilinear(terms: Callable[[Any, Bounded, Bounded], Array | float]) -> Rule:
    """Products and convolutions: k u sum |a||b| beside the incoming errors."""

    def rule(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
        a, b = inputs
        value = bind(eqn, a.value, b.value)
        size_a, size_b = jnp.abs(a.value), jnp.abs(b.value)
        k = terms(eqn, a, b)
        own = fmt.u * fmt.spread(k)
        # The rounding of the sum, own sum |a||b|, rides with whichever error is there: products are
        # what this costs.
        if a.error is None:
            error = bind(eqn, size_a, own * size_b + _zeros_thrice(b))
        else:
            error = bind(eqn, _zeros_thrice(a) + own * size_a, size_b)
            if b.error is not None:
                error += bind(eqn, size_a + _zeros_thrice(a), _zeros_thrice(b))
        error = (1.0 + own) * error + 2.0 * k * fmt.smallest
        if fmt.integers:
            total = bind(eqn, size_a, size_b)
            exact = (total * fmt.u <= 1.0) & jnp.all(are_integers(a)) & jnp.all(are_integers(b))
            error = jnp.where(exact, 0.0, error)
        # error >= own sum |a||b|, so this sees every partial sum that may overflow.
        return Moved(value, None, overflowing(error, error / own, fmt))

    return rule


def product_terms(eqn: Any, a: Bounded, b: Bounded) -> Array:
    """How many products of an entry are not exactly zero: at most the fuller rows and columns."""
    (contract_a, contract_b), _ = eqn.params["dimension_numbers"]
    counts = [
        jnp.max(jnp.sum(_count(x), axis=axes), initial=0.0)
        for x, axes in ((a, contract_a), (b, contract_b))
    ]
    return jnp.maximum(jnp.minimum(*counts), 1.0) + 1.0


def convolution_terms(eqn: Any, a: Bounded, b: Bounded) -> float:
    """As many as the kernel has entries for each output channel."""
    del a
    out_channels = eqn.params["dimension_numbers"].rhs_spec[0]
    return float(b.value.size) / float(b.value.shape[out_channels]) + 1.0


def scatter_add(eqn: Any, inputs: Sequence[Bounded], fmt: Format) -> Moved:
    """Each entry a sum of the operand's and of the updates that meet there."""
    operand, indices, updates = inputs
    value = bind(eqn, operand.value, indices.value, updates.value)
    total = bind(eqn, size_of(operand), indices.value, size_of(updates))
    terms = bind(eqn, _count(operand), indices.value, _count(updates))
    terms = jnp.where(terms > 1.0, terms, 0.0)
    propagated = bind(eqn, _zeros_thrice(operand), indices.value, _zeros_thrice(updates))
    rounding = fmt.u * fmt.spread(terms) * total + terms * fmt.smallest
    if indices.error is not None:
        rounding = jnp.where(jnp.any(indices.error), jnp.inf, rounding)
    return Moved(value, plus(propagated), overflowing(rounding, total, fmt))
