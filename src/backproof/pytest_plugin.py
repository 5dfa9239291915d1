"""The pytest plugin: checking a backward pass is one line in somebody's own tests.

    def test_backward(backproof_check):
        backproof_check(backward, "mlp", activation="tanh")

It fails the test with backproof's own report, and skips nothing: undecided fails as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def backproof_check() -> Callable[..., Any]:
    """`backproof.check`, failing the test unless the verdict is right; returns the report."""

    def check(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        # Not at the top of this file: every pytest run on the machine imports it.
        from backproof.checking import check
        from backproof.report import as_text

        report = check(function, *arguments, **options)
        if report.verdict != "right":
            pytest.fail(f"backproof: {report.verdict}\n{as_text(report)}", pytrace=False)
        return report

    return check
