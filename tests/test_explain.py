from __future__ import annotations

from typing import Any

import numpy as np

import candidates as on_trial
from backproof.cases import draw
from backproof.explain import explain
from backproof.notation import MODELS

MODEL = MODELS["mlp"]
MILD = draw(MODEL, 6, seed=1, scales={"mild": 1.0})
HARD = draw(MODEL, 80, seed=1, scales={"hard": 1.0})


def test_right_answers_are_rounding() -> None:
    assert set(explain(on_trial.candidate(on_trial.right), MILD, "dW1")) == {"rounding"}


def test_a_mistake_stays_whatever_the_precision() -> None:
    candidate = on_trial.candidate(on_trial.averaged_bias)
    cases = [case for case in MILD if case.arrays["x"].shape[1] > 1]
    assert set(explain(candidate, cases, "db1")) == {"mistake"}


def test_saturation_makes_the_long_way_unstable_and_nothing_else() -> None:
    told = set(explain(on_trial.candidate(on_trial.long_way), HARD, "dW2"))
    assert told == {"rounding", "unstable"}


def test_a_small_constant_in_the_source_is_a_guard() -> None:
    told = explain(on_trial.candidate(on_trial.guarded), MILD, "dW2")
    assert "guarded" in told
    assert set(told) <= {"guarded", "rounding"}


def test_a_constant_that_is_not_small_is_a_mistake() -> None:
    def offset(*arrays: Any) -> Any:
        return tuple(gradient + 1e-5 for gradient in on_trial.right(*arrays))

    assert set(explain(on_trial.candidate(offset), MILD, "dW1")) == {"mistake"}


def test_a_guard_does_not_excuse_a_mistake_beside_it() -> None:
    def wrong_and_guarded(*arrays: Any) -> Any:
        dW1, db1, dW2, db2 = on_trial.guarded(*arrays)
        return dW1, db1, 2.0 * dW2, db2

    assert set(explain(on_trial.candidate(wrong_and_guarded), MILD, "dW2")) == {"mistake"}


def test_a_small_relative_error_is_a_mistake() -> None:
    def nearly(*arrays: Any) -> Any:
        return tuple(gradient * (1.0 + 3e-6) for gradient in on_trial.right(*arrays))

    assert set(explain(on_trial.candidate(nearly), MILD, "db2")) == {"mistake"}


def test_an_answer_that_is_never_finite_is_a_mistake() -> None:
    def nothing(*arrays: Any) -> Any:
        return tuple(gradient * np.nan for gradient in on_trial.right(*arrays))

    assert set(explain(on_trial.candidate(nothing), MILD[:2], "dW1")) == {"mistake"}


def test_float64_accumulators_are_told_by_moving_the_inputs() -> None:
    def stored(*arrays: Any) -> Any:
        # As loops over np.zeros(...) do: long double never comes out.
        return tuple(np.array(g, dtype=np.float64) for g in on_trial.long_way(*arrays))

    def stored_wrong(*arrays: Any) -> Any:
        return tuple(np.array(1.01 * g, dtype=np.float64) for g in on_trial.right(*arrays))

    assert set(explain(on_trial.candidate(stored), HARD, "dW2")) == {"rounding", "unstable"}
    assert set(explain(on_trial.candidate(stored_wrong), MILD, "dW2")) == {"mistake"}
