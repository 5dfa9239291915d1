"""Right pairs are never systematic, and each fault is named for what it is."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.comparison.own import Own, Run, own
from backproof.comparison.pairs import IncomparableError, Pair, compare
from backproof.comparison.regression import Slope, Slopes
from backproof.comparison.replay import Tensors
from backproof.notation import ACTIVATIONS
from backproof.start import batches
from comparison.faulty_runs import (
    decayed,
    in_bfloat16,
    mixed,
    of_squares,
    out_of_date,
    stretched,
    too_early,
    without_slope,
)
from comparison.made_runs import Arrays, Task, by_hand, in_jax, run, task


def nothing_of(one: Run) -> Own:
    """As if the steps of a run had not been looked at."""
    names = one.rule.model.parameters
    slopes = Slopes(*[{name: Slope(0.0, 1e-6, 2e-6) for name in names}] * 2)
    return Own([], None, None, None, {}, dict.fromkeys(names, 0.0), slopes, None, 0)


def by_hand_exact(asked: Task, *given: Any) -> Tensors:
    """The gradients of a step as the run itself has them, in numbers that hold them exactly."""
    before, x, y = given
    dtype = np.dtype(asked.precision)
    now = {name: value.astype(dtype) for name, value in before.items()}
    told = by_hand(asked, 0, now, x.astype(dtype), y.astype(dtype))
    return {name: value.astype(np.float64) for name, value in told.items()}


def compared(one: Run, other: Run) -> Pair:
    return compare(one, other, (own(one), own(other)))


SMALL = st.builds(
    task,
    st.sampled_from(["logistic_regression", "softmax_regression", "mlp", "mlp_softmax"]),
    st.sampled_from(sorted(ACTIVATIONS)),
    rate=st.sampled_from([1e-6, 1e-3, 0.1, 1.0]),
    precision=st.sampled_from(["float32", "float64"]),
    n=st.sampled_from([1, 7, 32]),
    steps=st.sampled_from([3, 40]),
    batch=st.sampled_from([None, 5]),
    seed=st.integers(0, 1000),
    scale=st.sampled_from([0.01, 1.0, 3.0]),
)


def never_systematic(asked: Task) -> None:
    told = compared(run("numpy", asked), in_jax("jax", asked, turned=True))
    assert told.verdict in ("bitwise equal", "rounding", "inconclusive"), told


@pytest.mark.parametrize("batch", [None, pytest.param(16, marks=pytest.mark.nightly)])
def test_numpy_and_jax_differ_by_rounding(batch: int | None) -> None:
    never_systematic(task("mlp_softmax", "sigmoid", batch=batch))


@pytest.mark.nightly
@settings(max_examples=500)
@given(SMALL.filter(lambda one: one.schedule is None or one.x.shape[1] > 5))
def test_no_right_pair_is_ever_systematic(asked: Task) -> None:
    never_systematic(asked)
    jax.clear_caches()  # a process may hold only so many programs, and hardly two tasks share one


@pytest.mark.parametrize(("precision", "steps"), [("float32", 14), ("float64", 110)])
def test_right_runs_that_leave_the_range_of_numbers_are_no_fault(
    precision: str, steps: int
) -> None:
    asked = task("linear_regression", rate=1e3, precision=precision, steps=steps)
    with np.errstate(all="ignore"):  # of the runs themselves
        runs = run("numpy", asked), in_jax("jax", asked, turned=True)
    assert compared(*runs).verdict != "systematic"


@pytest.mark.parametrize("batch", [None, 16])
@pytest.mark.parametrize("rate", [1e-5, 1e-6])
def test_rounding_that_is_the_same_in_step_after_step_is_no_fault(
    rate: float, batch: int | None
) -> None:
    for seed in range(5):
        asked = task(rate=rate, scale=0.01, batch=batch, seed=seed)
        one = run("one", asked)
        shown = own(one._replace(steps=[s for s in one.steps if s.x.shape[1] == 16 or not batch]))
        assert not shown.faults
        assert any(shown.slopes.updates[name].slope for name in EVERY)  # something moved far enough


def test_the_same_run_is_bitwise_equal() -> None:
    asked = task(steps=3)
    told = compared(run("one", asked), run("other", asked))
    assert told.verdict == "bitwise equal"


# --- faults, each with the words that have to name it --------------------------------------------


EVERY = ("W1", "b1", "W2", "b2")
FAULTS = {
    "learning rate": (stretched(dict.fromkeys(EVERY, 1.1)), "learning rate of 0.11, not 0.1"),
    "learning rate, a little": (
        stretched(dict.fromkeys(EVERY, 1.0 + 5e-5)),
        "as with a learning rate of 0.100005",
    ),
    "one gradient": (stretched({"b1": 2.0}), "db1 is 2 times what it should be"),
    "one gradient, a little": (stretched({"W2": 1.0 - 5e-5}), "dW2 is 0.99995"),
    "no update": (stretched({"b2": 0.0}), "b2 does not move"),
    "sum": (stretched(dict.fromkeys(EVERY, 48.0)), "of the sum over the batch"),
    "decay": (decayed(0.001), "it adds 0.001 times the parameter to the gradient of dW1, dW2"),
    "updated too early": (too_early, "backward pass uses W2 as it is after its update"),
    "out of date": (out_of_date(), "backward pass uses W2 as it was a step ago"),
    "no slope": (without_slope, "its backward pass leaves out the derivative of tanh"),
    "squares": (of_squares, "loss, that of mlp_sigmoid_squared without the half of its square"),
    "bfloat16": (in_bfloat16, "round their operands as bfloat16 does"),
}


OFTEN = ("learning rate, a little", "one gradient", "updated too early", "no slope", "bfloat16")


@pytest.mark.parametrize(
    "fault",
    [one if one in OFTEN else pytest.param(one, marks=pytest.mark.nightly) for one in FAULTS],
)
def test_a_fault_is_named(fault: str) -> None:
    gradient, words = FAULTS[fault]
    asked = task()
    told = compared(run("right", asked), run("faulty", asked, gradient))
    assert told.verdict == ("lower precision" if fault == "bfloat16" else "systematic")
    assert len(told.words) == 1
    assert told.words[0].startswith("faulty: ")
    assert words in told.words[0]


@pytest.mark.nightly
def test_a_batch_divided_by_all_examples_is_named() -> None:
    asked = task(n=49, batch=8, steps=14)

    def by_all(one: Task, number: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        share = np.float32(x.shape[1] / 49)
        return {name: value * share for name, value in by_hand(one, number, now, x, y).items()}

    told = compared(run("right", asked), run("faulty", asked, by_all))
    assert told.verdict == "systematic"
    assert "it divides by all 49 examples, not by those of the batch" in told.words[0]


def test_an_update_left_out_is_named() -> None:
    asked = task(steps=9)

    def skipping(one: Task, number: int, now: Arrays, told: Arrays) -> Arrays:
        rate = np.asarray(one.rate if number != 5 else 0.0, np.float32)
        return {name: value - rate * told[name] for name, value in now.items()}

    told = compared(run("right", asked), run("faulty", asked, update=skipping))
    assert told.words[0].startswith("faulty: it leaves the update out, since step 5")


def test_the_gradients_are_told_from_the_update() -> None:
    asked = task()

    def too_far(one: Task, number: int, now: Arrays, told: Arrays) -> Arrays:
        rate = np.asarray(2.0 * one.rate, np.float32)
        return {name: value - rate * told[name] for name, value in now.items()}

    right, halved = run("right", asked), run("faulty", asked, stretched({"W1": 0.5}))
    moved = run("faulty", asked, update=too_far)
    with_them = [
        step._replace(gradients=by_hand_exact(asked, step.before, step.x, step.y))
        for step in moved.steps
    ]
    assert compared(right, moved).words[0].endswith("since step 0")
    told = compared(right, moved._replace(steps=with_them))
    assert told.words[0].endswith(
        "since step 0; the recorded gradients are right, so look at the update"
    )
    told = compared(right, halved)
    assert told.words[0].endswith("; the recorded gradients are wrong themselves (dW1)")


@pytest.mark.nightly
def test_an_example_left_out_now_and_then_is_found() -> None:
    asked = task(batch=16)

    def without_one(number: int, batch: np.ndarray) -> np.ndarray:
        return np.delete(batch, 5) if number % 3 == 2 else batch

    told = compared(run("right", asked), run("faulty", asked, examples=without_one))
    assert told.verdict == "systematic"
    assert "leaves out an example" in told.words[0]
    assert "of the batch, number 5 in step 2, 5 in step 5" in told.words[0]


@pytest.mark.nightly
def test_a_last_batch_skipped_is_found() -> None:
    asked = task(batch=20, n=48)
    whole = batches(48, 20, 2 * asked.steps, 0)
    full = whole.counts == 20
    kept = type(whole)(whole.indices[full][: asked.steps], whole.counts[full][: asked.steps])
    told = compared(run("right", asked), run("faulty", asked, schedule=kept))
    assert told.verdict == "systematic"
    assert "faulty skips the last, smaller batch, seen first in step 2" in told.words[0]


def test_another_order_is_found() -> None:
    asked = task(batch=16)
    other = batches(48, 16, asked.steps, 99)
    told = compared(run("right", asked), run("faulty", asked, schedule=other))
    assert told.verdict == "systematic"
    assert "another order" in told.words[0]


@pytest.mark.nightly
def test_an_activation_that_is_not_what_it_says_is_found() -> None:
    asked = task("mlp_softmax", "sigmoid")

    def other(one: Task, *rest: object) -> Arrays:
        return by_hand(one._replace(activation="softplus"), *rest)  # type: ignore[arg-type]

    told = compared(run("right", asked), run("faulty", asked, other))
    assert told.verdict == "systematic"
    assert "its activation is softplus, not sigmoid" in told.words[0]


@pytest.mark.nightly
def test_float32_in_a_float64_run_is_a_lower_precision() -> None:
    asked = task(precision="float64")

    def single(one: Task, number: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        short = {name: value.astype(np.float32) for name, value in now.items()}
        lower = one._replace(precision="float32")
        return by_hand(lower, number, short, x.astype(np.float32), y.astype(np.float32))

    told = compared(run("right", asked), run("faulty", asked, single))
    assert told.verdict == "lower precision"
    assert "as exact as float32 is, not float64" in told.words[0]


@pytest.mark.parametrize(
    "precision", ["bfloat16", pytest.param("float16", marks=pytest.mark.nightly)]
)
def test_mixed_precision_is_a_lower_one(precision: str) -> None:
    asked = task()
    told = compared(run("right", asked), run("faulty", asked, mixed(precision)))
    words = f"computed in {precision}, and only the update in float32, since step 0"
    assert (told.verdict, told.words) == ("lower precision", [f"faulty: its gradients are {words}"])


@pytest.mark.nightly
def test_mixed_precision_excuses_no_other_fault() -> None:
    asked = task()
    too_long = compared(run("right", asked), run("faulty", asked, mixed("bfloat16", times=2.0)))
    elsewhere = run("faulty", asked, mixed("bfloat16"))
    told = [
        step._replace(gradients={name: 2.0 * v for name, v in (step.gradients or {}).items()})
        for step in elsewhere.steps
    ]
    assert too_long.verdict == "systematic"
    assert compared(run("right", asked), elsewhere._replace(steps=told)).verdict == "systematic"


def test_what_nothing_explains_is_said_to_be_so() -> None:
    asked = task()

    def noisy(one: Task, number: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        told = by_hand(one, number, now, x, y)
        rng = np.random.default_rng(number)
        blur = (1.0 + 0.1 * rng.normal(size=told["W1"].shape)).astype(np.float32)
        return {**told, "W1": told["W1"] * blur}

    told = compared(run("right", asked), run("faulty", asked, noisy))
    assert told.verdict == "systematic"
    assert "no fault that is known here explains it" in told.words[0]


@pytest.mark.nightly
def test_a_step_that_was_not_recorded_shows_in_the_drift() -> None:
    asked = task()
    whole = run("right", asked)
    strange = run("faulty", asked, lambda *a: stretched({"W1": 3.0 if a[1] == 30 else 1.0})(*a))
    few = [step for step in strange.steps if step.number % 10 == 9]
    told = compared(whole, strange._replace(steps=few))
    assert told.verdict == "systematic"
    assert "something happened between steps 29 and 39" in told.words[0]


@pytest.mark.nightly
def test_a_run_that_was_cut_short_is_compared_as_far_as_it_went() -> None:
    asked = task()
    whole = run("whole", asked)
    short = whole._replace(name="short", steps=whole.steps[:20], losses=whole.losses[:20])
    assert compared(whole, short).verdict == "rounding"


def test_a_loss_that_is_lost_is_diverged() -> None:
    asked = task(steps=4)
    right = run("right", asked)
    lost = right._replace(name="lost", losses=np.array([0.5, 0.4, np.nan, np.nan]))
    told = compared(right, lost)
    assert (told.verdict, told.words) == (
        "diverged",
        ["lost: the loss is not finite from step 2 on"],
    )


@pytest.mark.nightly
def test_records_that_could_show_nothing_are_inconclusive() -> None:
    asked = task(rate=1e-9)
    told = compared(run("numpy", asked), in_jax("jax", asked)._replace(losses=np.zeros(60)))
    assert told.verdict == "inconclusive"
    assert "only a large fault could have shown" in told.words[0]


@pytest.mark.parametrize("what", ["start", "data", "shape of x", "shape of y", "activation"])
def test_runs_of_different_things_are_not_compared(what: str) -> None:
    one = run("one", task(steps=2))
    assert compare(one, one, (nothing_of(one), nothing_of(one))).verdict == "bitwise equal"
    other = {
        "start": lambda: one._replace(start={name: 2.0 * v for name, v in one.start.items()}),
        "data": lambda: one._replace(x=one.x + 1.0),
        "shape of x": lambda: one._replace(x=one.x[:-1]),
        "shape of y": lambda: one._replace(y=np.vstack([one.y, one.y, one.y])),
        "activation": lambda: one._replace(rule=one.rule._replace(activation="relu")),
    }[what]()
    with pytest.raises(IncomparableError, match=f"{what if what != 'start' else 'start from'}"):
        compare(one, other._replace(name="other"), (nothing_of(one), nothing_of(one)))
