from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from backproof import cases, witnesses
from backproof.error_bounds import bounded, error_bound
from backproof.notation import MODELS
from backproof.rounding_rules import Format
from rounding_help import assert_within, numbers

U32 = 2.0**-24

# --- sums -----------------------------------------------------------------------------------------


def sums(x: np.ndarray) -> dict[str, np.floating]:
    """The same sum of float32 numbers in several orders."""

    def serial(values: Any) -> Any:
        total = np.float32(0)
        for value in values:
            total = np.float32(total + value)
        return total

    half = x
    while len(half) > 1:
        half = np.append(half, np.zeros(len(half) % 2, np.float32))
        half = half[::2] + half[1::2]
    return {
        "serial": serial(x),
        "reversed": serial(x[::-1]),
        "permuted": serial(np.random.default_rng(0).permutation(x)),
        "ascending": serial(x[np.argsort(np.abs(x))]),
        "pairwise": half[0],
        "numpy": np.sum(x),
        "jax": np.asarray(jnp.sum(x)),
    }


@pytest.mark.parametrize("seed", range(5))
def test_sums_in_any_order_stay_within_k_u(seed: int) -> None:
    x = numbers(seed, (500,), decades=2.0)
    value, bound = error_bound(jnp.sum)(x)
    for order, total in sums(x).items():
        assert_within(total, value, bound, order)
    k = np.count_nonzero(x)
    assert bound <= 1.01 * k * U32 * np.sum(np.abs(x.astype(np.float64)))


def test_a_serial_sum_that_rounds_down_every_time_needs_k_u() -> None:
    # 1 + u + u + ...: each step ties to even and is lost, (k - 1) u in all.
    x = np.full(1000, U32, np.float32)
    x[0] = 1.0
    value, bound = error_bound(jnp.sum)(x)
    lost = value - sums(x)["serial"]
    assert lost == 999 * U32
    assert lost <= bound < 1.2 * lost
    value, bound = error_bound(jnp.dot)(x, np.ones(1000, np.float32))
    assert value - sums(x)["serial"] <= bound


def test_zeros_around_change_no_bound() -> None:
    x, w = numbers(0, (3, 4)), numbers(1, (2, 3))
    f = jax.grad(lambda w, x: jnp.sum(jnp.tanh(w @ x) ** 2))
    _, bound = error_bound(f)(w, x)
    wide = error_bound(f)(np.pad(w, ((0, 5), (0, 6))), np.pad(x, ((0, 6), (0, 7))))[1]
    np.testing.assert_allclose(wide[:2, :3], bound, rtol=1e-9, atol=1e-30)


@pytest.mark.parametrize("name", ["mlp", "softmax_regression"])
def test_a_bucket_changes_no_bound(name: str) -> None:
    model = MODELS[name]
    small = cases.of_sizes(model, {"d": 3, "h": 2, "k": 4, "n": 5}, "mild", seed=1)
    large = cases.of_sizes(model, {"d": 20, "h": 2, "k": 4, "n": 5}, "mild", seed=1)
    # Features that are zero change no gradient of the others, but they need a larger bucket.
    weight = next(iter(model.parameters))
    for tensor, array in small.arrays.items():
        large.arrays[tensor] = array
    large.arrays[weight] = np.pad(small.arrays[weight], ((0, 0), (0, 17)))
    large.arrays["x"] = np.pad(small.arrays["x"], ((0, 17), (0, 0)))
    told = [witnesses.truths(model, [case], "tanh", "float32")[0] for case in (small, large)]
    for tensor, bound in told[0].bounds.items():
        here = tuple(slice(size) for size in bound.shape)
        np.testing.assert_allclose(told[1].bounds[tensor][here], bound, rtol=1e-6, atol=1e-30)


# --- the edges of the format ----------------------------------------------------------------------


