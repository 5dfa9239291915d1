"""What training is tried on: small data that a model can learn, drawn from a seed.

`separable`: a cloud of points for each class, which a linear model separates. `xor`: the four
points of the exclusive or, which no linear model separates. `quadrants`: points labelled by whether
their first two coordinates differ in sign, which none does either. `linear`, for regression:
targets that are a linear function of x, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.notation import Model

Pair: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]

_EXAMPLES: Final = 40
_TRIES: Final = 100
_GAP: Final = 0.25  # between a point and the axes


def choices(model: Model) -> tuple[str, ...]:
    """The data that the model can learn."""
    if model.output == "identity":
        return ("linear",)
    return ("separable",) if model.depth == 1 else ("separable", "xor", "quadrants")


def sizes_of(name: str, model: Model, fixed: Mapping[str, int]) -> dict[str, int]:
    """The sizes of the data's axes but n; raises `ValueError` where fixed ones cannot be had."""
    pair = name in ("xor", "quadrants")
    d, k = fixed.get("d", 2), fixed.get("k", 2 if pair else 3)
    if (name == "xor" and d != 2) or (pair and d < 2):
        raise ValueError(f"{name} has 2 features, and [sizes] has d = {d}")
    if "k" not in model.axes:
        return {"d": d}
    if pair and k != 2:
        raise ValueError(f"{name} has 2 classes, and [sizes] has k = {k}")
    return {"d": d, "k": k}


def made(
    name: str, model: Model, sizes: Mapping[str, int], rng: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """x (d, n) and y (1, n), or (k, n) one-hot; the same generator, the same data."""
    x, numbers = _MAKERS[name](sizes["d"], sizes.get("k", 2), rng)
    if model.output != "softmax":
        return {"x": x, "y": numbers[None, :]}
    return {"x": x, "y": np.eye(sizes["k"])[:, numbers.astype(int)]}


def _separable(d: int, k: int, rng: np.random.Generator) -> Pair:
    drawn = [rng.standard_normal((d, k)) for _ in range(_TRIES)]
    centres = max(drawn, key=_closest)
    numbers = rng.permutation(np.arange(_EXAMPLES) % k)
    around = rng.uniform(-1.0, 1.0, (d, _EXAMPLES)) * _closest(centres) / (4.0 * np.sqrt(d))
    return centres[:, numbers] + around, numbers.astype(np.float64)


def _closest(centres: NDArray) -> float:
    """The smallest distance of two columns."""
    apart = np.linalg.norm(centres[:, :, None] - centres[:, None, :], axis=0)
    return float(apart[~np.eye(len(apart), dtype=bool)].min())


def _xor(d: int, k: int, rng: np.random.Generator) -> Pair:
    del d, k
    x = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]])[:, rng.permutation(4)]
    return x, (x[0] != x[1]).astype(np.float64)


def _quadrants(d: int, k: int, rng: np.random.Generator) -> Pair:
    del k
    signs = rng.choice([-1.0, 1.0], (d, _EXAMPLES))
    x = signs * rng.uniform(_GAP, 1.0, (d, _EXAMPLES))
    return x, (signs[0] != signs[1]).astype(np.float64)


def _linear(d: int, k: int, rng: np.random.Generator) -> Pair:
    del k
    x = rng.standard_normal((d, _EXAMPLES))
    return x, rng.standard_normal(d) @ x + rng.standard_normal()


_MAKERS: Final[Mapping[str, Callable[[int, int, np.random.Generator], Pair]]] = {
    "separable": _separable,
    "xor": _xor,
    "quadrants": _quadrants,
    "linear": _linear,
}
