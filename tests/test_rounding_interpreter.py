from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from backproof.error_bounds import error_bound, rounding_samples
from rounding_help import assert_within, numbers

U32 = 2.0**-24

# --- structure ------------------------------------------------------------------------------------


@jax.custom_vjp
def twisted(x: Any) -> Any:
    return jnp.sin(x) * x


twisted.defvjp(lambda x: (twisted(x), x), lambda x, g: (g * (jnp.cos(x) * x + jnp.sin(x)),))


@jax.custom_jvp
def turned(x: Any) -> Any:
    return jnp.sin(x) * x


turned.defjvp(lambda p, t: (turned(*p), t[0] * (jnp.cos(p[0]) * p[0] + jnp.sin(p[0]))))


def plain(x: Any) -> Any:
    return jnp.sin(x) * x


def thrice(x: Any) -> Any:
    return plain(plain(plain(x)))


STRUCTURES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "jit": (jax.jit(plain), plain),
    "custom_vjp": (twisted, plain),
    "custom_jvp": (turned, plain),
    "grad of custom_vjp": (
        jax.grad(lambda x: twisted(x).sum()),
        jax.grad(lambda x: plain(x).sum()),
    ),
    "checkpoint": (
        jax.grad(lambda x: jax.checkpoint(thrice)(x).sum()),
        jax.grad(lambda x: thrice(x).sum()),
    ),
    "fori_loop": (lambda x: lax.fori_loop(0, 3, lambda _, c: plain(c), x), thrice),
    "while": (
        lambda x: lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, plain(s[1])), (0, x))[1],
        thrice,
    ),
    "scan": (lambda x: lax.scan(lambda c, _: (plain(c), None), x, None, length=3)[0], thrice),
    "cond": (lambda x: lax.cond(x[0, 0] > -1e9, thrice, plain, x), thrice),
    "switch": (lambda x: lax.switch(1, [plain, thrice, plain], x), thrice),
    "vmap": (jax.vmap(jax.vmap(thrice)), thrice),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_structure_changes_no_bound(name: str) -> None:
    structured, inlined = STRUCTURES[name]
    x = numbers(7, decades=1.0)
    value, bound = error_bound(structured)(x)
    expected, expected_bound = error_bound(inlined)(x)
    np.testing.assert_allclose(value, expected, rtol=1e-13)
    # The derivatives written by hand add the same terms in another order.
    np.testing.assert_allclose(bound, expected_bound, rtol=0.5 if "grad" in name else 1e-6)
    assert np.all(bound > 0.0)


def test_carries_of_booleans_and_integers() -> None:
    def f(x: Any) -> Any:
        def step(state: Any, row: Any) -> Any:
            seen, count, total = state
            hit = jnp.sum(row * row) > 1.0
            total = jnp.where(hit, total + row[0], total)
            return (seen | hit, count + hit.astype(jnp.int32), total), hit

        return lax.scan(step, (False, 0, 0.0), x)

    x = np.array([[1.0 / 3.0] * 9, [2.0] * 9], np.float32)
    (values, hits), (bounds, unsure) = error_bound(f)(x)
    assert list(unsure) == [True, False]
    assert bounds[1]  # the count is unsure
    assert values[0]
    assert hits[1]
    assert bounds[2] >= 0.33


def test_an_unsure_loop_leaves_nothing_known() -> None:
    def f(x: Any) -> Any:
        return lax.while_loop(lambda s: s > 1.0, lambda s: s / 3.0, x * 3.0)

    assert np.isinf(error_bound(f)(np.float32(1.0 / 3.0 * 27.0 / 3.0))[1])
    assert np.isfinite(error_bound(f)(np.float32(7.0))[1])


