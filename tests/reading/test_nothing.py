"""Where nothing is found to judge, the message says what was seen."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backproof.reading.source import NothingFound, read


def test_gradients_that_nobody_uses_are_said(write: Callable[..., Path]) -> None:
    path = write(
        """
        def build(turns):
            for i in range(turns):
                a1 = expit(X @ w1)
                dw2 = a1.T @ (a2 - y)
                dw1 = X.T @ ((a2 - y) @ w2.T * a1 * (1 - a1))
            return {"w1": w1, "w2": w2}
        """
    )
    with pytest.raises(NothingFound, match=r"build computes dw2, dw1 \(line 5\), but neither"):
        read(path)


def test_steps_that_a_class_from_elsewhere_takes_are_said(write: Callable[..., Path]) -> None:
    path = write(
        """
        from optimisers import Adam

        def run(X, y, turns):
            helper = Adam(0.1)
            for i in range(turns):
                helper.step(slopes_of(X, y))
        """
    )
    with pytest.raises(NothingFound, match=r"helper\.step\(\) in line 7, of Adam, which is imp"):
        read(path)
