"""What the tests of `reference/` share: random cases, and finite differences to hold them against.

Hypothesis draws the shape, the scale and a seed; the entries come from a generator, in long double.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from backproof.reference.activations import ACTIVATIONS, Array

KINKED = ("relu", "leaky_relu")
DTYPES = (np.float32, np.float64, np.longdouble)
EPS = float(np.finfo(np.longdouble).eps)
STEP = EPS ** (1 / 3)

quick = settings(max_examples=50, deadline=None)
sizes = st.integers(1, 6)
scales = st.sampled_from([0.01, 0.3, 1.0, 3.0])
seeds = st.integers(0, 2**32 - 1)
activations = st.sampled_from(sorted(ACTIVATIONS))
outputs = st.sampled_from(["sigmoid", "softmax"])


class Case(NamedTuple):
    parameters: tuple[Array, ...]
    x: Array
    y: Array

    def cast(self, dtype: type[np.floating]) -> Case:
        return Case(
            tuple(p.astype(dtype) for p in self.parameters),
            self.x.astype(dtype),
            self.y.astype(dtype),
        )


@st.composite
def cases(draw: st.DrawFn, depth: int, output: str) -> Case:
    """Parameters W1, b1, W2, b2, ... of `depth` layers, inputs, and labels hard or soft."""
    widths = [draw(sizes) for _ in range(depth)]
    n = draw(sizes)
    last = draw(sizes) if output == "softmax" else 1
    scale = draw(scales)
    soft = draw(st.booleans())
    rng = np.random.default_rng(draw(seeds))
    rows = [*widths[1:], last]
    parameters = []
    for row, column in zip(rows, widths, strict=True):
        parameters += [scale * normal(rng, row, column), scale * normal(rng, row, 1)]
    return Case(tuple(parameters), normal(rng, widths[0], n), labels(rng, output, last, n, soft))


def normal(rng: np.random.Generator, *shape: int) -> Array:
    return rng.standard_normal(shape).astype(np.longdouble)


def labels(rng: np.random.Generator, output: str, rows: int, n: int, soft: bool) -> Array:
    if output == "identity":
        return normal(rng, rows, n)
    if output == "sigmoid":
        y = rng.random((rows, n)) if soft else rng.integers(0, 2, (rows, n))
        return y.astype(np.longdouble)
    y = rng.random((rows, n)) if soft else np.eye(rows)[:, rng.integers(0, rows, n)]
    y = y.astype(np.longdouble)
    return y / np.sum(y, axis=0, keepdims=True)


def assert_close(actual: Array, expected: Array, ulps: float = 1e4) -> None:
    """Equal but for rounding: within `ulps` long double units of the largest entry (or of 1)."""
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    scale = max(1.0, float(np.max(np.abs(expected))))
    assert np.max(np.abs(actual - expected)) <= ulps * EPS * scale


def assert_gradients_of(
    loss: Callable[..., np.floating],
    gradients: tuple[Array, ...],
    parameters: tuple[Array, ...],
    seed: int,
) -> None:
    """Each gradient, along one random direction, is the central difference of the loss.

    A difference of step h errs by a term in h^2, which the difference of step 2h shows four times
    as large, and by the rounding of the loss divided by h. The allowance is made of these two. A
    random direction is orthogonal to a mistake with probability zero.
    """
    rng = np.random.default_rng(seed)
    assert len(gradients) == len(parameters)
    for index, (gradient, parameter) in enumerate(zip(gradients, parameters, strict=True)):
        assert gradient.shape == parameter.shape
        assert gradient.dtype == parameter.dtype
        direction = rng.uniform(0.5, 1.0, parameter.shape) * rng.choice([-1, 1], parameter.shape)

        def along(step: float, index: int = index, direction: Array = direction) -> np.floating:
            moved = list(parameters)
            moved[index] = parameters[index] + step * direction
            return loss(*moved)

        near = (along(STEP) - along(-STEP)) / (2 * STEP)
        far = (along(2 * STEP) - along(-2 * STEP)) / (4 * STEP)
        rounding = 100 * EPS * (1 + abs(loss(*parameters))) / STEP
        assert abs(np.sum(gradient * direction) - near) <= abs(far - near) + rounding
