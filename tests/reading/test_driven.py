"""A recipe's driver is run at the rate of its case, whatever its steps are of it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backproof.reading.driven import Driven
from backproof.reading.probe import Probe
from backproof.reading.spec import RATES, Argument, Spec

SLOTS = (Argument("w", "w"), Argument("b", "b"))
SPEC = Spec(
    "logistic_regression",
    "__backproof__",
    (Argument("x", "x"), Argument("y", "y"), *SLOTS),
    {"x": "n d", "y": "n 1", "w": "d 1", "b": "1 1"},
    updates=True,
    slots=SLOTS,
)


@given(st.floats(0.01, 10.0), st.integers(1, 4), st.integers(1, 4))
def test_the_code_is_passed_its_own_rate(times: float, d: int, n: int) -> None:
    probe = Probe(frozenset({"w", "b"}), frozenset({"lr"}))
    passed = []

    def driver() -> None:
        passed.append(probe.give("lr", 0.1))
        probe.take({"w": probe.give("w", np.zeros((d, 1))), "b": probe.give("b", 0.0)}, {})

    driven = Driven(driver, probe, SPEC._replace(times=times))
    driven.sizes = {"d": d, "n": n}
    driven(np.zeros((n, d)), np.zeros((n, 1)), np.ones((d, 1)), np.ones((1, 1)))
    assert passed == [RATES[(d + n) % 2]]
