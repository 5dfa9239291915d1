"""Each rule against its operation: inputs are moved within their errors, results must stay within.

That tests how errors propagate; how operations round is tested with whole expressions in
test_error_bounds.py, and the constants of the elementary functions in test_elementary.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from backproof.rounding import Bounded, Format, Moved
from backproof.rounding_arithmetic import Bounding
from backproof.rounding_interpreter import STRUCTURE, interpret
from backproof.rounding_rules import DISCRETE_RULES, RULES

FMT = Format(2.0**-52, 2.0**-1021)
SHAPE = (3, 4)
QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
MOVES = 60
SEEDS = 6


def real(low: float = -1e6, high: float = 1e6) -> Callable[[np.random.Generator], Bounded]:
    """Numbers of all sizes in a domain, on its edges too, with errors from none to larger ones."""

    def draw(rng: np.random.Generator) -> Bounded:
        decades = 10.0 ** rng.uniform(-8, 6, SHAPE) * rng.choice([-1, 1], SHAPE)
        value = np.where(rng.random(SHAPE) < 0.5, rng.uniform(-3, 3, SHAPE), decades)
        value = np.where((value < low) | (value > high), rng.uniform(low, high, SHAPE), value)
        value = np.where(rng.random(SHAPE) < 0.15, np.clip(np.round(value), low, high), value)
        wide = np.abs(value) * 10.0 ** rng.uniform(-15, 0.5, SHAPE)
        error = np.where(rng.random(SHAPE) < 0.5, wide, 10.0 ** rng.uniform(-16, 1, SHAPE))
        return Bounded(jnp.asarray(value), jnp.asarray(np.where(rng.random(SHAPE) < 0.1, 0, error)))

    return draw


def close(rng: np.random.Generator) -> Bounded:
    """Integers from -2 to 2 with errors below one half and a little above."""
    error = rng.choice([0.0, 1e-9, 0.4, 0.6], SHAPE)
    return Bounded(jnp.asarray(rng.integers(-2, 3, SHAPE) * 1.0), jnp.asarray(error))


def boolean(rng: np.random.Generator) -> Bounded:
    return Bounded(jnp.asarray(rng.random(SHAPE) < 0.5), jnp.asarray(rng.random(SHAPE) < 0.3))


def integer(rng: np.random.Generator) -> Bounded:
    return Bounded(jnp.asarray(rng.integers(1, 5, SHAPE)), jnp.asarray(rng.random(SHAPE) < 0.3))


def exactly(value: Any) -> Callable[[np.random.Generator], Bounded]:
    return lambda _: Bounded(jnp.asarray(value), None)


def unsure(value: Any) -> Callable[[np.random.Generator], Bounded]:
    return lambda _: Bounded(jnp.asarray(value), jnp.ones(np.shape(value), bool))


positive, unit, any_real = real(0.0, 1e6), real(-1.0, 1.0), real()
windows = {"window_dimensions": (1, 2), "window_strides": (1, 1), "padding": ((0, 0), (0, 1))}
pooling = {**windows, "base_dilation": (1, 1), "window_dilation": (1, 1)}
convolve = lambda a, b: lax.conv(a[None, None], b[None, None, :2, :2], (1, 1), "SAME")  # noqa: E731
places = jnp.array([[0], [2], [0]])
indices = np.array([2, 0, 9])

# What is applied, and what it is given. The names before a space are those of the primitives.
CASES: dict[str, tuple[Callable[..., Any], Sequence[Callable[..., Bounded]]]] = {
    "add": (lax.add, [any_real, any_real]),
    "sub": (lax.sub, [any_real, any_real]),
    "mul": (lax.mul, [any_real, any_real]),
    "mul of integers": (lax.mul, [integer, integer]),
    "div": (lax.div, [any_real, any_real]),
    "rem": (lax.rem, [any_real, any_real]),
    "rem close": (lax.rem, [close, real(0.5, 2.0)]),
    "square": (lax.square, [any_real]),
    "integer_pow": (lambda x: lax.integer_pow(x, 3), [any_real]),
    "integer_pow 0": (lambda x: lax.integer_pow(x, 0), [any_real]),
    "integer_pow negative": (lambda x: lax.integer_pow(x, -3), [any_real]),
    "pow": (lax.pow, [real(0.0, 20.0), real(-8.0, 8.0)]),
    "pow of negatives": (lax.pow, [real(-20.0, 0.0), close]),
    "pow of integers": (lax.pow, [real(0.0, 20.0), integer]),
    "neg": (lax.neg, [any_real]),
    "abs": (lax.abs, [any_real]),
    "max": (lax.max, [any_real, any_real]),
    "min": (lax.min, [any_real, any_real]),
    "clamp": (lambda x: lax.clamp(-1.0, x, 2.0), [any_real]),
    "reduce_precision": (lambda x: lax.reduce_precision(x, 8, 7), [any_real]),
    "exp": (lax.exp, [real(-100, 100)]),
    "exp2": (lax.exp2, [real(-100, 100)]),
    "expm1": (lax.expm1, [real(-100, 100)]),
    "log": (lax.log, [positive]),
    "log1p": (lax.log1p, [real(-1.0, 1e6)]),
    # The operand of a root counts as not negative.
    "sqrt": (lambda x: lax.sqrt(jnp.abs(x)), [positive]),
    "rsqrt": (lax.rsqrt, [positive]),
    "cbrt": (lax.cbrt, [any_real]),
    "sin": (lax.sin, [any_real]),
    "cos": (lax.cos, [any_real]),
    "tan": (lax.tan, [any_real]),
    "asin": (lax.asin, [unit]),
    "acos": (lax.acos, [unit]),
    "atan": (lax.atan, [any_real]),
    "atan2": (lax.atan2, [any_real, any_real]),
    "atan2 close": (lax.atan2, [close, close]),
    "sinh": (lax.sinh, [real(-100, 100)]),
    "cosh": (lax.cosh, [real(-100, 100)]),
    "asinh": (lax.asinh, [any_real]),
    "acosh": (lax.acosh, [real(1.0, 1e6)]),
    "acosh close": (lax.acosh, [real(1.0, 4.0)]),
    "atanh": (lax.atanh, [unit]),
    "tanh": (lax.tanh, [any_real]),
    "logistic": (lax.logistic, [any_real]),
    "erf": (lax.erf, [any_real]),
    "erfc": (lax.erfc, [any_real]),
    "floor": (lax.floor, [any_real]),
    "ceil": (lax.ceil, [any_real]),
    "round": (lax.round, [any_real]),
    "sign": (lax.sign, [close]),
    "lt": (lax.lt, [close, close]),
    "le": (lax.le, [close, close]),
    "gt": (lax.gt, [close, close]),
    "ge": (lax.ge, [close, close]),
    "eq": (lax.eq, [close, close]),
    "ne": (lax.ne, [close, close]),
    "ne with itself": (lambda x: lax.ne(x, x), [close]),
    "lt of integers": (lax.lt, [integer, integer]),
    "is_finite": (lax.is_finite, [any_real]),
    "select_n": (lax.select_n, [boolean, any_real, any_real]),
    "select_n of integers": (lax.select_n, [boolean, integer, integer]),
    "select_n by a scalar": (
        lambda p, a, b: lax.select_n(p[0, 0], a, b),
        [unsure(np.ones(SHAPE, bool)), any_real, any_real],
    ),
    "convert_element_type": (lambda x: x.astype(jnp.float32), [any_real]),
    "convert_element_type to integers": (lambda x: x.astype(int), [any_real]),
    "convert_element_type to booleans": (lambda x: x.astype(bool), [close]),
    "convert_element_type of booleans": (lambda x: x.astype(float), [boolean]),
    "convert_element_type of integers": (lambda x: x.astype(float), [integer]),
    "argmax": (lambda x: jnp.argmax(x, axis=1), [close]),
    "argmin": (lambda x: jnp.argmin(x, axis=0), [any_real]),
    "sort": (lambda x: lax.sort(x, dimension=0), [any_real]),
    "sort close": (lambda x: lax.sort(x, dimension=1), [close]),
    "sort of several": (lambda x, y: lax.sort([x, y], dimension=1), [close, any_real]),
    "sort by several": (
        lambda x, y: lax.sort([jnp.zeros(SHAPE), x, y], dimension=1, num_keys=2),
        [close, any_real],
    ),
    "sort by integers first": (
        lambda i, x, y: lax.sort([i, x, y], dimension=1, num_keys=2),
        [integer, close, any_real],
    ),
    "sort with places": (
        lambda x: lax.sort([x, lax.broadcasted_iota(int, SHAPE, 1)], dimension=1),
        [any_real],
    ),
    "top_k": (lambda x: lax.top_k(x, 2), [close]),
    "reduce_sum": (lambda x: jnp.sum(x, axis=0), [any_real]),
    "reduce_sum of integers": (lambda x: jnp.sum(x, axis=0), [integer]),
    "reduce_prod": (lambda x: jnp.prod(x, axis=1), [real(-30.0, 30.0)]),
    "reduce_prod close": (lambda x: jnp.prod(x, axis=1), [close]),
    "reduce_max": (lambda x: jnp.max(x, axis=1), [any_real]),
    "reduce_min": (lambda x: jnp.min(x, axis=1), [any_real]),
    "reduce_max of integers": (lambda x: jnp.max(x, axis=1), [integer]),
    "reduce_or": (lambda x: jnp.any(x, axis=1), [boolean]),
    "reduce_and": (lambda x: jnp.all(x, axis=0), [boolean]),
    "argmax of integers": (lambda x: jnp.argmax(x, axis=0), [integer]),
    "cumsum": (lambda x: lax.cumsum(x, 1), [any_real]),
    "cumsum reverse": (lambda x: lax.cumsum(x, 0, reverse=True), [any_real]),
    "cumsum of integers": (lambda x: lax.cumsum(x, 1), [integer]),
    "cumprod": (lambda x: lax.cumprod(x, 1, reverse=True), [real(-30.0, 30.0)]),
    "cummax": (lambda x: lax.cummax(x, 1), [any_real]),
    "cummin": (lambda x: lax.cummin(x, 1, reverse=True), [any_real]),
    "cumlogsumexp": (lambda x: lax.cumlogsumexp(x, 1), [real(-100, 100)]),
    "reduce_window_sum": (lambda x: lax.reduce_window_sum_p.bind(x, **pooling), [any_real]),
    "reduce_window_max": (lambda x: lax.reduce_window_max_p.bind(x, **pooling), [any_real]),
    "reduce_window_min": (lambda x: lax.reduce_window_min_p.bind(x, **pooling), [any_real]),
    "dot_general": (lambda a, b: a @ b.T, [any_real, any_real]),
    "dot_general of one unsure": (lambda a: jnp.asarray(np.eye(3)) @ a, [any_real]),
    "conv_general_dilated": (convolve, [any_real, any_real]),
    "scatter-add": (lambda a, b: a.at[indices].add(b, mode="drop"), [any_real, any_real]),
    "scatter-add of integers": (lambda a, b: a.at[indices].add(b, mode="drop"), [integer, integer]),
    "scatter-add somewhere": (
        lambda a, b, i: a.at[i].add(b, mode="drop"),
        [any_real, any_real, unsure(np.array([0, 1, 2]))],
    ),
    "scatter": (lambda a, b: a.at[places[:2, 0]].set(b[:2]), [any_real, any_real]),
    "gather": (lambda x: x[indices], [any_real]),
    "gather with fill": (lambda x: x.at[indices].get(mode="fill", fill_value=7.0), [any_real]),
    "gather of integers": (lambda x: x[indices], [integer]),
    "gather somewhere": (lambda x, i: x[i], [any_real, unsure(np.array([0, 2]))]),
    "dynamic_slice": (lambda x: lax.dynamic_slice(x, (1, 1), (2, 2)), [any_real]),
    "dynamic_slice of integers": (
        lambda x, i: lax.dynamic_slice(x, (i, 1), (2, 2)),
        [integer, exactly(1)],
    ),
    "dynamic_slice somewhere": (
        lambda x, i: lax.dynamic_slice(x, (i, 1), (2, 2)),
        [any_real, unsure(0)],
    ),
    "dynamic_update_slice": (
        lambda x, y, i: lax.dynamic_update_slice(x, y[:2, :2], (i, 1)),
        [integer, integer, exactly(1)],
    ),
    "pad": (lambda x: lax.pad(x, 2.0, [(1, 0, 1), (0, -1, 0)]), [any_real]),
    "concatenate": (lambda x, y: lax.concatenate([x, y], 0), [any_real, exactly(np.ones(SHAPE))]),
    "transpose": (lambda x: x.T, [any_real]),
    "rev": (lambda x: lax.rev(x, [0]), [boolean]),
    "split": (lambda x: lax.split(x, [1, 3], axis=1), [any_real]),
    "reshape": (lambda x: x.reshape(4, 3), [any_real]),
    "broadcast_in_dim": (lambda x: lax.broadcast(x, (2,)), [any_real]),
    "and": (lax.bitwise_and, [boolean, boolean]),
    "or": (lax.bitwise_or, [boolean, boolean]),
    "not": (lax.bitwise_not, [boolean]),
    "shift": (lax.shift_left, [integer, integer]),
}


def bounds(f: Callable[..., Any], inputs: Sequence[Bounded]) -> list[Bounded]:
    """What the rules say of f."""
    closed = jax.make_jaxpr(f)(*(x.value for x in inputs))
    return interpret(closed.jaxpr, closed.consts, inputs, Bounding(FMT))


def moved(x: Bounded, rng: np.random.Generator) -> np.ndarray:
    """`MOVES` values within the error, the ends of the interval first."""
    value = np.asarray(x.value)
    if x.error is None:
        return np.broadcast_to(value, (MOVES, *value.shape))
    ways = rng.choice([-1.0, 0.0, 1.0], (MOVES, *value.shape))
    ways[:2] = np.array([-1.0, 1.0]).reshape(2, *[1] * value.ndim)
    ways[MOVES // 2 :] *= rng.random((MOVES - MOVES // 2, *value.shape))
    if value.dtype == bool:
        return value ^ (np.asarray(x.error) & (ways > 0))
    if value.dtype.kind == "i":
        return value + np.asarray(x.error) * (ways > 0)
    error = np.asarray(x.error)
    found = value + ways * error
    return np.where(np.abs(found - value) <= error, found, value)


def compare(told: Bounded, result: Any) -> None:
    """All of the results within the error told of the value."""
    value, found = np.asarray(told.value), np.asarray(result)
    if told.error is None:
        assert np.all((found == value) | (np.isnan(found) & np.isnan(value)))
        return
    error = np.asarray(told.error)
    assert error.shape == value.shape
    assert error.dtype == (value.dtype if value.dtype == float else bool)
    if error.dtype == bool:
        assert np.all((found == value) | error)
        return
    with np.errstate(all="ignore"):
        apart = np.where(found == value, 0.0, np.abs(found - value))
        inside = (apart <= error * (1 + 1e-9)) | ~np.isfinite(error)
    assert np.all(inside), (found[~inside], np.broadcast_to(value, found.shape)[~inside])


@functools.cache
def answers() -> dict[str, list[tuple[Bounded, Any]]]:
    """Of every case what the rules say, and what comes of inputs that were moved.

    One program, because each costs as much to compile as it takes to run them all.
    """
    drawn: dict[str, Any] = {}
    for place, (name, (_, draws)) in enumerate(CASES.items()):
        rng = np.random.default_rng(place)
        several = [[draw(rng) for draw in draws] for _ in range(SEEDS)]
        inputs = jax.tree.map(lambda *xs: np.stack([np.asarray(x) for x in xs]), *several)
        ways = [np.stack([moved(seed[i], rng) for seed in several]) for i in range(len(draws))]
        drawn[name] = inputs, ways

    def run(drawn: dict[str, Any]) -> dict[str, Any]:
        return {
            name: (jax.vmap(functools.partial(bounds, CASES[name][0]))(inputs), results)
            for name, (inputs, ways) in drawn.items()
            for results in [jax.tree.leaves(jax.vmap(jax.vmap(CASES[name][0]))(*ways))]
        }

    with jax.enable_x64(True):
        program = jax.jit(run, compiler_options=QUICKLY)
        told = jax.tree.map(np.asarray, program(drawn))
    return {name: list(zip(*both, strict=True)) for name, both in told.items()}


@pytest.fixture(autouse=True)
def in_float64() -> Any:
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("name", CASES)
def test_results_stay_within_what_the_rule_says(name: str) -> None:
    for told, results in answers()[name]:
        for seed in range(SEEDS):
            compare(jax.tree.map(lambda a, seed=seed: a[seed], told), results[seed])


def test_sharp_where_it_matters() -> None:
    """A rule that always said infinite would be sound as well."""
    value = jnp.asarray(np.random.default_rng(0).uniform(0.3, 0.7, SHAPE))

    def run() -> dict[str, list[Bounded]]:
        return {
            name: bounds(f, [Bounded(value + i, jnp.full(SHAPE, 1e-9)) for i in range(len(draws))])
            for name, (f, draws) in CASES.items()
            if not {*draws} - {any_real, positive, unit, close} and "convert" not in name
        }

    sharp = jax.jit(run, compiler_options=QUICKLY)()
    for name, told in sharp.items():
        for x in told:
            if x.value.dtype == float and x.error is not None:
                assert float(jnp.max(x.error)) < (1e-2 if "precision" in name else 1e-6), name


def test_every_rule_is_tried() -> None:
    tried: set[str] = set()
    for f, draws in CASES.values():
        values = [draw(np.random.default_rng(0)).value for draw in draws]
        tried |= names(jax.make_jaxpr(f)(*values).jaxpr)
    # Without a function of JAX's that makes them, or of some of its versions only.
    seldom = {"add_any", "copy", "copy_p", "device_put", "expand_dims", "name", "stack"}
    seldom |= {"optimization_barrier", "sharding_constraint", "stop_gradient", "one_minus_square"}
    seldom |= {
        "lt_to",
        "le_to",
        "eq_to",
        "scatter_add",
        "bitcast_convert_type",
        "reduce_xor",
        "xor",
    }
    seldom |= {"slice", "squeeze", "iota"}  # tried by others
    assert (set(RULES) | set(DISCRETE_RULES)) - tried - seldom == set()


def names(jaxpr: Any) -> set[str]:
    found = {eqn.primitive.name for eqn in jaxpr.eqns}
    for eqn in jaxpr.eqns:
        if eqn.primitive.name in STRUCTURE:
            for inner in eqn.params.values():
                found |= names(inner.jaxpr) if hasattr(inner, "jaxpr") else set()
    return found


def test_one_minus_square() -> None:
    if not hasattr(lax, "one_minus_square"):
        pytest.skip("this JAX has no such primitive")
    rng = np.random.default_rng(0)
    x = any_real(rng)
    compare(bounds(lax.one_minus_square, [x])[0], lax.one_minus_square(moved(x, rng)))


def test_a_product_of_many_keeps_errors_below_half_an_ulp() -> None:
    # 1 + e is 1 in float64: products of x + e and of x would not differ.
    x = Bounded(jnp.ones(200), jnp.full(200, 2.0**-55))
    eqn = jax.make_jaxpr(jnp.prod)(x.value).eqns[-1]
    told = RULES["reduce_prod"](eqn, [x], FMT)
    assert isinstance(told, Moved)
    assert told.propagated is not None
    assert float(told.propagated) >= 200 * 2.0**-55


def test_a_boolean_is_unsure_where_zero_lies_within_the_error() -> None:
    x = Bounded(jnp.asarray([1.0, 1.0, 0.0, 0.0]), jnp.asarray([2.0, 0.5, 1e-9, 0.0]))
    told = bounds(lambda x: x.astype(bool), [x])[0]
    np.testing.assert_array_equal(told.error, [True, False, True, False])


def test_a_function_by_bits_is_bounded_as_its_formula() -> None:
    # The derivative of erf; in JAX 0.12 it takes x apart into leading bits and rest.
    f = jax.grad(lambda x: lax.erf(3.0 * x).sum())
    told = bounds(f, [Bounded(jnp.asarray([0.3, -1.0]), jnp.full(2, 1e-12))])[0]
    assert told.error is not None
    assert np.all(np.asarray(told.error) < 1e-10)


def test_bits_of_uncertain_numbers_are_refused() -> None:
    x = Bounded(jnp.ones(3), jnp.full(3, 1e-9))
    with pytest.raises(NotImplementedError, match="bitcast_convert_type"):
        bounds(lambda x: lax.bitcast_convert_type(x, jnp.int64), [x])
