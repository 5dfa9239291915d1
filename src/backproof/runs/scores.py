"""How well classes are told apart, computed in float64 for every backend and precision."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from backproof.notation import Model
from backproof.runs.backends import Parameters
from backproof.runs.with_reference import predicted

Which: TypeAlias = tuple[Model, str]  # a model and its activation


def accuracy(at: Which, parameters: Parameters, x: np.ndarray, y: np.ndarray) -> float:
    """The share of the examples whose class is predicted; NaN without classes or examples."""
    counts = confusion(at, parameters, x, y)
    return float(np.trace(counts) / counts.sum()) if counts.sum() else float("nan")


def confusion(at: Which, parameters: Parameters, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How many examples of each class (row) are taken for each (column); none without classes."""
    model, activation = at
    if model.output == "identity":
        return np.zeros((0, 0), np.int64)
    k = max(2, len(y))
    counts = np.zeros((k, k), np.int64)
    if x.shape[1]:
        np.add.at(counts, (_numbers(y), _numbers(predicted(model, activation, parameters, x))), 1)
    return counts


def _numbers(y: np.ndarray) -> np.ndarray:
    """The class numbers of targets or predictions, one row or one for each class."""
    y = np.asarray(y, np.float64)
    numbers: np.ndarray = y[0] > 0.5 if len(y) == 1 else np.argmax(y, axis=0)
    return numbers.astype(np.int64)
