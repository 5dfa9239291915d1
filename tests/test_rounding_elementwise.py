from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from backproof.error_bounds import error_bound
from rounding_help import assert_within


@pytest.mark.parametrize("divisor", [3e38, 2e38, 8.6e37, 1e37, 3.0, 1e-37])
@settings(max_examples=10, deadline=None)
@given(x=st.floats(2.0**-100, 2.0**127, width=32))
def test_division_by_a_constant_is_bounded_as_by_its_reciprocal(divisor: float, x: float) -> None:
    def f(x: Any) -> Any:
        return x / divisor

    value, bound = error_bound(f)(np.float32(x))
    assert_within(jax.jit(f)(jnp.float32(x)), value, bound)
    with np.errstate(all="ignore"):
        assert_within(np.float32(x) * np.float32(1.0 / divisor), value, bound)


def test_only_reciprocals_that_are_no_normal_numbers_may_vanish() -> None:
    bound = error_bound(lambda x: x / 8e37)(np.float32(1e38))[1]
    assert bound < 1e-6


@settings(max_examples=30, deadline=None)
@given(x=st.floats(-(2.0**20), 2.0**20, width=32))
def test_a_reduced_precision_overflows_where_its_own_range_ends(x: float) -> None:
    def f(x: Any) -> Any:
        return lax.reduce_precision(x, 5, 10)

    value, bound = error_bound(f)(np.float32(x))
    assert_within(f(jnp.float32(x)), value, bound)
    assert np.isfinite(bound) or abs(x) > 65000.0


def test_a_reduced_precision_of_a_large_number_is_infinite() -> None:
    value, bound = error_bound(lambda x: lax.reduce_precision(x, 5, 10))(np.float32([7e4, 6e4]))
    np.testing.assert_array_equal(value, np.float32([7e4, 6e4]))
    assert np.isinf(bound[0])
    assert bound[1] < 30.0


def test_a_remainder_of_what_may_overflow_or_by_what_may_be_zero_is_unknown() -> None:
    for f in (lambda x: (x * 1e30) % 0.7, lambda x: x % (3.0 * x / 3.0 - x)):
        value, bound = error_bound(f)(np.float32([1e9, 0.3]))
        assert_within(f(jnp.float32([1e9, 0.3])), value, bound)
    assert np.isfinite(error_bound(lambda x: (3.0 * x) % 0.7)(np.float32(2.0))[1])
