"""What steps are of the gradient, where no name tells the rate they are taken with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.candidate import Candidate
from backproof.judge import judge
from backproof.notation import MODELS
from backproof.reading.call import in_process
from candidates import spec

_MODEL = MODELS["softmax_regression"]


def _stepping(rate: float, off: float = 1.0) -> Candidate:
    def step(W, b, x, y):
        z = W @ x + b
        e = np.exp(z - z.max(axis=0))
        dz = (e / e.sum(axis=0) - y) / x.shape[1]
        return W - rate * (dz @ x.T), b - off * rate * dz.sum(axis=1, keepdims=True)

    told = spec("softmax_regression")._replace(updates=True, rate=1.0, rate_unknown=True)
    return Candidate(_MODEL, "identity", told, in_process(step))


@given(st.floats(1e-9, 10.0))
def test_steps_at_any_rate_are_right(rate) -> None:
    assert judge(_stepping(rate), 100, 0).verdict == "right"


@pytest.mark.parametrize("rate", [0.3, 1.2345678912e-7])
def test_steps_of_two_rates_are_not(rate) -> None:
    assert judge(_stepping(rate, 1.0 + 1e-7), 100, 0).verdict == "wrong"
    assert judge(_stepping(rate, 1.1), 100, 0).verdict == "unread"
