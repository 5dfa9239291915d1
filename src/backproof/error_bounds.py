"""How far rounding can move a value.

A function is run in float64 with a bound beside each value on how far rounding at a given precision
can have moved it: a running error bound (Wilkinson; Higham, Accuracy and Stability of Numerical
Algorithms, 2nd ed., section 3.3). `rounding_interpreter` runs it; what each operation does to the
bound stands in `rounding_rules.RULES`.

With random instead of worst-case rounding the same interpreter samples what the function could
have given (`rounding_samples`): for trajectories, where worst-case bounds grow without use.

Idea and its limits: docs/error-bounds.md.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from backproof.rounding import Bounded, Format, error_of, is_real
from backproof.rounding_arithmetic import Arithmetic, Bounding, Sampling, exact
from backproof.rounding_interpreter import dense, interpret
from backproof.rounding_tracing import Written, traced

PyTree: TypeAlias = Any

FORMATS = {
    "bfloat16": Format(2.0**-8, 2.0**-126, (2.0 - 2.0**-7) * 2.0**127),
    "float16": Format(2.0**-11, 2.0**-14, 65504.0),
    "float32": Format(2.0**-24, 2.0**-126, (2.0 - 2.0**-23) * 2.0**127),
    "float64": Format(2.0**-53, 2.0**-1022, float(np.finfo(np.float64).max)),
    # Its range is of no use beside a float64 truth.
    "longdouble": Format(
        float(np.finfo(np.longdouble).eps) / 2, 2.0**-1022, float(np.finfo(np.float64).max)
    ),
}
# The arithmetic on the bounds rounds as well: some thousands of float64 roundings at the most.
_OWN_ROUNDING = 1.0 + 2.0**-38


# --- the front -----------------------------------------------------------------------------------


def bounded(
    f: Callable[..., PyTree],
    fmt: Format,
    *arguments: PyTree,
    kind: str = "float64",
    errors: Sequence[Array | None] | None = None,
) -> tuple[PyTree, PyTree]:
    """`f(*arguments)` and its error bound as float64 pytrees; may itself be under jit and vmap.

    x64 has to be on; `fmt` may hold traced values. `kind` is the type of real numbers that `f` sees
    when it is traced. Arguments count as exact, unless there are `errors`, one for each leaf.
    """
    outputs, tree = _interpreted(f, arguments, functools.partial(Bounding, fmt), kind, errors)
    return (
        jax.tree.unflatten(tree, [x.value for x in outputs]),
        jax.tree.unflatten(tree, [_final(dense(x)) for x in outputs]),
    )


def _final(x: Bounded) -> Array:
    error = error_of(x)
    if not is_real(x):
        return error
    # NaN arises from inf - inf and from 0 inf: nothing is known.
    return jnp.where(jnp.isnan(error) | jnp.isnan(x.value), jnp.inf, error * _OWN_ROUNDING)


def _interpreted(
    f: Callable[..., PyTree],
    arguments: PyTree,
    arithmetic: Callable[[Written], Arithmetic],
    kind: str,
    errors: Sequence[Array | None] | None = None,
) -> tuple[list[Bounded], Any]:
    leaves, structure = jax.tree.flatten(arguments)
    inputs = [exact(leaf) for leaf in leaves]
    if errors is not None:
        inputs = [Bounded(x.value, error) for x, error in zip(inputs, errors, strict=True)]

    def flat(*values: Array) -> PyTree:
        return f(*jax.tree.unflatten(structure, values))

    closed, shape, taken, written = traced(flat, inputs, np.dtype(kind))
    outputs = interpret(closed.jaxpr, closed.consts, taken, arithmetic(written))
    return outputs, jax.tree.structure(shape)


def errors_of_flushing(arguments: PyTree, fmt: Format) -> list[NDArray | None] | None:
    """What each leaf is off by if its numbers below the smallest normal one are taken for zero.

    None if it has none. Not for traced arguments: XLA itself takes subnormal numbers for zero.
    """
    errors: list[NDArray | None] = []
    for leaf in jax.tree.leaves(arguments):
        array = leaf if isinstance(leaf, jax.Array) else np.asarray(leaf)
        if not jnp.issubdtype(array.dtype, jnp.floating):
            errors.append(None)
            continue
        size = np.abs(np.asarray(array).astype(np.float64))
        small = (size > 0.0) & (size < fmt.smallest)
        # Not `size`, which may be no normal number of float64.
        errors.append(np.where(small, fmt.smallest, 0.0) if small.any() else None)
    return None if all(error is None for error in errors) else errors


def error_bound(
    f: Callable[..., PyTree], precision: str = "float32"
) -> Callable[..., tuple[PyTree, PyTree]]:
    """How far rounding can move `f`.

    The returned function gives f's value in float64 and, entry by entry, a bound on the difference
    between that value and the one that any evaluation of the same formula gives when every
    operation rounds to `precision`, or to its own type where `f` names a coarser one, sums taken in
    any order. The float64 value's own error is included. The arguments are taken as exact, and so
    are arrays that `f` closes over: they must be numbers of `precision`. Those below its smallest
    normal number may be taken for zero.

    Args:
        f: any JAX function of arrays and pytrees of them; jit, grad, vmap, scan, while and cond
            inside are understood. It is traced with real numbers of type `precision`, and integers
            as JAX has them then.
        precision: a key of `FORMATS`: "bfloat16", "float16", "float32", "float64", "longdouble".

    Returns:
        A function of f's arguments giving (value, bound): float64 NumPy pytrees as f's result. A
        bound is inf where nothing can be said: where the evaluation may overflow, divide by zero
        or leave a function's domain, except that the operand of a square root counts as not
        negative. Booleans and integers are bounded by whether they could be others.

    Raises:
        ValueError: for an unknown precision, or if `f` uses NumPy on its arguments.
        NotImplementedError: naming a primitive that has no rule, or that draws random numbers.

    Source: Higham (2002), section 3.3.
    """
    fmt = with_truth(_format(precision))
    # Compiled once a shape: operation by operation a gradient of fresh shape takes half a minute.
    program = jax.jit(functools.partial(bounded, f, fmt, kind=kind_of(precision)))

    def bound(*arguments: PyTree) -> tuple[PyTree, PyTree]:
        with jax.enable_x64(True):
            # NumPy arrays, because outside of this block JAX would narrow float64 again.
            errors = errors_of_flushing(arguments, fmt)
            value, error = jax.tree.map(np.asarray, program(*arguments, errors=errors))
            return value, error

    return bound


def _format(precision: str) -> Format:
    if precision not in FORMATS:
        raise ValueError(f"precision={precision!r}: expected one of {', '.join(FORMATS)}")
    return FORMATS[precision]


def kind_of(precision: str) -> str:
    """The type a function is traced in; JAX has none beyond float64."""
    return "float64" if precision == "longdouble" else precision


def with_truth(fmt: Format) -> Format:
    """Rounding in `fmt` on one side and in float64 on the other: bounds are linear in u."""
    truth = FORMATS["float64"]
    return fmt._replace(u=fmt.u + truth.u, smallest=fmt.smallest + truth.smallest)


def sampled(
    f: Callable[..., PyTree], fmt: Format, key: Array, *arguments: PyTree, kind: str
) -> PyTree:
    """`f(*arguments)` with each operation moved at random; as `bounded`, under jit and vmap too."""
    outputs, tree = _interpreted(f, arguments, lambda written: Sampling(fmt, key, written), kind)
    return jax.tree.unflatten(tree, [x.value for x in outputs])


def rounding_samples(
    f: Callable[..., PyTree], precision: str = "float32", samples: int = 64, seed: int = 0
) -> Callable[..., PyTree]:
    """What `f` could give: `samples` runs, each operation moved by its own rounding error.

    Every rounding is drawn uniformly between its worst cases, a sum of k terms as sqrt(k) of them.
    The result has one more leading axis, of size `samples`, on each leaf. Same seed, same samples.
    """
    fmt, kind = _format(precision), kind_of(precision)

    @jax.jit
    def program(keys: Array, arguments: PyTree) -> PyTree:
        return jax.vmap(lambda key: sampled(f, fmt, key, *arguments, kind=kind))(keys)

    def sample(*arguments: PyTree) -> PyTree:
        with jax.enable_x64(True):
            keys = jax.random.split(jax.random.key(seed), samples)
            return jax.tree.map(np.asarray, program(keys, arguments))

    return sample
