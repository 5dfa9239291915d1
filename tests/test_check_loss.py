"""Gradients of any JAX function, at cases that are given."""

from __future__ import annotations

from typing import Any

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


def test_a_primitive_without_a_rule_is_named() -> None:
    with pytest.raises(NotImplementedError, match="lgamma"):
        backproof.check(lambda v: v, loss=lambda v: jnp.sum(lax.lgamma(v)), cases=[(np.ones(2),)])
