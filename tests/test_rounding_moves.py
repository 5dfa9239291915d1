from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from backproof.error_bounds import error_bound
from rounding_help import assert_within

COUNT = 40
seeds = st.integers(0, 2**31 - 2)


def noisy(x: Any) -> Any:
    """x with an error about as large as the gaps between sorted numbers."""
    return (x * 1.1 + 1e6) - 1e6


def sorted_by_both(first: Any, second: Any) -> Any:
    places = jnp.arange(COUNT)
    return lax.sort((first, noisy(second), second, places), num_keys=2)


def lexsorted(first: Any, second: Any) -> Any:
    return second[jnp.lexsort((noisy(second), first))]


bounds = {f: error_bound(f) for f in (sorted_by_both, lexsorted)}


@pytest.mark.parametrize("f", bounds)
@settings(max_examples=15, deadline=None)
@given(seed=seeds, ties=st.sampled_from([1, 3, 10**6]))
def test_sorting_by_several_keys_stays_within_its_bound(f: Any, seed: int, ties: int) -> None:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, ties, COUNT).astype(np.float32)
    second = rng.standard_normal(COUNT).astype(np.float32)
    value, bound = bounds[f](first, second)
    found = f(jnp.asarray(first), jnp.asarray(second))
    if f is lexsorted:
        assert_within(found, value, bound)
        return
    for actual, told, room in zip(found, value, bound, strict=True):
        # Integers are bounded by whether they could be others.
        assert_within(actual, told, np.where(room, np.inf, 0.0) if room.dtype == bool else room)


def test_a_second_key_counts_only_where_the_first_is_the_same() -> None:
    first, second = np.float32([3, 1, 2]), np.float32([0.1, 0.1, 0.1])
    for keys in ((first, second), (np.float32([1, 1, 2]), np.float32([0.1, 5.0, 0.1]))):
        value, bound = error_bound(lambda a, b: lax.sort((a, b * 3.0, a), num_keys=2)[2])(*keys)
        np.testing.assert_array_equal(value, np.sort(keys[0]))
        assert np.all(bound == 0.0)


def test_equal_keys_may_stand_in_any_order_if_the_sort_is_not_stable() -> None:
    def f(x: Any) -> Any:
        return lax.sort((jnp.floor(x), 3.0 * x), is_stable=False, num_keys=1)[1]

    assert np.all(np.isinf(error_bound(f)(np.float32([1.1, 1.2, 1.3]))[1]))
