from __future__ import annotations

from typing import Any

import numpy as np

SHAPE = (3, 3)


def numbers(seed: int, shape: tuple[int, ...] = SHAPE, decades: float = 3.0) -> np.ndarray:
    """Float32 numbers over many decades, some zero, some repeated."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape) * 10.0 ** rng.uniform(-decades, decades, shape)
    values = np.where(rng.random(shape) < 0.1, 0.0, values)
    values = np.where(rng.random(shape) < 0.1, values.flat[0], values)
    return values.astype(np.float32)


def assert_within(actual: Any, value: Any, bound: Any, what: object = "") -> None:
    actual, value = np.asarray(actual), np.asarray(value)
    with np.errstate(all="ignore"):
        inside = (np.abs(actual - value) <= bound) | (actual == value) | np.isinf(bound)
    assert np.all(inside), f"{what}: {actual} is not within {bound} of {value}"
