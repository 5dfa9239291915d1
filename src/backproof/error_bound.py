"""How far rounding can move a value: one interpreter of jaxprs.

It runs a function in float64 and carries beside each value a bound on how far rounding at a given
precision can have moved it: a running error bound (Wilkinson; Higham, Accuracy and Stability of
Numerical Algorithms, 2nd ed., section 3.3). What each operation does to the bound stands in
`rounding_rules.RULES`; here is what surrounds the operations: calls, loops and branches.

With random instead of worst-case rounding the same interpreter samples what the function could
have given (`rounding_samples`): for trajectories, where worst-case bounds grow without use.

Idea and its limits: docs/error-bounds.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from backproof.rounding_rules import (
    RULES,
    Bounded,
    Format,
    Moved,
    bind,
    error_of,
    is_real,
)

PyTree: TypeAlias = Any

FORMATS = {
    "bfloat16": Format(2.0**-8, 2.0**-126),
    "float16": Format(2.0**-11, 2.0**-14),
    "float32": Format(2.0**-24, 2.0**-126),
    "float64": Format(2.0**-53, 2.0**-1022),
    "longdouble": Format(
        float(np.finfo(np.longdouble).eps) / 2, float(np.finfo(np.float64).smallest_normal)
    ),
}
# The arithmetic on the bounds rounds as well: some thousands of float64 roundings at the most.
_OWN_ROUNDING = 1.0 + 2.0**-38


class Arithmetic(Protocol):
    """What an operation's rounding does: widen a bound, or move the value at random."""

    fmt: Format

    def finish(self, moved: Moved, operation: int) -> Bounded:
        """The operation's result, given what its rule says."""

    def at(self, iteration: Array) -> Arithmetic:
        """The arithmetic inside one iteration of a loop."""


class Bounding:
    """Every rounding as bad as it can be."""

    def __init__(self, fmt: Format) -> None:
        self.fmt = fmt

    def finish(self, moved: Moved, operation: int) -> Bounded:
        """The value with propagated and own error added up."""
        del operation
        if moved.rounding is None:
            return Bounded(moved.value, moved.propagated)
        rounding = jnp.broadcast_to(moved.rounding, moved.value.shape)
        error = rounding if moved.propagated is None else moved.propagated + rounding
        return Bounded(moved.value, error)

    def at(self, iteration: Array) -> Bounding:
        """The same in every iteration."""
        del iteration
        return self


class Sampling:
    """Every rounding uniform between its worst cases; nothing is propagated."""

    def __init__(self, fmt: Format, key: Array) -> None:
        self.fmt = fmt._replace(spread=jnp.sqrt, integers=False)
        self.key = key

    def finish(self, moved: Moved, operation: int) -> Bounded:
        """The value, moved at random."""
        if moved.rounding is None:
            return Bounded(moved.value, None)
        key = jax.random.fold_in(self.key, operation)
        noise = jax.random.uniform(key, moved.value.shape, moved.value.dtype, -1.0, 1.0)
        return Bounded(moved.value + moved.rounding * noise, None)

    def at(self, iteration: Array) -> Sampling:
        """Other roundings in every iteration."""
        return Sampling(self.fmt, jax.random.fold_in(self.key, iteration))


