"""From a function to its jaxpr, traced in the type it is judged in.

A function may ask for the type of its arguments, carry numbers of a type that it names, or sum
integers, which JAX keeps in 32 bits unless x64 is on. So it is traced with arguments of the judged
type. That rounds the numbers written in it as well, which a second trace, in float64, undoes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal
from numpy.typing import NDArray

from backproof.rounding import Bounded, is_real

# From the numbers in a function as its jaxpr has them to what was written.
Written: TypeAlias = Mapping[tuple[str, tuple[int, ...], bytes], NDArray]


def traced(
    f: Callable[..., Any], inputs: Sequence[Bounded], kind: np.dtype
) -> tuple[ClosedJaxpr, Any, list[Bounded], Written]:
    """What `f` is for real numbers of type `kind`.

    Returns its jaxpr, the shapes of its result, the inputs as the jaxpr takes them, and the numbers
    that are written in it.
    """
    # In float64 first: JAX 0.10 keeps an array of NumPy's as it first made it, whatever x64 says.
    written: Written = {} if kind == np.float64 else _written(f, inputs, kind)
    try:
        closed, shape = _trace(f, inputs, kind)
    except TypeError:
        # JAX cannot run it in that type, say because branches then differ in theirs. What is judged
        # was written otherwise, after the same formula.
        kind = np.dtype(np.float64)
        closed, shape = _trace(f, inputs, kind)
    pairs = zip(inputs, closed.in_avals, strict=True)
    taken = [x if is_real(x) else Bounded(_as_type(x.value, a), x.error) for x, a in pairs]
    return closed, shape, taken, written


def _trace(f: Callable[..., Any], inputs: Sequence[Bounded], kind: np.dtype) -> Any:
    with jax.enable_x64(kind == np.float64), _told_of_numpy():
        types = [kind if is_real(x) else _narrowed(x.value.dtype) for x in inputs]
        taken = [
            jax.ShapeDtypeStruct(x.value.shape, each)  # type: ignore[no-untyped-call] # as JAX has it
            for x, each in zip(inputs, types, strict=True)
        ]
        return jax.make_jaxpr(f, return_shape=True)(*taken)


@contextlib.contextmanager
def _told_of_numpy() -> Iterator[None]:
    try:
        yield
    except jax.errors.TracerArrayConversionError as error:
        raise ValueError("f uses NumPy on its arguments; write it with jax.numpy") from error


def _narrowed(kind: Any) -> Any:
    """The type that JAX gives integers here; keys keep theirs."""
    return jax.dtypes.canonicalize_dtype(kind, allow_extended_dtype=True)


def _as_type(value: Array, aval: Any) -> Array:
    return value if value.dtype == aval.dtype else value.astype(aval.dtype)


def _written(f: Callable[..., Any], inputs: Sequence[Bounded], kind: np.dtype) -> Written:
    try:
        closed, _ = _trace(f, inputs, np.dtype(np.float64))
    except Exception:
        # Say for a carry of a type that the function names. Numbers are then taken as rounded.
        return {}
    found = {}
    for number in _numbers(closed.jaxpr, closed.consts):
        with np.errstate(all="ignore"):
            both = number.astype(kind), number.astype(np.float32)
        for rounded in both:
            # What is infinity or zero in the type is that in all that the function does.
            lost = (np.isinf(rounded) & np.isfinite(number)) | (rounded == 0.0) & (number != 0.0)
            if np.any(rounded.astype(np.float64) != number) and not np.any(lost):
                found[_key(rounded)] = number
    return found


def _numbers(jaxpr: Jaxpr, consts: Sequence[Any]) -> Iterator[NDArray]:
    atoms = [*jaxpr.outvars, *(atom for eqn in jaxpr.eqns for atom in eqn.invars)]
    for value in [*consts, *(atom.val for atom in atoms if isinstance(atom, Literal))]:
        if not isinstance(value, Tracer) and _type_if_real(value) is not None:
            yield np.asarray(value, np.float64)
    for eqn in jaxpr.eqns:
        for parameter in eqn.params.values():
            for inner in parameter if isinstance(parameter, tuple | list) else [parameter]:
                if isinstance(inner, ClosedJaxpr):
                    yield from _numbers(inner.jaxpr, inner.consts)
                elif isinstance(inner, Jaxpr):
                    yield from _numbers(inner, ())


def _type_if_real(value: Any) -> Any:
    kind = getattr(value, "dtype", None)
    return kind if kind is not None and jnp.issubdtype(kind, jnp.floating) else None


def _key(rounded: NDArray) -> tuple[str, tuple[int, ...], bytes]:
    return rounded.dtype.name, rounded.shape, rounded.tobytes()


def as_written(value: Any, written: Written) -> Any:
    """A number of a jaxpr as it was written in the function, before it was rounded to a type."""
    if not written or isinstance(value, Tracer):
        return value
    kind = _type_if_real(value)
    if kind is None:
        return value
    rounded = np.asarray(value, np.float64).astype(kind)
    return written.get(_key(rounded), rounded)
