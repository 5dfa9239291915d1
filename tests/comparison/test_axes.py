"""Every number has its place on an axis, and ticks say where they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backproof.comparison.axes import even, is_wide, logarithmic, short, steps
from backproof.comparison.plots import thinned

LISTS = st.lists(st.floats() | st.floats(0.5, 2.0) | st.just(0.0), max_size=8)


def holds(axis, values):
    with np.errstate(over="ignore"):
        shares = axis.at(values)
    finite = np.isfinite(values)
    assert np.isfinite(shares[finite]).all()
    assert ((shares[finite] >= 0.0) & (shares[finite] <= 1.0)).all()
    in_order = np.argsort(np.asarray(values)[finite], kind="stable")
    assert (np.diff(shares[finite][in_order]) >= 0.0).all()
    places = [share for share, _ in axis.ticks]
    assert places == sorted(places)
    assert all(-1e-9 <= place <= 1.0 + 1e-9 for place in places)
    labels = [label for _, label in axis.ticks]
    assert len(set(labels)) == len(labels)
    assert 2 <= len(labels) <= 16
    assert max(map(len, labels)) <= 12


@given(LISTS)
@example([0.0, 5e-324])
@example([-2.4607869800806285e-165])
@example([-1e308, 1e308, np.inf])
def test_an_even_axis_holds_all_finite_numbers(values):
    holds(even("loss", values), values)


@given(LISTS)
def test_a_logarithmic_axis_holds_them_too_with_zero_at_its_beginning(values):
    axis = logarithmic("loss", values, [0.5, 2.0])
    holds(axis, values)
    assert (axis.ticks[0] == (0.0, "0")) == any(value <= 0.0 for value in values)


@given(st.integers(0, 10**9 - 1), st.booleans())
def test_steps_are_counted_from_0_to_the_last(last, logarithm):
    axis = steps(last, logarithm=logarithm)
    holds(axis, np.array([0, last // 2, last], np.float64))
    assert axis.ticks[0] == (0.0, "0")


@given(st.lists(st.floats(1e-6, 1e6), min_size=1))
def test_a_tick_stands_where_its_number_does(values):
    for axis in (even("y", values), logarithmic("y", values)):
        for share, label in axis.ticks:
            number = float(label.replace(",", ""))
            assert float(axis.at(number)) == pytest.approx(share, abs=2e-3)


def test_what_spans_more_than_ten_to_one_is_wide():
    assert is_wide([0.01, 1.0, np.inf])
    assert not is_wide([0.5, 1.0])
    assert not is_wide([0.0, 1.0])
    assert not is_wide([])


@pytest.mark.parametrize(
    ("number", "text"),
    [(1.9e-06, "1.9e-6"), (0.0, "0"), (0.25, "0.25"), (1e300, "1e300"), (np.inf, "infinite"),
     (-np.inf, "-infinite"), (np.nan, "not a number")],
)  # fmt: skip
def test_numbers_are_short(number, text):
    assert short(number) == text


@given(st.lists(st.floats(), max_size=60))
def test_thinning_keeps_the_ends_the_extremes_and_the_first_that_is_not_finite(values):
    y, columns = np.array(values, np.float64), 5
    kept = thinned(np.linspace(0.0, 1.0, len(y)), y, columns)
    assert len(kept) <= 5 * (columns + 1)
    assert not len(y) or {0, len(y) - 1} <= set(kept.tolist())
    finite = np.isfinite(y)
    if finite.any():
        assert y[kept][np.isfinite(y[kept])].min() == y[finite].min()
        assert y[kept][np.isfinite(y[kept])].max() == y[finite].max()
    if not finite.all():
        assert int(np.argmin(finite)) in kept