def test_an_unsure_branch_allows_either() -> None:
    def f(x: Any) -> Any:
        return lax.cond(x * 3.0 > 1.0, lambda: 5.0 + x, lambda: x)

    assert error_bound(f)(np.float32(1.0 / 3.0))[1] >= 5.0
    assert error_bound(f)(np.float32(1.0))[1] < 1e-5


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31 - 2))
def test_entries_of_a_batch_of_loops_stop_by_themselves(seed: int) -> None:
    def f(x: Any, y: Any) -> Any:
        def go_on(state: Any) -> Any:
            return state[0] < 10.0

        def step(state: Any) -> Any:
            s, v, n = state
            return s * 1.7, v / 3.0 + x, n + 1

        return lax.while_loop(go_on, step, (x, y, 0))

    batch = jax.vmap(jax.vmap(f, in_axes=(0, None)))
    x = np.random.default_rng(seed).uniform(0.1, 12.0, (2, 3)).astype(np.float32)
    y = numbers(seed, (2, 4), 1.0)
    values, bounds = error_bound(batch)(x, y)
    for actual, value, bound in zip(batch(x, y), values, bounds, strict=True):
        assert_within(actual, value, np.where(bound, np.inf, 0.0) if bound.dtype == bool else bound)
    alone = error_bound(f)
    for place in np.ndindex(x.shape):
        for both, one in zip((values, bounds), alone(x[place], y[place[0]]), strict=True):
            for whole, part in zip(both, one, strict=True):
                np.testing.assert_allclose(whole[place], part, rtol=1e-6)


def test_only_the_unsure_loop_of_a_batch_leaves_nothing_known() -> None:
    loop = jax.vmap(lambda x: lax.while_loop(lambda s: s > 1.0, lambda s: s / 3.0, x * 3.0))
    x = np.float32([1.0 / 3.0 * 27.0 / 3.0, 7.0])
    np.testing.assert_array_equal(np.isinf(error_bound(loop)(x)[1]), [True, False])
    assert rounding_samples(loop, samples=5)(x).shape == (5, 2)


# --- types ----------------------------------------------------------------------------------------


def counted(x: Any) -> Any:
    return x * jnp.sum(jnp.full(5, 2**30))


TYPED: dict[str, Callable[[Any], Any]] = {
    "eps of the type": lambda x: jnp.log(jnp.maximum(x * x, jnp.finfo(x.dtype).eps)),
    "branch on the type": lambda x: x + (1.0 if x.dtype == jnp.float32 else 2.0),
    "masked with the smallest": lambda x: jax.nn.softmax(
        jnp.where(x > 0, x, jnp.finfo(x.dtype).min)
    ),
    "carry of a type": lambda x: lax.scan(
        lambda c, r: (c + jnp.sum(r), c), jnp.zeros((), jnp.float32), x
    ),
    "type of an intermediate": lambda x: jnp.ones(3, x.dtype) + 0.1 * x,
    "scattered": lambda x: jnp.zeros(4).at[jnp.array([0, 2, 2])].add(x[0] * 3.0),
    "set": lambda x: (x / 3.0).at[jnp.array([0, 2])].set(0.1),
    "sum of integers": counted,
    "product of integers": lambda x: x * jnp.prod(jnp.arange(1, 15)),
    "int8": lambda x: x * (jnp.full((), 100, jnp.int8) + jnp.full((), 100, jnp.int8)),
    "float16": lambda x: (x.astype(jnp.float16) * x.astype(jnp.float16)).astype(jnp.float32),
    "float16 overflowing": lambda x: ((x * 100.0).astype(jnp.float16) ** 3).astype(jnp.float32),
    "float16 underflowing": lambda x: ((x * 1e-3).astype(jnp.float16) ** 3).astype(jnp.float32),
    "bfloat16 and float16": lambda x: x.astype(jnp.bfloat16) + 0.1 * x.astype(jnp.float16),
    "constant of float16": lambda x: x + 0.1 * jnp.ones((), jnp.float16),
    "exp in bfloat16": lambda x: jnp.exp(x.astype(jnp.bfloat16)),
    "sum in float16": lambda x: jnp.sum(x, axis=0, dtype=jnp.float16),
    "mean in bfloat16": lambda x: jnp.mean(x, axis=1, dtype=jnp.bfloat16),
    "product in bfloat16": lambda x: lax.dot(x, x, preferred_element_type=jnp.bfloat16),
    "product of bfloat16": lambda x: x.astype(jnp.bfloat16) @ x.T.astype(jnp.bfloat16),
}
BOUNDS = {name: error_bound(f) for name, f in TYPED.items()}


