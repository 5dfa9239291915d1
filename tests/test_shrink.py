"""The smallest case: still wrong, never larger, and one that a model can have."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof import strategies
from backproof.cases import Case
from backproof.notation import MODELS, Model
from backproof.shrink import digits, shrink


def everything(cases: Sequence[Case]) -> list[bool]:
    return [True] * len(cases)


def with_examples(at_least: int) -> Callable[[Sequence[Case]], list[bool]]:
    return lambda cases: [case.arrays["x"].shape[1] >= at_least for case in cases]


def with_a_large(tensor: str) -> Callable[[Sequence[Case]], list[bool]]:
    return lambda cases: [bool(np.max(np.abs(case.arrays[tensor])) > 5.0) for case in cases]


@given(strategies.cases("mlp_softmax", largest=6), st.sampled_from([1, 2]))
@settings(max_examples=15)
def test_it_stays_wrong_and_a_case_of_the_model(case: Case, examples: int) -> None:
    model, still_wrong = MODELS["mlp_softmax"], with_examples(examples)
    if not still_wrong([case])[0]:
        return
    small = shrink(model, case, still_wrong)
    assert still_wrong([small]) == [True]
    assert small.numbers() <= case.numbers()
    assert np.all(small.arrays["y"].sum(axis=0) == 1.0)
    for array in small.arrays.values():
        assert np.all(array == array.astype(np.float32))


@pytest.mark.parametrize("name", ["linear_regression", "logistic_regression", "mlp"])
def test_what_every_case_shows_shrinks_to_one_of_everything(name: str) -> None:
    model: Model = MODELS[name]

    @given(strategies.cases(model, largest=8))
    @settings(max_examples=5)
    def shrinks(case: Case) -> None:
        small = shrink(model, case, everything)
        assert all(array.size == 1 for array in small.arrays.values())
        assert all(np.all(array == 0.0) for array in small.arrays.values())

    shrinks()


def test_what_takes_a_large_number_keeps_one_short_number() -> None:
    model = MODELS["linear_regression"]
    arrays = {
        "w": np.array([[1.25, 7.103515625]]),
        "b": np.array([[0.5]]),
        "x": np.array([[0.3125, -1.0], [2.0, 0.25]]),
        "y": np.array([[1.0, 2.0]]),
    }
    small = shrink(model, Case(arrays, "mild"), with_a_large("w"))
    assert small.arrays["w"].shape == (1, 1)
    assert digits(float(small.arrays["w"][0, 0])) == 1


def test_digits_are_what_one_has_to_write() -> None:
    assert [digits(v) for v in (0.0, 1.0, -1.0, 0.5, 12.0, 1.25)] == [0, 1, 2, 2, 2, 3]
