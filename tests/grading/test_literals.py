import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backproof.grading.literals import assignment


def pasted(text):
    names = {}
    exec(text, {"np": np}, names)
    return names["X"]


NUMBERS = st.floats() | st.integers(-(10**9), 10**9) | st.none()
ANYTHING = st.recursive(
    NUMBERS | st.booleans() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


def of_json(value):
    return value.tolist() if isinstance(value, np.ndarray) else value


@given(hnp.arrays(np.float64, hnp.array_shapes(max_dims=4, max_side=4)))
def test_arrays_come_back_to_the_last_digit(array):
    np.testing.assert_array_equal(pasted(assignment("X", array.tolist())), array)


@given(ANYTHING)
def test_whatever_json_holds_can_be_pasted(value):
    expected, found = [], []
    leaves(value, expected)
    leaves(pasted(assignment("X", value)), found)
    assert list(map(repr, found)) == list(map(repr, expected))


def leaves(value, into):
    value = of_json(value)
    if isinstance(value, dict):
        for key, one in value.items():
            into.append(key)
            leaves(one, into)
    elif isinstance(value, list):
        for one in value:
            leaves(one, into)
    else:
        into.append(float("nan") if value is None else number(value))


def number(value):  # an array of booleans and numbers is one of numbers
    return float(value) if isinstance(value, bool | int | float) else value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([[1.0, 2.0], [3.0, None]], "X = np.array([[1.0, 2.0],\n              [3.0, np.nan]])"),
        ([], "X = np.array([])"),
        ([[], []], "X = np.array([[],\n              []])"),
        (0.1, "X = 0.1"),
        ([math.inf, -math.inf, math.nan], "X = np.array([np.inf, -np.inf, np.nan])"),
        ("a\nb", r"X = 'a\nb'"),
        ({"W1": [[1, 2], [3, 4]]},
         "X = {\n    'W1': np.array([[1, 2],\n                    [3, 4]]),\n}"),
        ([[1.0], [1.0, 2.0]], "X = [\n    np.array([1.0]),\n    np.array([1.0, 2.0]),\n]"),
    ],
)  # fmt: skip
def test_it_reads_like_numpy(value, text):
    assert assignment("X", value) == text