def test_underflow_has_an_absolute_bound() -> None:
    x = np.array([1e-30, -3e-25, 1e-10], np.float32)
    value, bound = error_bound(jnp.square)(x)
    assert_within(x * x, value, bound)
    assert np.all(bound >= [1e-60, 9e-50, 0.0])
    value, bound = error_bound(lambda x: jnp.exp(x) * 1e30)(np.float32(-100.0))
    assert_within(np.float32(0.0) * np.float32(1e30), value, bound)


def test_overflow_leaves_nothing_known() -> None:
    x = np.array([3e20, 1.0], np.float32)
    _, bound = error_bound(lambda x: 1e30 * (1e-10 / (x * x)))(x)
    assert np.isinf(bound[0])
    assert np.isfinite(bound[1])
    assert np.isfinite(error_bound(lambda x: x * x, "float64")(x)[1]).all()


def test_overflow_inside_a_sum_leaves_nothing_known() -> None:
    x = np.array([3e38, 3e38, -3e38, -3e38], np.float32)
    assert np.isinf(error_bound(jnp.sum)(x)[1])
    assert np.isinf(error_bound(jnp.dot)(x, np.ones(4, np.float32))[1])


def test_what_may_be_nan_has_no_bound() -> None:
    # 3 x - 1 is 0 up to rounding: 0 / 0 cannot be ruled out.
    assert np.isinf(error_bound(lambda x: 0.0 * (1.0 / (3.0 * x - 1.0)))(np.float32(1 / 3))[1])
    assert np.isinf(error_bound(jnp.log)(np.float32(-1.0))[1])


def test_a_constant_is_rounded_to_the_precision() -> None:
    x = np.float32(0.1)
    value, bound = error_bound(lambda x: x - 0.1)(x)
    assert value != 0.0
    assert_within(x - np.float32(0.1), value, bound)
    _, halved = error_bound(lambda x: x - 0.5)(np.float32(0.5))
    assert halved < 1e-37


def test_a_constant_is_rounded_under_jit_as_well() -> None:
    def run(u: Any, x: Any) -> Any:
        return bounded(lambda x: (x - 0.1, x - 1e9, x - 0.5), Format(u, 2.0**-126), x)

    with jax.enable_x64(True):
        bounds = jax.jit(run)(U32 + 2.0**-53, np.float64(np.float32(0.1)))[1]
        tenth, large, half = map(float, bounds)
    assert tenth >= 1.4e-9
    assert large < 5 * U32 * 1e9
    assert half < 5 * U32


def test_integers_are_exact() -> None:
    x = np.arange(-6.0, 6.0, dtype=np.float32).reshape(3, 4)
    f = lambda x: jnp.sum((x @ x.T) ** 2 * 3.0 - x.sum()) + jnp.prod(x[:1, :2])  # noqa: E731
    _, bound = error_bound(lambda x: (x @ x.T) * 3.0 - x.sum())(x)
    assert np.all(bound == 0.0)
    assert np.all(error_bound(jax.grad(lambda x: jnp.sum((x @ x.T) ** 2)))(x)[1] == 0.0)
    value, bound = error_bound(f)(x)
    assert_within(f(x), value, bound)
    # Not any longer once they do not fit the significand.
    assert np.all(error_bound(lambda x: x * x)(np.float32(2.0**13 + 1.0))[1] > 0.0)


def test_a_comparison_closer_than_its_error_allows_both_branches() -> None:
    def f(x: Any, y: Any) -> Any:
        return jnp.where(x * y > 1.0, 10.0 * x, -x)

    x = np.array([1.0 / 3.0, 2.0], np.float32)
    y = np.array([3.0, 3.0], np.float32)
    _, bound = error_bound(f)(x, y)
    assert bound[0] >= 11.0 * x[0] * (1 - 1e-6)
    assert bound[1] < 1e-5


def test_x_differs_from_itself_only_where_it_is_nan() -> None:
    x = numbers(3)
    _, bound = error_bound(lambda x: jnp.logaddexp(3.0 * x, x))(x)
    assert np.all(bound <= 1e-5 * (1.0 + np.abs(x)))
