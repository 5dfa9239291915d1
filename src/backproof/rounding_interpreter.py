"""One interpreter of jaxprs that carries rounding errors: calls, loops and branches.

What each operation does to an error stands in `rounding_rules.RULES`, and what its rounding does in
`rounding_arithmetic`; here is what surrounds the operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from backproof.rounding import Bounded, bind, error_of, is_exact, is_real
from backproof.rounding_arithmetic import Arithmetic, Sampling
from backproof.rounding_choices import discrete_whole, furthest
from backproof.rounding_rules import DISCRETE_RULES, RULES


def interpret(
    jaxpr: Jaxpr, consts: Sequence[Any], inputs: Sequence[Bounded], arithmetic: Arithmetic
) -> list[Bounded]:
    """The outputs of `jaxpr` with their errors. Raises NotImplementedError naming the primitive."""
    environment = dict(zip(jaxpr.constvars, map(arithmetic.constant, consts), strict=True))
    environment.update(zip(jaxpr.invars, inputs, strict=True))

    def read(atom: Any) -> Bounded:
        if isinstance(atom, Literal):
            aval: Any = atom.aval
            return arithmetic.coarsened([aval.dtype]).constant(atom.val)
        return environment[atom]

    for operation, eqn in enumerate(jaxpr.eqns):
        results = _apply(eqn, [read(atom) for atom in eqn.invars], arithmetic, operation)
        environment.update(zip(eqn.outvars, results, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _apply(
    eqn: Any, inputs: list[Bounded], arithmetic: Arithmetic, operation: int
) -> list[Bounded]:
    name = eqn.primitive.name
    if name in STRUCTURE:
        # Two calls of one function must not share their random roundings.
        return STRUCTURE[name](eqn, inputs, arithmetic.at(operation))
    if name in DRAWS:
        raise NotImplementedError(
            f"the JAX primitive '{name}' draws random numbers, which differ from precision to "
            "precision: draw them outside of the function and pass them in"
        )
    if name == "bitcast_convert_type" and is_real(inputs[0]):
        raise NotImplementedError(
            f"the JAX primitive '{name}' takes the bits of a real number, which have no rounding "
            "rule: write the function without it"
        )
    kinds = _types(eqn)
    if any(jnp.issubdtype(kind, jnp.complexfloating) for kind in kinds):
        raise NotImplementedError(
            f"complex numbers have no rounding rules: the JAX primitive '{name}'"
        )
    if is_exact(inputs) and not any(_is_inexact(v) for v in eqn.outvars):
        return _exactly(eqn, inputs)
    if any(jnp.issubdtype(kind, jnp.floating) for kind in kinds):
        if name not in RULES:
            raise NotImplementedError(
                f"no rounding rule for the JAX primitive '{name}': add a line to "
                "backproof.rounding_rules.RULES, or write the function without it"
            )
        rule = RULES[name]
    else:
        rule = DISCRETE_RULES.get(name, discrete_whole)
    arithmetic = arithmetic.coarsened(kinds)
    moved = rule(eqn, inputs, arithmetic.fmt)
    outputs = moved if isinstance(moved, list) else [moved]
    return [arithmetic.finish(output, (operation, i)) for i, output in enumerate(outputs)]


def _types(eqn: Any) -> list[Any]:
    return [v.aval.dtype for v in (*eqn.invars, *eqn.outvars)]


def _is_inexact(variable: Any) -> bool:
    return bool(jnp.issubdtype(variable.aval.dtype, jnp.inexact))


def _exactly(eqn: Any, inputs: list[Bounded]) -> list[Bounded]:
    """Booleans and integers of exact inputs are exact."""
    values = bind(eqn, *(x.value for x in inputs))
    return [Bounded(v, None) for v in (values if eqn.primitive.multiple_results else [values])]


# --- calls, loops and branches --------------------------------------------------------------------


def dense(x: Bounded) -> Bounded:
    """The same with its error as an array."""
    return Bounded(x.value, error_of(x))


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


def _custom_jvp(eqn: Any, inputs: list[Bounded], arithmetic: Arithmetic) -> list[Bounded]:
    """The function itself, or the formula it stands for if it gets there by way of bits.

    JAX 0.12 computes exp(-x^2), in the derivative of erf, from the leading bits of x and the rest:
    what the one loses the other has, which no bound on each can see.
    """
    inner = eqn.params["call_jaxpr"]
    by_bits = any(e.primitive.name == "bitcast_convert_type" for e in inner.jaxpr.eqns)
    if by_bits and inner.jaxpr.debug_info.func_name == "exp_neg_sq":
        return _written_as(lambda x: jnp.exp(-jnp.square(x)))(eqn, inputs, arithmetic)
    return _call("call_jaxpr")(eqn, inputs, arithmetic)


def _written_as(
    formula: Callable[..., Array],
) -> Callable[[Any, list[Bounded], Arithmetic], list[Bounded]]:
    def call(eqn: Any, inputs: list[Bounded], arithmetic: Arithmetic) -> list[Bounded]:
        arithmetic = arithmetic.coarsened(_types(eqn))
        closed = jax.make_jaxpr(formula)(*(x.value for x in inputs))
        return interpret(closed.jaxpr, closed.consts, inputs, arithmetic)

    return call


def _horner(x: Array, *coefficients: Array) -> Array:
    total = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return jnp.broadcast_to(total, x.shape)


def _carried(arithmetic: Arithmetic, xs: list[Bounded]) -> list[Bounded]:
    """What a loop carries keeps its structure: errors as arrays when bounding, else none."""
    if isinstance(arithmetic, Sampling):
        return xs
    return [dense(x) if _has_error(x.value) else x for x in xs]


def _scan(eqn: Any, inputs: list[Bounded], arithmetic: Arithmetic) -> list[Bounded]:
    body, params = eqn.params["jaxpr"], eqn.params
    n_consts, n_carry = _scan_sizes(params)
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


def _scan_sizes(params: Mapping[str, Any]) -> tuple[int, int]:
    """How many constants and how many carried values: newer JAX keeps trees instead of numbers."""
    if "ft_in" in params:
        consts, carry, _ = params["ft_in"].unpack()
        return len(consts), len(carry)
    return params["num_consts"], params["num_carry"]


def _while(eqn: Any, inputs: list[Bounded], arithmetic: Arithmetic) -> list[Bounded]:
    """A condition that rounding could have turned leaves nothing known."""
    params = eqn.params
    n_cond, n_body = params["cond_nconsts"], params["body_nconsts"]
    cond, body = params["cond_jaxpr"], params["body_jaxpr"]
    cond_consts, body_consts = inputs[:n_cond], inputs[n_cond : n_cond + n_body]

    def condition(carry: list[Bounded]) -> Bounded:
        return interpret(cond.jaxpr, cond.consts, [*cond_consts, *carry], arithmetic)[0]

    # Under vmap there is one condition for each entry of the batch, and each stops by itself.
    batch = cond.out_avals[0].shape

    def goes_on(state: Any) -> Array:
        return jnp.any(condition(state[2]).value)

    def step(state: Any) -> Any:
        iteration, doubt, carry = state
        running, unsure = condition(carry)
        doubt = doubt if unsure is None else doubt | unsure
        outputs = _carried(
            arithmetic,
            interpret(body.jaxpr, body.consts, [*body_consts, *carry], arithmetic.at(iteration)),
        )
        if batch:
            pairs = zip(outputs, carry, strict=True)
            outputs = [_where(running, new, old) for new, old in pairs]
        return iteration + 1, doubt, outputs

    start = _carried(arithmetic, inputs[n_cond + n_body :])
    _, doubt, last = lax.while_loop(goes_on, step, (jnp.asarray(0), jnp.zeros(batch, bool), start))
    unsure = condition(last).error
    doubt = doubt if unsure is None else doubt | unsure
    return [_doubted(x, doubt) for x in last]


def _where(running: Array, new: Bounded, old: Bounded) -> Bounded:
    flags = _leading(running, new.value)
    value = jnp.where(flags, new.value, old.value)
    if new.error is None or old.error is None:
        return Bounded(value, None)
    return Bounded(value, jnp.where(flags, new.error, old.error))


def _leading(flags: Array, like: Array) -> Array:
    """One flag for all that belongs to an entry of the batch."""
    return flags.reshape(flags.shape + (1,) * (like.ndim - flags.ndim))


def _doubted(x: Bounded, doubt: Array) -> Bounded:
    if x.error is None:
        return x
    worst = jnp.inf if is_real(x) else True
    return Bounded(x.value, jnp.where(_leading(doubt, x.error), worst, x.error))


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
    if not _has_error(value):
        return Bounded(value, None)
    known = lax.select_n(which, *(error_of(case) for case in cases))
    return Bounded(value, jnp.where(error_of(index), furthest(value, cases), known))


# What other numbers come of at another precision. Splitting and folding of keys is the same at all.
DRAWS = frozenset(
    {"random_bits", "random_gamma", "rng_bit_generator", "rng_uniform", "threefry2x32"}
)

STRUCTURE = {
    "jit": _call("jaxpr"),
    "pjit": _call("jaxpr"),
    "closed_call": _call("call_jaxpr"),
    "core_call": _call("call_jaxpr"),
    "custom_jvp_call": _custom_jvp,
    "custom_vjp_call": _call("call_jaxpr"),
    "custom_vjp_call_jaxpr": _call("fun_jaxpr"),
    "remat": _call("jaxpr"),
    "remat2": _call("jaxpr"),
    "checkpoint": _call("jaxpr"),
    "scan": _scan,
    "while": _while,
    "cond": _cond,
    "polynomial": _written_as(_horner),
}
