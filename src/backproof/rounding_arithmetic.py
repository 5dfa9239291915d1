"""The two arithmetics a function is interpreted in.

`Bounding`, with every rounding as bad as it can be (Higham, Accuracy and Stability of Numerical
Algorithms, 2nd ed., section 3.3), and `Sampling`, with every rounding at random.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer

from backproof.rounding import Bounded, Format, Moved, is_real
from backproof.rounding_tracing import Written, as_written

_NOTHING: Written = MappingProxyType({})


class Arithmetic(Protocol):
    """What an operation's rounding does: widen a bound, or move the value at random."""

    fmt: Format

    def finish(self, moved: Moved, place: tuple[int, int]) -> Bounded:
        """The result `place[1]` of the operation `place[0]`, given what its rule says."""

    def constant(self, value: Any) -> Bounded:
        """A number that stands in the function itself."""

    def at(self, iteration: Array | int) -> Arithmetic:
        """The arithmetic inside one iteration of a loop, or inside a call."""

    def coarsened(self, kinds: Iterable[Any]) -> Arithmetic:
        """The arithmetic of an operation between types of which any may be coarser."""


class Bounding:
    """Every rounding as bad as it can be."""

    def __init__(self, fmt: Format, written: Written = _NOTHING) -> None:
        self.fmt = fmt
        self.written = written

    def finish(self, moved: Moved, place: tuple[int, int]) -> Bounded:
        """The value with propagated and own error added up; infinite where it may overflow."""
        del place
        value, error = moved.value, moved.propagated
        if moved.rounding is not None:
            error = moved.rounding if error is None else error + moved.rounding
        if error is None:
            return Bounded(value, None)
        error = jnp.broadcast_to(error, value.shape)
        if self.fmt.largest is not None and is_real(Bounded(value, error)):
            reach = jnp.abs(value) + error
            error = jnp.where(jnp.isfinite(value) & (reach > self.fmt.largest), jnp.inf, error)
        return Bounded(value, error)

    def constant(self, value: Any) -> Bounded:
        """As the format writes it: 0.1 is rounded, 0.5 is not."""
        return constant(as_written(value, self.written), self.fmt)

    def at(self, iteration: Array | int) -> Bounding:
        """The same in every iteration."""
        del iteration
        return self

    def coarsened(self, kinds: Iterable[Any]) -> Bounding:
        """The same at the coarsest of the types."""
        fmt = coarsest(self.fmt, kinds)
        return self if fmt is self.fmt else Bounding(fmt, self.written)


class Sampling:
    """Every rounding uniform between its worst cases; nothing is propagated."""

    def __init__(self, fmt: Format, key: Array, written: Written = _NOTHING) -> None:
        self.fmt = fmt._replace(spread=jnp.sqrt, integers=False, largest=None)
        self.key = key
        self.written = written

    def finish(self, moved: Moved, place: tuple[int, int]) -> Bounded:
        """The value, moved at random."""
        if moved.rounding is None:
            return Bounded(moved.value, None)
        key = jax.random.fold_in(jax.random.fold_in(self.key, place[0]), place[1])
        noise = jax.random.uniform(key, moved.value.shape, moved.value.dtype, -1.0, 1.0)
        rounding = jnp.where(jnp.isfinite(moved.rounding), moved.rounding, 0.0)
        return Bounded(moved.value + rounding * noise, None)

    def constant(self, value: Any) -> Bounded:
        """Exact: it does not change from run to run."""
        return exact(as_written(value, self.written))

    def at(self, iteration: Array | int) -> Sampling:
        """Other roundings in every iteration."""
        return Sampling(self.fmt, jax.random.fold_in(self.key, iteration), self.written)

    def coarsened(self, kinds: Iterable[Any]) -> Sampling:
        """The same at the coarsest of the types."""
        return Sampling(coarsest(self.fmt, kinds), self.key, self.written)


def coarsest(fmt: Format, kinds: Iterable[Any]) -> Format:
    """The format, or of each of its limits the worst that any of the types has beside a float64."""
    for kind in kinds:
        # Every format may be run in float64, long double among them.
        if kind == np.float64 or not jnp.issubdtype(kind, jnp.floating):
            continue
        own: Any = jnp.finfo(kind)  # type: ignore[no-untyped-call] # JAX leaves it untyped
        u, smallest = float(own.eps) / 2 + 2.0**-53, float(own.smallest_normal) + 2.0**-1022
        worst: Any = jnp.maximum if isinstance(fmt.u, Array) else max
        fmt = fmt._replace(u=worst(fmt.u, u), smallest=worst(fmt.smallest, smallest))
        if fmt.largest is not None:
            fmt = fmt._replace(largest=min(fmt.largest, float(own.max)))
    return fmt


def exact(value: Any) -> Bounded:
    """A value without error, in float64 if it is real."""
    if not isinstance(value, jax.Array):
        value = np.asarray(value, getattr(value, "dtype", None))
    if jnp.issubdtype(value.dtype, jnp.floating):
        value = jnp.asarray(value, jnp.float64)
    return Bounded(jnp.asarray(value), None)


def constant(value: Any, fmt: Format) -> Bounded:
    """A number written in the function, rounded to the format unless its significand fits.

    Arrays that are themselves traced, as data a function closes over under jit, count as exact.
    `fmt.u` is both sides' together, so a significand of floor(-log2 u) + 1 bits fits.
    """
    x = exact(value)
    if isinstance(value, Tracer) or not is_real(x):
        return x
    number = np.asarray(value, np.float64)
    significand = np.frexp(np.where(np.isfinite(number), number, 0.0))[0]
    short = significand * 2.0**8
    size = np.abs(number)
    if np.all(short == np.round(short)) and np.all((size == 0.0) | (size > 1e-4) & (size < 6e4)):
        return x  # in every format
    traced = isinstance(fmt.u, Tracer)
    xp: Any = jnp if traced else np
    bits = xp.floor(1e-12 - xp.log2(fmt.u)).astype(np.int32) + 1
    scaled = xp.ldexp(significand, bits)
    error = xp.where(scaled == xp.round(scaled), 0.0, fmt.u * size)
    # An error that is no normal number of float64 would be flushed to zero itself.
    flushed = np.maximum(size, float(np.finfo(np.float64).smallest_normal))
    error = error + xp.where((size > 0.0) & (size < fmt.smallest), flushed, 0.0)
    if fmt.largest is not None:
        error = xp.where(np.isfinite(number) & (size > fmt.largest), np.inf, error)
    error = xp.where(np.isfinite(number), error, 0.0)
    return x if not traced and not np.any(error) else Bounded(x.value, jnp.asarray(error))
