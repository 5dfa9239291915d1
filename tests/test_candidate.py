"""What a candidate should answer, of many cases at once and of one by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.candidate import FACTORS, Candidate
from backproof.cases import draw
from backproof.notation import MODELS
from backproof.reading.call import in_process
from backproof.reading.spec import PENALTIES
from backproof.witnesses import truths
from candidates import spec

_MODEL = MODELS["mlp_softmax"]


@given(
    st.sampled_from(sorted(set(FACTORS) - {"1/n of dW and db"})),
    st.booleans(),
    st.sampled_from((None, *PENALTIES)),
    st.sampled_from((1.0, 1.5)),
    st.integers(0, 3),
)
def test_each_case_of_many_should_be_answered_as_it_should_alone(
    factor, updates, penalty, times, seed
) -> None:
    told = spec("mlp_softmax", "tanh")._replace(
        updates=updates, penalty=penalty, penalised=("W1", "W2"), times=times
    )
    one = Candidate(_MODEL, "tanh", told, in_process(len), factor=factor)
    cases = draw(_MODEL, 12, seed)
    known = truths(_MODEL, cases, "tanh")
    together = one.as_asked(cases, known)
    for case, truth, asked in zip(cases, known, together, strict=True):
        (alone,) = one.as_asked([case], [truth])
        for name, value in asked.values.items():
            np.testing.assert_array_equal(value, one.asked(case, name, truth.values[name]))
            np.testing.assert_array_equal(value, alone.values[name])
            np.testing.assert_array_equal(asked.bounds[name], alone.bounds[name])
            assert value.shape == truth.values[name].shape == asked.bounds[name].shape
            assert (asked.bounds[name] >= 0).all()


@pytest.mark.parametrize("updates", [False, True])
def test_of_no_cases_nothing_is_asked(updates) -> None:
    told = spec("mlp_softmax", "tanh")._replace(updates=updates)
    assert Candidate(_MODEL, "tanh", told, in_process(len), factor="n").as_asked([], []) == []
