from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backproof.verdict import distances, is_telling, margin, margins, worst

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)


@given(NUMBERS, st.floats(1e-12, 1e3), st.floats(0.0, 1e3))
def test_the_margin_counts_bounds(truth: float, bound: float, bounds_apart: float) -> None:
    answer = np.array([truth + bounds_apart * bound])
    expected = abs(float(answer[0]) - truth) / bound
    assert margin(answer, np.array([truth]), np.array([bound])) == pytest.approx(expected)


def test_the_worst_entry_counts() -> None:
    truth, bound = np.zeros((2, 2)), np.ones((2, 2))
    answer = np.array([[0.0, 1.0], [-3.0, 2.0]])
    assert margin(answer, truth, bound) == 3.0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_has_no_margin(value: float) -> None:
    assert np.isnan(margin(np.array([0.0, value]), np.zeros(2), np.ones(2)))


def test_where_nothing_is_known_anything_goes() -> None:
    answer = np.array([1e300, np.nan])
    assert margin(answer, np.zeros(2), np.full(2, np.inf)) == 0.0


def test_equal_without_a_bound_is_no_distance_and_unequal_is_infinite() -> None:
    ratio = distances(np.array([1.0, 2.0]), np.array([1.0, 1.0]), np.zeros(2))
    assert ratio.tolist() == [0.0, np.inf]


def test_a_wide_bound_tells_nothing() -> None:
    assert is_telling(np.array([1.0]), np.array([1e-9]))
    assert not is_telling(np.array([1.0]), np.array([0.5]))
    assert not is_telling(np.array([0.0]), np.array([0.0]))


def test_the_whole_is_as_bad_as_its_worst_part() -> None:
    assert worst(["right", "undecided", "wrong"]) == "wrong"
    assert worst(["right", "undecided", "right"]) == "undecided"
    assert worst(["right"]) == "right"
    assert worst([]) == "unread"


_NUMBERS = st.sampled_from([0.0, -0.0, 1.0, -2.5, 1e300, 5e-324, np.inf, -np.inf, np.nan])


@given(
    st.lists(
        hnp.array_shapes(min_dims=0, max_dims=2, max_side=3).flatmap(
            lambda shape: st.tuples(*(hnp.arrays(np.float64, shape, elements=_NUMBERS),) * 3)
        ),
        max_size=6,
    )
)
def test_margins_at_once_are_those_one_by_one(
    several: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
) -> None:
    several = [(answer, truth, np.abs(bound)) for answer, truth, bound in several]
    answers, truths, bounds = ([one[i] for one in several] for i in range(3))
    found = margins(answers, truths, bounds)
    np.testing.assert_array_equal(found, [margin(*one) for one in several])
