"""Decays, factors and momentum are told apart, down to the floor that is printed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backproof.comparison.compared import Compared, as_json, as_text
from backproof.comparison.own import own
from backproof.comparison.page import page
from backproof.comparison.pairs import Pair, compare
from backproof.comparison.replay import Replay, Rule, Step
from backproof.comparison.shifts import is_rounding
from backproof.notation import MODELS
from comparison.faulty_runs import decayed, stretched, with_momentum
from comparison.made_runs import Arrays, Task, by_hand, run, task

# Another number of steps that stand out is another program to compile for each fault that is known;
# test_pairs.py has 60 of the same shape too.
STEPS = 60


def asked(seed: int = 0, model: str = "mlp", steps: int = STEPS) -> Task:
    return task(model, rate=0.1, steps=steps, seed=seed)


def decay_floor(one: Task, weights: tuple[str, ...] = ("W1", "W2")) -> float:
    floors = own(run("right", one)).slopes.decays
    return max(floors[name].floor for name in weights)


# Far enough above the floor every step stands out, near it none.
NEAR_OR_FAR = st.floats(1.0, 5.0) | st.floats(100.0, 1e5)


def assert_decay_is_named(seed: int, above: float) -> None:
    one = asked(seed)
    strength = 1.5 * above * decay_floor(one)  # the faulty run's own floor is a little another
    shown = own(run("faulty", one, decayed(strength)))
    assert shown.unexplained is None
    decay = next(fault for fault in shown.faults if fault.cause == "decay")
    assert decay.tensors == ("W1", "W2")
    assert decay.size == pytest.approx(strength, rel=0.5)
    assert "times the parameter to the gradient of dW1, dW2" in decay.words


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000), NEAR_OR_FAR)
def test_a_decay_above_the_floor_is_named_with_its_strength(seed: int, above: float) -> None:
    assert_decay_is_named(seed, above)


@pytest.mark.nightly
@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1000), st.floats(1.0, 1e5))
def test_a_decay_anywhere_above_the_floor_is_named_with_its_strength(
    seed: int, above: float
) -> None:
    assert_decay_is_named(seed, above)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000))
def test_a_decay_far_below_the_floor_is_rounding(seed: int) -> None:
    one = asked(seed)
    shown = own(run("faulty", one, decayed(decay_floor(one) / 50.0)))
    assert (shown.faults, shown.unexplained) == ([], None)


def assert_factor_is_named(seed: int, name: str, off: float) -> None:
    shown = own(run("faulty", asked(seed), stretched({name: 1.0 + off})))
    assert [(fault.cause, fault.tensors) for fault in shown.faults] == [("factor", (name,))]


@settings(max_examples=4, deadline=None)
@example(0, "W1", 1e-4)  # of which some steps stand out
@given(st.integers(0, 1000), st.sampled_from(["W1", "W2"]), st.sampled_from([0.01, 0.5]))
def test_a_gradient_that_is_off_is_taken_for_no_decay(seed: int, name: str, off: float) -> None:
    assert_factor_is_named(seed, name, off)


@pytest.mark.nightly
@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(["W1", "W2"]), st.floats(1e-4, 0.5))
def test_a_gradient_that_is_off_a_little_is_taken_for_no_decay(
    seed: int, name: str, off: float
) -> None:
    assert_factor_is_named(seed, name, off)


def test_a_decay_of_one_weight_is_said_of_that_one() -> None:
    def gradient(one: Task, number: int, now: dict, *of_step: object) -> dict:
        told = decayed(1e-4)(one, number, now, *of_step)  # type: ignore[arg-type]
        right = decayed(0.0)(one, number, now, *of_step)  # type: ignore[arg-type]
        return {**right, "W2": told["W2"]}

    (fault,) = own(run("faulty", asked(), gradient)).faults  # type: ignore[arg-type]
    assert (fault.cause, fault.tensors) == ("decay", ("W2",))


@pytest.mark.nightly
def test_a_weight_without_a_number_decays_too() -> None:
    (fault,) = own(run("faulty", asked(model="logistic_regression"), decayed(0.01))).faults
    assert (fault.cause, fault.tensors) == ("decay", ("w",))


@pytest.mark.parametrize("strength", [1e-3, 1e-5])
def test_a_decay_of_biases_too_is_one_number(strength: float) -> None:
    def gradient(one: Task, number: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        told = by_hand(one, number, now, x, y)
        return {name: value + np.float32(strength) * now[name] for name, value in told.items()}

    (fault,) = own(run("faulty", asked(), gradient)).faults
    assert (fault.cause, fault.tensors) == ("decay", ("W1", "b1", "W2", "b2"))
    assert fault.size == pytest.approx(strength, rel=0.01)
    assert fault.words.endswith("times the parameter to the gradient of dW1, db1, dW2, db2")


def test_a_learning_rate_that_changes_is_named_and_so_are_clipped_norms() -> None:
    def scheduled(one: Task, number: int, now: Arrays, *batch: Any) -> Arrays:
        told = by_hand(one, number, now, *batch)
        return {name: np.float32(0.5 * 0.98**number) * value for name, value in told.items()}

    def clipped(one: Task, number: int, now: Arrays, *batch: Any) -> Arrays:
        told = by_hand(one, number, now, *batch)
        norm = np.sqrt(sum(np.sum(value**2) for value in told.values()))
        return {name: np.float32(0.01) / norm * value for name, value in told.items()}

    for gradient in (scheduled, clipped):
        (fault,) = own(run("faulty", asked(), gradient)).faults
        assert (fault.cause, fault.tensors) == ("learning_rate", ("W1", "b1", "W2", "b2"))
        assert "another number of times as long" in fault.words
        assert (
            gradient is clipped
            or "0.5 in step 0, 0.2727 in step 30, 0.1518 in step 59" in fault.words
        )


def test_a_factor_for_each_step_is_one_for_all_parameters() -> None:
    def gradient(one: Task, number: int, now: Arrays, *batch: Any) -> Arrays:
        told = by_hand(one, number, now, *batch)
        return {**told, "W1": np.float32(0.5 * 0.99**number) * told["W1"]}

    shown = own(run("faulty", asked(), gradient))
    assert shown.faults == []
    assert shown.unexplained is not None


@pytest.mark.parametrize("share", [0.9, 0.1])
def test_momentum_is_named(share: float) -> None:
    # The first step is right, having none before it.
    (fault,) = own(run("faulty", asked(steps=STEPS + 1), with_momentum(share))).faults
    assert fault.cause == "momentum"
    assert fault.size == pytest.approx(share, rel=1e-3)
    assert f"it adds {share} times the step before to each step" in fault.words


def test_momentum_is_not_named_where_no_two_steps_in_a_row_were_recorded() -> None:
    whole = run("faulty", asked(steps=2 * STEPS), with_momentum(0.9))
    shown = own(whole._replace(steps=whole.steps[1::2]))
    assert shown.faults == []
    assert shown.unexplained is not None


def pair(one: Task) -> tuple[Compared, Pair]:
    runs = [run("one", one), run("other", one)._replace(losses=np.full(one.steps, 0.25))]
    owns = own(runs[0]), own(runs[1])
    told = compare(runs[0], runs[1], owns)
    return Compared(runs, owns, {(0, 1): told}), told


def test_the_floor_of_decays_is_told_in_text_json_and_page() -> None:
    told, of_pair = pair(asked())
    assert of_pair.verdict == "rounding"
    assert all(0.0 < floor < 1e-4 for floor in of_pair.decay_floors.values())
    shown = f"{of_pair.decay_floors['W1']:.1e}"
    assert f"a decay of this strength would have shown: W1 {shown}, b1 " in as_text(told)
    assert json.loads(as_json(told))["pairs"][0]["decay_floors"] == of_pair.decay_floors
    assert "as the strength of a decay: <code>W1</code> " in page(told)


def test_records_in_which_only_a_strong_decay_could_show_are_inconclusive() -> None:
    _, told = pair(task("linear_regression", rate=2e-6, steps=40, scale=0.01, seed=3))
    assert told.verdict == "inconclusive"
    assert "only a strong decay could have shown in these records: w one below" in told.words[-1]


@pytest.mark.parametrize(("off", "rounding"), [(1e-7, True), (1e-6, False)])
def test_a_step_that_a_fault_moves_rounds_as_far_as_its_numbers_do(
    off: float, rounding: bool
) -> None:
    rule = Rule(MODELS["logistic_regression"], "tanh", 0.1, "float32")
    before, change, shift = np.full((1, 2), 2.1), np.array([[1e-9, 0.1]]), np.array([[-1e-5, 0.0]])
    step = Step(0, {"w": before}, {"w": before + change + shift}, before, before)
    # What asks for less than half a unit in the last place is at the most that far off.
    taken = Replay(step, {"w": change}, {"w": shift + np.array([[off, 0.0]])}, {"w": change * 2.0})
    assert is_rounding(rule, [taken], [{"w": shift}]) is rounding
    assert not is_rounding(rule, [taken], [{"w": 0.0 * shift}])
