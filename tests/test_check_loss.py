"""Gradients of any JAX function, at cases that are given."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import backproof

RNG = np.random.default_rng(0)
CASES = [(RNG.normal(size=n), RNG.normal(size=(n, n))) for n in (1, 2, 3)]


def quadratic(v: Any, A: Any) -> Any:
    return jnp.dot(v, A @ v)


def right(v: Any, A: Any) -> Any:
    return (A + A.T) @ v, np.outer(v, v)


def test_right_gradients_are_right() -> None:
    report = backproof.check(right, loss=quadratic, cases=CASES)
    assert report.verdict == "right"
    assert set(report.gradients) == {"dv", "dA"}


def test_only_the_wrong_one_is_wrong_and_its_smallest_case_is_shown() -> None:
    report = backproof.check(
        lambda v, A: (2.0 * A @ v, np.outer(v, v)), loss=quadratic, cases=CASES
    )
    assert report.gradients["dv"].verdict == "wrong"
    assert report.gradients["dA"].verdict == "right"
    shown = report.gradients["dv"].counterexample
    assert shown is not None
    assert shown.arrays["v"].size == 2


def test_one_gradient_needs_no_tuple() -> None:
    report = backproof.check(lambda v, A: (A + A.T) @ v, loss=quadratic, cases=CASES)
    assert report.verdict == "right"


def test_a_guard_is_found_in_its_source() -> None:
    report = backproof.check(
        lambda v: v / (np.linalg.norm(v) + 1e-8),
        loss=lambda v: jnp.sqrt(jnp.sum(v * v)),
        cases=[(RNG.normal(size=4),)],
    )
    assert report.verdict == "right"
    assert [finding.kind for finding in report.findings] == ["guarded"]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda *_: 1 / 0, "ZeroDivisionError"),
        (lambda *_: None, "gradient 0"),
        (lambda *_: np.zeros(7), "expected"),
    ],
)
def test_what_is_no_gradient_is_unread_and_says_why(function: Any, words: str) -> None:
    report = backproof.check(function, loss=quadratic, cases=CASES)
    assert report.verdict == "unread"
    assert words in (report.problem or "")


def test_what_is_to_be_checked_has_to_be_given() -> None:
    with pytest.raises(ValueError, match="give the cases to try"):
        backproof.check(right, loss=quadratic)
    with pytest.raises(ValueError, match="there are none"):
        backproof.check(right, loss=quadratic, cases=[])


@pytest.mark.parametrize(
    ("loss", "case", "words"),
    [
        (lambda v: v * v, (np.ones(2),), r"gives float64\[2\] at cases\[0\], expected one real"),
        (lambda *_: None, (np.ones(2),), "gives NoneType"),
        (lambda *_: 1 / 0, (np.ones(2),), "cannot trace it .* ZeroDivisionError"),
        (lambda v: np.sum(np.array(v)), (np.ones(2),), "TracerArrayConversionError"),
        ("loss", (np.ones(2),), "expected a JAX function"),
        (jnp.sum, np.ones(2), "of type ndarray, expected a tuple"),
        (lambda v: jnp.sum(v), (np.ones(2), 1.0), "has 2 arguments, and the loss: too many"),
        (jnp.sum, ("text",), "expected real numbers"),
    ],
)
def test_what_is_given_is_looked_at_first(loss: Any, case: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        backproof.check(lambda *_: None, loss=loss, cases=[case])


def test_with_a_loss_there_is_no_model() -> None:
    with pytest.raises(ValueError, match="model='mlp'"):
        backproof.check(right, "mlp", loss=quadratic, cases=CASES)


def relu_layer(W: Any, b: Any, x: Any) -> Any:
    return jnp.mean(jnp.maximum(W @ x + b, 0.0))


def by_hand(slope: float, factor: float = 1.0) -> Any:
    def gradients(W: Any, b: Any, x: Any) -> Any:
        z = W @ x + b
        dz = factor * np.where(z == 0.0, slope, z > 0.0) / z.size
        return dz @ x.T, dz.sum(axis=1, keepdims=True)

    return gradients


KINKED = [
    tuple(RNG.integers(-2, 3, size=size).astype(float) for size in ((2, 2), (2, 1), (2, 3)))
    for _ in range(20)
]


@pytest.mark.parametrize("slope", [0.0, 0.3, 1.0])
def test_any_slope_at_a_kink_is_right(slope: float) -> None:
    report = backproof.check(by_hand(slope), loss=relu_layer, cases=KINKED)
    assert report.verdict == "right"
    assert [finding.kind for finding in report.findings] == ["convention"]


def test_what_is_no_slope_at_a_kink_is_not_right() -> None:
    assert backproof.check(by_hand(3.0), loss=relu_layer, cases=KINKED).verdict == "undecided"


def test_a_mistake_beside_a_kink_is_one() -> None:
    report = backproof.check(by_hand(1.0, 1.1), loss=relu_layer, cases=KINKED)
    assert {quantity.verdict for quantity in report.gradients.values()} == {"wrong"}


def test_float32_is_judged_as_float32() -> None:
    cases = [(RNG.normal(size=5),)]
    single, tenth = np.float32, np.float32(0.1)
    report = backproof.check(
        lambda v: 2 * tenth * v.astype(single), loss=lambda v: 0.1 * jnp.sum(v * v), cases=cases
    )
    assert (report.verdict, report.precision) == ("right", "float32")
    report = backproof.check(
        lambda v: tenth * v.astype(single), loss=lambda v: 0.1 * jnp.sum(v * v), cases=cases
    )
    assert report.verdict == "wrong"


def test_integers_stay_integers_where_no_gradient_is_asked_for() -> None:
    report = backproof.check(
        lambda v, k: np.eye(v.size)[k], loss=lambda v, k: v[k], cases=[(np.ones(3), 1)]
    )
    assert report.verdict == "right"
    report = backproof.check(
        lambda v, k: (k * 1.0, v), loss=lambda v, k: jnp.dot(v, k), cases=[([1, 2], [3, 4])]
    )
    assert report.verdict == "right"


def test_raising_at_some_cases_is_wrong_and_says_where() -> None:
    def fussy(v: Any, A: Any) -> Any:
        return right(v, A) if v.size < 3 else 1 / 0

    report = backproof.check(fussy, loss=quadratic, cases=CASES)
    assert report.verdict == "wrong"
    assert report.gradients["dv"].verdict == "right"
    assert (report.problem or "").startswith("in 1 of 3 cases it gave no answer: raised Zero")


def test_exiting_ends_nothing_of_ours() -> None:
    report = backproof.check(lambda *_: exit(3), loss=quadratic, cases=CASES)
    assert "SystemExit" in (report.problem or "")


def test_nan_is_wrong_and_changing_the_inputs_is_a_finding() -> None:
    def square(v: Any) -> Any:
        return jnp.sum(v * v)

    cases = [(np.ones(2),)]
    assert backproof.check(lambda v: v * np.nan, loss=square, cases=cases).verdict == "wrong"
    report = backproof.check(lambda v: v.__imul__(2.0), loss=square, cases=cases)
    assert report.verdict == "right"
    assert [finding.kind for finding in report.findings] == ["impure"]


def test_cases_that_show_nothing_leave_it_undecided() -> None:
    report = backproof.check(lambda v: 0.0 * v, loss=lambda v: 0.0 * jnp.sum(v), cases=[([1.0],)])
    assert report.verdict == "undecided"


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (
            lambda v: jnp.sum(lax.lgamma(v)),
            r"^loss: no rounding rule for the JAX primitive 'lgamma'",
        ),
        (lambda v: jnp.sum(jnp.fft.fft(v)).real, r"^loss: complex numbers have no rounding rules"),
        (lambda v: jnp.sum(v * jax.random.normal(jax.random.key(0), v.shape)), "^loss: .* draws"),
    ],
)
def test_a_primitive_without_a_rule_is_named(loss: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        backproof.check(lambda v: v, loss=loss, cases=[(np.ones(2),)])


@pytest.mark.parametrize("tiny", [1e-310, 3e-308])
def test_a_truth_that_is_flushed_to_zero_makes_nobody_wrong(tiny: float) -> None:
    def loss(v: Any) -> Any:
        return jnp.sum(v * v)

    report = backproof.check(lambda v: 2.0 * v, loss=loss, cases=[(np.array([tiny, 1.0]),)])
    assert report.verdict == "right"
    report = backproof.check(lambda v: 2.0 * v, loss=loss, cases=[(np.array([tiny]),)])
    assert report.verdict != "wrong"
    report = backproof.check(lambda v: 3.0 * v, loss=loss, cases=[(np.array([tiny, 1.0]),)])
    assert report.verdict == "wrong"


def test_a_loss_sees_the_type_of_the_gradient_that_is_checked() -> None:
    def loss(v: Any) -> Any:
        return jnp.sum(jnp.log(v * v + jnp.finfo(v.dtype).eps))

    def gradient(v: Any) -> Any:
        v = v.astype(np.float32)
        return 2 * v / (v * v + np.finfo(np.float32).eps)

    report = backproof.check(gradient, loss=loss, cases=[(np.array([1e-4, 1e-3, 1.0]),)])
    assert report.verdict == "right"
