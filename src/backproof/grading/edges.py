"""Cases at the edge, by name: what homework forgets, and a part of its own can be given points for.

`one_example`: n = 1. `one_label`: all labels exactly 0, or all exactly 1; of several classes only
one. `zero_weights`: all parameters exactly 0. `saturated`: every layer's |z| is at least 50, or at
least 750, where exp overflows. `kink`: small integers, so that some z of a hidden layer is exactly
0, where ReLU has a kink: its slope there may be any of `slopes`, the same in all cases.

A case is made from a mild one, so sizes and all that is not at the edge are as in any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backproof.cases import Case, of_sizes, sizes_of
from backproof.notation import Model, slope_below
from backproof.reference.activations import ACTIVATIONS

ONE_EXAMPLE: Final = "one_example"
KINK: Final = "kink"
SATURATED: Final = "saturated"
EACH: Final = 4  # cases of each name
_LEAST: Final = (50.0, 750.0)  # of |z|: 1 - sigmoid(z) is below a unit roundoff; exp(z) overflows
_TRIES: Final = 50


def names(model: Model, activation: str) -> tuple[str, ...]:
    """The edges that the model has."""
    found = [ONE_EXAMPLE, "zero_weights"]
    if model.output != "identity":
        found += ["one_label", SATURATED]
    if model.depth > 1 and slope_below(activation) is not None:
        found.append(KINK)
    return tuple(found)


def slopes(activation: str) -> tuple[float, ...]:
    """What people take g'(0) for: first the reference's."""
    below = slope_below(activation)
    return tuple(dict.fromkeys((below or 0.0, 0.0, 0.5, 1.0)))


def at_edge(
    name: str, case: Case, model: Model, activation: str, *, place: int, agreeing: bool
) -> Case:
    """A mild case moved to the edge.

    Args:
        name: one of `names`.
        case: of more than one example, with certain labels.
        model: whose tensors they are.
        activation: of its hidden layers.
        place: of the case among its like, which are told apart by it: the label, how far.
        agreeing: labels of a saturated case are the sides it is saturated to, so that the loss is
            finite also where all that is known of z is the rounded yhat.
    """
    arrays = dict(case.arrays)
    if name == ONE_EXAMPLE:
        arrays |= {"x": arrays["x"][:, :1], "y": arrays["y"][:, :1]}
    elif name == "one_label":
        y = np.zeros_like(arrays["y"])
        y[place % len(y) if len(y) > 1 else slice(None)] = 1.0 if len(y) > 1 else place % 2
        arrays["y"] = y
    elif name == "zero_weights":
        arrays |= {one: np.zeros_like(arrays[one]) for one in model.parameters}
    elif name == SATURATED:
        arrays = _saturated(arrays, model, activation, _LEAST[place % 2])
        last = _z(arrays, model, activation)[-1]
        if len(last) == 1 and (last[0, 0] > 0.0) != bool(place & 2):  # both signs, at both
            arrays |= {one: -arrays[one] for one in list(model.parameters)[-2:]}
        if agreeing:
            arrays["y"] = _sides(_z(arrays, model, activation)[-1])
    else:
        arrays = _at_kink(arrays, model, activation, place)
    return Case(arrays, case.scale)


def _z(arrays: Mapping[str, NDArray], model: Model, activation: str) -> list[NDArray[np.float64]]:
    """Each layer's z."""
    names, a, found = list(model.parameters), arrays["x"], []
    for W, b in zip(names[::2], names[1::2], strict=True):
        found.append(arrays[W] @ a + arrays[b])
        a = ACTIVATIONS[activation].g(found[-1])
    return found


def _saturated(
    arrays: dict[str, NDArray], model: Model, activation: str, least: float
) -> dict[str, NDArray]:
    """With the parameters of each layer times a power of two; so they stay float32 numbers."""
    names = list(model.parameters)
    for layer, (W, b) in enumerate(zip(names[::2], names[1::2], strict=True)):
        z = _z(arrays, model, activation)[layer]
        if layer == model.depth - 1 and len(z) > 1:
            z = np.diff(np.sort(z, axis=0), axis=0)[-1]  # softmax goes by how far the largest leads
        smallest = float(np.abs(z).min())
        times = 2.0 ** np.ceil(np.log2(least / max(smallest, 1e-6)))
        arrays |= {W: arrays[W] * times, b: arrays[b] * times}
    return arrays


def _sides(z: NDArray) -> NDArray:
    if len(z) == 1:
        return np.where(z > 0.0, 1.0, 0.0)
    return np.eye(len(z))[:, z.argmax(axis=0)]


def _at_kink(
    arrays: dict[str, NDArray], model: Model, activation: str, place: int
) -> dict[str, NDArray]:
    """Integers of the same sizes, until some z of each hidden layer is exactly 0."""
    for seed in range(_TRIES):
        drawn = of_sizes(model, sizes_of(model, arrays), "integer", _TRIES * place + seed).arrays
        found = {**arrays, **{one: drawn[one] for one in (*model.parameters, "x")}}
        if all((z == 0.0).any() for z in _z(found, model, activation)[:-1]):
            break
    return found