@pytest.mark.parametrize("name", TYPED)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**31 - 2))
def test_types_inside_count_as_they_are_when_it_runs(name: str, seed: int) -> None:
    x = numbers(seed, decades=1.0)
    values, bounds = BOUNDS[name](x)
    for run in (TYPED[name], jax.jit(TYPED[name])):
        jax.tree.map(assert_within, jax.tree.map(as_float64, run(jnp.asarray(x))), values, bounds)


def as_float64(x: Any) -> Any:
    return np.asarray(x).astype(np.float64)


def test_integers_that_are_given_have_the_type_they_have_when_it_runs() -> None:
    def f(i: Any, x: Any) -> Any:
        return jnp.sum(i) * x

    i, x = np.full(5, 2**30), np.float32([1.0, 0.3])
    assert_within(f(i, jnp.asarray(x)), *error_bound(f)(i, x))
    assert error_bound(f, "float64")(i, x)[0][0] == 5.0 * 2.0**30


def test_float32_inside_float64_rounds_as_float32() -> None:
    def f(x: Any) -> Any:
        return (x.astype(jnp.float32) / 3).astype(jnp.float64)

    value, bound = error_bound(f, "float64")(np.array([1.0, 2.0]))
    with jax.enable_x64(True):
        assert_within(f(jnp.array([1.0, 2.0])), value, bound)
    assert np.all(bound < 4 * U32)


def test_numbers_are_as_written_and_not_as_their_type_rounds_them() -> None:
    scale = np.array([0.1, 0.7])

    def f(x: Any) -> Any:
        return 0.1 * x + lax.cond(x[0] > 0.0, lambda y: scale * y, lambda y: y, x)

    for precision in ("bfloat16", "float16", "float32", "float64"):
        value, bound = error_bound(f, precision)(np.array([1.0, 2.0]))
        np.testing.assert_allclose(value, [0.2, 1.6], rtol=1e-15)
        assert np.all(bound > 0.0)


def test_a_wider_type_rounds_nothing() -> None:
    value, bound = error_bound(lambda x: x.astype(jnp.float32), "bfloat16")(np.float32([0.75]))
    assert (value, bound) == (0.75, 0.0)


# --- what is refused ------------------------------------------------------------------------------

KEY = jax.random.key(0)
DRAWING: dict[str, Callable[[Any], Any]] = {
    "uniform": lambda x: x * jax.random.uniform(KEY, x.shape),
    "dropout": lambda x: jnp.where(jax.random.bernoulli(KEY, 0.5, x.shape), x, 0.0),
    "key inside": lambda x: x * jax.random.normal(jax.random.key(1), x.shape),
    "raw key": lambda x: x * jax.random.uniform(jax.random.PRNGKey(1), x.shape),
    "permutation": lambda x: jax.random.permutation(KEY, x),
    "randint": lambda x: x[jax.random.randint(KEY, (3,), 0, 3)],
    "categorical": lambda x: jax.random.categorical(KEY, x),
    "gamma": lambda x: x * jax.random.gamma(KEY, 2.0),
}


@pytest.mark.parametrize("name", DRAWING)
def test_random_numbers_are_refused_by_name(name: str) -> None:
    f, x = DRAWING[name], np.ones(3, np.float32)
    for ask in (error_bound(f), rounding_samples(f, samples=2)):
        with pytest.raises(NotImplementedError, match=r"'random_\w+' draws.*outside.*pass them in"):
            ask(x)


def test_keys_that_nothing_is_drawn_from_pass_through() -> None:
    def f(key: Any, x: Any) -> Any:
        return lax.scan(lambda key, y: (jax.random.split(key)[0], y / 3.0), key, x)[1]

    x = np.float32([1.0, 2.0])
    assert_within(f(KEY, jnp.asarray(x)), *error_bound(f)(KEY, x))


@pytest.mark.parametrize("target", [jnp.int32, jnp.int8, jnp.float32])
def test_bits_of_an_argument_are_refused_by_name(target: Any) -> None:
    with pytest.raises(NotImplementedError, match="'bitcast_convert_type' takes the bits"):
        error_bound(lambda x: lax.bitcast_convert_type(x, target))(np.float32([3.7, -1e-3]))
