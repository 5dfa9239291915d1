"""Backends are equivalent only where the seeds show it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.comparison.regression import student
from backproof.comparison.seeds import equivalence
from backproof.reading.told import Unreadable


def finals(values: np.ndarray) -> dict[str, float]:
    return {str(i): float(value) for i, value in enumerate(values)}


@given(st.integers(5, 40), st.integers(0, 10_000))
def test_what_is_far_apart_is_never_equivalent(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one = rng.normal(0.5, 0.001, count)
    told = equivalence(("a", "b"), finals(one), finals(one + 0.1), within=0.01)
    assert told.verdict == "different"
    assert told.difference == pytest.approx(-0.1)


def test_the_error_is_that_which_is_said() -> None:
    # At the border itself, two that differ by `within` are called equivalent one time in twenty.
    rng = np.random.default_rng(0)
    trials, wrong = 2000, 0
    for _ in range(trials):
        apart = rng.normal(0.01, 0.005, 8)
        told = equivalence(("a", "b"), finals(apart), finals(np.zeros(8)), within=0.01)
        wrong += told.verdict == "equivalent"
    assert 0.03 < wrong / trials < 0.07


def test_few_noisy_seeds_show_nothing() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(0.5, 0.2, 5), rng.normal(0.5, 0.2, 5)
    told = equivalence(("a", "b"), finals(one), finals(other), within=0.01)
    assert told.verdict == "inconclusive"


def test_a_loss_that_is_lost_on_one_side_is_a_difference() -> None:
    one = finals(np.array([0.5, np.nan, 0.5, 0.5, 0.5]))
    told = equivalence(("a", "b"), one, finals(np.full(5, 0.5)), within=0.01)
    assert told.verdict == "different"


def test_seeds_in_common_are_needed() -> None:
    with pytest.raises(Unreadable, match="2 initial parameters in common"):
        equivalence(("a", "b"), finals(np.zeros(2)), finals(np.zeros(9)), within=0.01)


@pytest.mark.parametrize(
    ("share", "degrees", "known"),
    [(0.975, 10, 2.228139), (0.95, 4, 2.131847), (1 - 1e-7, 30, 6.701400)],
)
def test_quantiles_are_those_of_the_tables(share: float, degrees: float, known: float) -> None:
    assert student(share, degrees) == pytest.approx(known, rel=0.01)