def interpret(
    jaxpr: Jaxpr, consts: Sequence[Any], inputs: Sequence[Bounded], arithmetic: Arithmetic
) -> list[Bounded]:
    """The outputs of `jaxpr` with their errors. Raises NotImplementedError naming the primitive."""
    environment = dict(zip(jaxpr.constvars, map(exact, consts), strict=True))
    environment.update(zip(jaxpr.invars, inputs, strict=True))

    def read(atom: Any) -> Bounded:
        return exact(atom.val) if isinstance(atom, Literal) else environment[atom]

    for operation, eqn in enumerate(jaxpr.eqns):
        results = _apply(eqn, [read(atom) for atom in eqn.invars], arithmetic, operation)
        environment.update(zip(eqn.outvars, results, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def exact(value: Any) -> Bounded:
    """A value without error, in float64 if it is real."""
    if not isinstance(value, jax.Array):
        value = np.asarray(value)
    if jnp.issubdtype(value.dtype, jnp.floating):
        value = jnp.asarray(value, jnp.float64)
    return Bounded(jnp.asarray(value), None)


def _apply(
    eqn: Any, inputs: list[Bounded], arithmetic: Arithmetic, operation: int
) -> list[Bounded]:
    name = eqn.primitive.name
    if name in _STRUCTURE:
        # Two calls of one function must not share their random roundings.
        inner = arithmetic.at(jnp.asarray(operation))
        return _STRUCTURE[name](eqn, inputs, inner)
    if name in RULES:
        moved = RULES[name](eqn, inputs, arithmetic.fmt)
        outputs = moved if isinstance(moved, list) else [moved]
        return [
            arithmetic.finish(output, len(outputs) * operation + i)
            for i, output in enumerate(outputs)
        ]
    if all(x.error is None for x in inputs) and not any(
        jnp.issubdtype(v.aval.dtype, jnp.inexact) for v in eqn.outvars
    ):
        values = bind(eqn, *(x.value for x in inputs))
        return [Bounded(v, None) for v in (values if eqn.primitive.multiple_results else [values])]
    raise NotImplementedError(
        f"no rounding rule for the JAX primitive '{name}': add a line to "
        "backproof.rounding_rules.RULES (see CONTRIBUTING.md), or write the function without it"
    )


# --- calls, loops and branches --------------------------------------------------------------------


def _dense(x: Bounded) -> Bounded:
    if x.error is not None:
        return x
    dtype = x.value.dtype if is_real(x) else jnp.bool_
    return Bounded(x.value, jnp.zeros(x.value.shape, dtype))


def _has_error(value: Array) -> bool:
    # Random keys have no arithmetic, so no error.
    return bool(jnp.issubdtype(value.dtype, jnp.number) or value.dtype == jnp.bool_)


def _call(parameter: str) -> Callable[[Any, list[Bounded], Arithmetic], list[Bounded]]:
    def call(eqn: Any, inputs: list[Bounded], arithmetic: Arithmetic) -> list[Bounded]:
        inner = eqn.params[parameter]
        jaxpr, consts = (
            (inner.jaxpr, inner.consts) if isinstance(inner, ClosedJaxpr) else (inner, ())
        )
        return interpret(jaxpr, consts, inputs, arithmetic)

    return call


def _carried(arithmetic: Arithmetic, xs: list[Bounded]) -> list[Bounded]:
    """What a loop carries must keep its structure: errors as arrays when bounding, none otherwise."""
    if isinstance(arithmetic, Sampling):
        return xs
    return [_dense(x) if _has_error(x.value) else x for x in xs]


def _scan(eqn: Any, inputs: list[Bounded], arithmetic: Arithmetic) -> list[Bounded]:
    body, params = eqn.params["jaxpr"], eqn.params
    n_consts, n_carry = params["num_consts"], params["num_carry"]
    consts = inputs[:n_consts]
    carry = _carried(arithmetic, inputs[n_consts : n_consts + n_carry])
    xs = inputs[n_consts + n_carry :]

    def step(state: Any, x: Any) -> Any:
        iteration, carry = state
        outputs = interpret(
            body.jaxpr, body.consts, [*consts, *carry, *x], arithmetic.at(iteration)
        )
        outputs = _carried(arithmetic, outputs)
        return (iteration + 1, outputs[:n_carry]), outputs[n_carry:]

    (_, last), ys = lax.scan(
        step,
        (jnp.asarray(0), carry),
        xs,
        length=params["length"],
        reverse=params["reverse"],
    )
    return [*last, *ys]


def _while(eqn: Any, inputs: list[Bounded], arithmetic: Arithmetic) -> list[Bounded]:
    """A condition that rounding could have turned leaves nothing known."""
    params = eqn.params
    n_cond, n_body = params["cond_nconsts"], params["body_nconsts"]
    cond, body = params["cond_jaxpr"], params["body_jaxpr"]
    cond_consts, body_consts = inputs[:n_cond], inputs[n_cond : n_cond + n_body]

    def condition(carry: list[Bounded]) -> Bounded:
        return interpret(cond.jaxpr, cond.consts, [*cond_consts, *carry], arithmetic)[0]

    def goes_on(state: Any) -> Array:
        return condition(state[2]).value

    def step(state: Any) -> Any:
        iteration, doubt, carry = state
        unsure = condition(carry).error
        doubt = doubt if unsure is None else doubt | unsure
        outputs = interpret(
            body.jaxpr, body.consts, [*body_consts, *carry], arithmetic.at(iteration)
        )
        return iteration + 1, doubt, _carried(arithmetic, outputs)

    start = _carried(arithmetic, inputs[n_cond + n_body :])
    _, doubt, last = lax.while_loop(goes_on, step, (jnp.asarray(0), jnp.asarray(False), start))
    unsure = condition(last).error
    doubt = doubt if unsure is None else doubt | unsure
    return [_doubted(x, doubt) for x in last]


def _doubted(x: Bounded, doubt: Array) -> Bounded:
    if x.error is None:
        return x
    return Bounded(x.value, jnp.where(doubt, jnp.inf if is_real(x) else True, x.error))


def _cond(eqn: Any, inputs: list[Bounded], arithmetic: Arithmetic) -> list[Bounded]:
    """Unsure which branch: whatever any of them gives is allowed."""
    index, *operands = inputs
    branches = eqn.params["branches"]

    def run(branch: ClosedJaxpr) -> list[Bounded]:
        return _carried(arithmetic, interpret(branch.jaxpr, branch.consts, operands, arithmetic))

    if index.error is None:
        chosen: list[Bounded] = lax.switch(
            index.value, [lambda branch=branch: run(branch) for branch in branches]
        )
        return chosen
    every = [run(branch) for branch in branches]
    return [_choose(index, cases) for cases in zip(*every, strict=True)]


def _choose(index: Bounded, cases: Sequence[Bounded]) -> Bounded:
    which = jnp.clip(index.value.astype(jnp.int32), 0, len(cases) - 1)
    value = lax.select_n(which, *(case.value for case in cases))
    if not is_real(cases[0]):
        apart = [case.value != value for case in cases]
        furthest = jnp.any(jnp.stack(apart), axis=0)
        return Bounded(value, furthest & index.error)
    known = lax.select_n(which, *(error_of(case) for case in cases))
    furthest = jnp.max(
        jnp.stack([jnp.abs(case.value - value) + error_of(case) for case in cases]), axis=0
    )
    return Bounded(value, jnp.where(index.error, furthest, known))


_STRUCTURE = {
    "jit": _call("jaxpr"),
    "pjit": _call("jaxpr"),
    "closed_call": _call("call_jaxpr"),
    "core_call": _call("call_jaxpr"),
    "custom_jvp_call": _call("call_jaxpr"),
    "custom_vjp_call": _call("call_jaxpr"),
    "custom_vjp_call_jaxpr": _call("fun_jaxpr"),
    "remat": _call("jaxpr"),
    "remat2": _call("jaxpr"),
    "checkpoint": _call("jaxpr"),
    "scan": _scan,
    "while": _while,
    "cond": _cond,
}


# --- the front -----------------------------------------------------------------------------------


def bounded(f: Callable[..., PyTree], fmt: Format, *arguments: PyTree) -> tuple[PyTree, PyTree]:
    """`f(*arguments)` and its error bound as float64 pytrees; may itself be under jit and vmap.

    x64 has to be on. Arguments count as exact; `fmt` may hold traced values.
    """
    outputs, tree = _interpreted(f, arguments, Bounding(fmt))
    return (
        jax.tree.unflatten(tree, [x.value for x in outputs]),
        jax.tree.unflatten(tree, [_final(_dense(x)) for x in outputs]),
    )


def _final(x: Bounded) -> Array:
    error = error_of(x)
    if not is_real(x):
        return error
    # NaN arises from inf - inf and from 0 inf: nothing is known.
    return jnp.where(jnp.isnan(error), jnp.inf, error * _OWN_ROUNDING)


def _interpreted(
    f: Callable[..., PyTree], arguments: PyTree, arithmetic: Arithmetic
) -> tuple[list[Bounded], Any]:
    leaves, structure = jax.tree.flatten(arguments)
    inputs = [exact(leaf) for leaf in leaves]

    def flat(*values: Array) -> PyTree:
        return f(*jax.tree.unflatten(structure, values))

    closed, shape = jax.make_jaxpr(flat, return_shape=True)(*(x.value for x in inputs))
    outputs = interpret(closed.jaxpr, closed.consts, inputs, arithmetic)
    return outputs, jax.tree.structure(shape)


def error_bound(
    f: Callable[..., PyTree], precision: str = "float32"
) -> Callable[..., tuple[PyTree, PyTree]]:
    """How far rounding can move `f`.

    The returned function gives f's value in float64 and, entry by entry, a bound on the difference
    between that value and the one that any evaluation of the same formula gives when every
    operation rounds to `precision`, sums taken in any order. The float64 value's own error is
    included. The arguments are taken as exact: they must be representable in `precision`.

    Args:
        f: any JAX function of arrays and pytrees of them; jit, grad, vmap, scan, while and cond
            inside are understood.
        precision: a key of `FORMATS`: "bfloat16", "float16", "float32", "float64", "longdouble".

    Returns:
        A function of f's arguments giving (value, bound): float64 NumPy pytrees as f's result. A bound
        is inf where nothing can be said. Booleans and integers are bounded by whether they could
        be others.

    Raises:
        ValueError: for an unknown precision.
        NotImplementedError: naming a primitive that has no rule.

    Source: Higham (2002), section 3.3.
    """
    fmt = _with_truth(_format(precision))

    def bound(*arguments: PyTree) -> tuple[PyTree, PyTree]:
        with jax.enable_x64(True):
            # NumPy arrays, because outside of this block JAX would narrow float64 again.
            value, error = jax.tree.map(np.asarray, bounded(f, fmt, *arguments))
            return value, error

    return bound


def _format(precision: str) -> Format:
    if precision not in FORMATS:
        raise ValueError(f"precision={precision!r}: expected one of {', '.join(FORMATS)}")
    return FORMATS[precision]


def _with_truth(fmt: Format) -> Format:
    """Rounding in `fmt` on one side and in float64 on the other: bounds are linear in u."""
    truth = FORMATS["float64"]
    return fmt._replace(u=fmt.u + truth.u, smallest=fmt.smallest + truth.smallest)


def rounding_samples(
    f: Callable[..., PyTree], precision: str = "float32", samples: int = 64, seed: int = 0
) -> Callable[..., PyTree]:
    """What `f` could give: `samples` runs, each operation moved by its own rounding error.

    Every rounding is drawn uniformly between its worst cases, a sum of k terms as sqrt(k) of them.
    The result has one more leading axis, of size `samples`, on each leaf. Same seed, same samples.
    """
    fmt = _format(precision)

    def sample(*arguments: PyTree) -> PyTree:
        def once(key: Array) -> PyTree:
            outputs, tree = _interpreted(f, arguments, Sampling(fmt, key))
            return jax.tree.unflatten(tree, [x.value for x in outputs])

        with jax.enable_x64(True):
            keys = jax.random.split(jax.random.key(seed), samples)
            return jax.tree.map(np.asarray, jax.vmap(once)(keys))

    return sample
