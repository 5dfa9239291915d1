"""The forward pass of a model on one case, and how to know it again among a file's own arrays.

Nothing is run here: there is a case, and there are the arrays that somebody's code held on the way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from backproof.notation import ACTIVATIONS, Model
from backproof.reading import names
from backproof.reading.spec import Spec
from backproof.reference.activations import ACTIVATIONS as DERIVED

_CLOSE = 1e-6  # what guards and float32 move a forward pass by
OUTPUTS = ("sigmoid", "softmax", "tanh", "identity")
_EXPRESSION = re.compile(r"[-+*/@(,]")
_PROBABILITY = re.compile(r"[aApPyYoO]\w{0,6}|[sS]oftmax")


def matches(
    spec: Spec,
    case: Mapping[str, np.ndarray],
    named: Sequence[tuple[str, np.ndarray]],
    slopes: Sequence[float],
) -> Iterator[tuple[str, str]]:
    """The (activation, output) pairs whose forward pass is among the arrays."""
    model = spec.family
    activations = activations_of(model, slopes)
    if model.piece is not None:
        for activation in activations:
            if is_among(_given(model, case, activation), [array for _, array in named]):
                yield activation, "identity"
        return
    # All that is looked for is as large as the labels, and most of what is there is not.
    named = [(name, array) for name, array in named if array.size == case["y"].size]
    seen = [array for _, array in named]
    # A softmax of one class is 1, whatever it is computed from.
    softmax_of_one = any(
        _PROBABILITY.fullmatch(name) and not _is_label(name) and np.all(array == 1.0)
        for name, array in named
    )
    last = {
        activation: predicted(model, case, activation, "identity") for activation in activations
    }
    possible = {
        (activation, output): _out(z, output)
        for output in OUTPUTS
        if not (output == "softmax" and model.output_axis != "k")
        and not (output == "identity" and model.output_axis == "1" and softmax_of_one)
        for activation, z in last.items()
        # Of an output that goes through a rectifier, the sum before it is shown as well; and a
        # tanh may be on its way to lie between 0 and 1.
        if output != "identity" or not _goes_on(z, seen)
        if output != "tanh" or not is_among((_out(z, output) + 1.0) / 2.0, seen)
    }
    found = [
        pair
        for pair, out in possible.items()
        if is_among(out, seen) and (pair[1] != "identity" or _is_held(out, case["y"], named))
    ]
    # Where no variable holds the prediction, its residual may be in one: e = X @ w + b - y.
    yield from found or [
        pair
        for pair, out in possible.items()
        if is_among(out - case["y"], seen) or is_among(case["y"] - out, seen)
    ]


def _is_label(name: str) -> bool:
    """Whether a variable holds labels by its name, or the label of a turn: `yi`, `y_true_i`."""
    return names.Y.fullmatch(name) is not None or _ONE_LABEL.fullmatch(name) is not None


_ONE_LABEL = re.compile(rf"(?:{names.Y.pattern})_?[ijk]")


def _is_held(z: np.ndarray, y: np.ndarray, named: Sequence[tuple[str, np.ndarray]]) -> bool:
    """Whether a variable holds it, or it is compared to the labels as it is.

    Any function may follow what is only a part of an expression, `np.arctan(X @ w) - y`, and one
    number is as good as another function of it.
    """
    if z.size > 1 and any(_EXPRESSION.search(name) is None for name in names_of(z, named)):
        return True
    seen = [array for _, array in named]
    return is_among(z - y, seen) or is_among(y - z, seen)


def _goes_on(z: np.ndarray, seen: Sequence[np.ndarray]) -> bool:
    """Whether something like a ReLU of it is among the arrays, where that is another value."""
    cut = z > 0.0
    largest = z.max(initial=-np.inf)
    return bool(cut.any() and not cut.all()) and any(
        array.size == z.size and _near(array.max(), largest) and _is_cut(z, array.squeeze())
        for array in seen
    )


def _is_cut(z: np.ndarray, array: np.ndarray) -> bool:
    """Whether it is z where that is positive, and some share of it elsewhere."""
    score = z.squeeze()
    for turned in (score, score.T):
        if turned.shape == array.shape and not same(score, array):
            below = turned < 0.0
            shares = array[below] / turned[below]
            return bool(
                np.allclose(array[turned > 0.0], turned[turned > 0.0], rtol=_CLOSE, atol=_CLOSE)
                and np.ptp(shares) <= _CLOSE
                and 0.0 <= shares[0] < 1.0
            )
    return False


def activations_of(model: Model, slopes: Sequence[float] = ()) -> list[str]:
    """What may be between the layers; `slopes` are those of the file's leaky ReLUs."""
    leaky = [f"leaky_relu_{slope:g}" for slope in slopes]
    return [*ACTIVATIONS, *leaky] if model.has_activation else ["identity"]


def margins(
    spec: Spec, case: Mapping[str, np.ndarray], seen: Sequence[np.ndarray]
) -> Iterator[tuple[str, str]]:
    """The models of which it computes y z, or the sigmoid or the exponential of that."""
    model, sign = spec.family, 2.0 * case["y"] - 1.0
    for activation in activations_of(model):
        score = sign * predicted(model, case, activation, "identity")
        of_both = [
            z for z in (score, -score) for z in (_out(z, "sigmoid"), np.exp(z), 1.0 + np.exp(z))
        ]
        if any(is_among(array, seen) for array in of_both):
            yield activation, "sigmoid"
        elif is_among(score, seen) or is_among(-score, seen):
            yield activation, "identity"


def predicted(
    model: Model, case: Mapping[str, np.ndarray], activation: str, output: str
) -> np.ndarray:
    """yhat of a case, in our layout."""
    z: np.ndarray | None = None
    layers = list(model.parameters)
    for weight, bias in zip(layers[::2], layers[1::2], strict=True):
        a = case["x"] if z is None else DERIVED[activation].g(z)
        z = case[weight] @ a + case[bias]
    assert z is not None
    return _out(z, output)


def parting(
    model: Model,
    case: Mapping[str, np.ndarray],
    seen: Sequence[tuple[str, np.ndarray]],
    slopes: Sequence[float],
) -> str:
    """In words, where the variables of a forward pass stop being those of the model."""
    layers = list(model.parameters)
    arrays = [array for _, array in seen]
    a, entering, known = case["x"], "x", ""
    through: list[str] = []
    for place, (weight, bias) in enumerate(zip(layers[::2], layers[1::2], strict=True), 1):
        z, text = case[weight] @ a + case[bias], f"{weight} {entering} + {bias}"
        if place == model.depth:
            if len(set(through)) > 1 and any(is_among(_out(z, one), arrays) for one in OUTPUTS):
                listed = " and ".join(through)
                return f"its hidden layers go through {listed}, those of a model all through one"
            telling = bool((z > 0.0).any() and (z < 0.0).any())
            for name in activations_of(model, slopes) if telling else ():
                if "lu" in name and is_among(np.asarray(DERIVED[name].g(z)), arrays):
                    return f"its output is the {name} of {text}, where a model's goes through none"
            return f"{known}none of its variables is {text}, or the sigmoid, softmax or tanh of it"
        found = [
            name
            for name in activations_of(model, slopes)
            if name != "identity" and is_among(np.asarray(DERIVED[name].g(z)), arrays)
        ]
        if not found:
            choices = ", ".join(name for name in ACTIVATIONS if name != "identity")
            held = [name for name in names_of(z, seen) if name.isidentifier()]
            if held:
                called = min(held, key=lambda name: (name[0] not in "zZ", name))
                steepness = _steepness(z, arrays)
                if steepness is not None:
                    return f"{known}`{called}` is {text}, and what follows the sigmoid of " + (
                        f"{steepness:g} times it"
                    )
                return f"{known}`{called}` is {text}, but what follows is none of {choices}"
            return f"{known}none of its variables is {text}, or {choices} of it"
        through.append(found[0])
        a, entering = np.asarray(DERIVED[found[0]].g(z)), f"a{place}"
        known = f"a{place} is the {found[0]} of layer {place}, but "
    return ""


def _steepness(z: np.ndarray, seen: Sequence[np.ndarray]) -> float | None:
    """The number c other than 1 for which some array is the sigmoid of c z."""
    for array in seen:
        if array.size != z.size or not np.all((array >= 0.0) & (array <= 1.0)):
            continue
        near = int(np.argmax(-np.abs(array - 0.25)))
        for turned in (array.squeeze(), array.squeeze().T):
            value, score = turned.flat[near], z.squeeze()
            if turned.shape != score.shape or score.flat[near] == 0.0 or not 0.0 < value < 1.0:
                continue
            steepness = float(f"{np.log(value / (1.0 - value)) / score.flat[near]:.6g}")
            if same(_out(steepness * z, "sigmoid"), array):
                return steepness
    return None


def _given(model: Model, case: Mapping[str, np.ndarray], activation: str) -> np.ndarray:
    """What a piece gives forward."""
    z = case["Z"] if model.piece == "activation" else case["W"] @ case["A_prev"] + case["b"]
    return np.asarray(DERIVED[activation].g(z)) if model.has_activation else z


def _out(z: np.ndarray, output: str) -> np.ndarray:
    with np.errstate(all="ignore"):
        if output == "sigmoid":
            return np.asarray(1.0 / (1.0 + np.exp(-z)))
        if output == "tanh":
            return np.asarray(np.tanh(z))
        if output == "softmax":
            e = np.exp(z - z.max(axis=0))
            return np.asarray(e / e.sum(axis=0))
    return z


def is_among(value: np.ndarray, seen: Sequence[np.ndarray]) -> bool:
    """Whether one of the arrays is the value, whatever its orientation."""
    return any(same(value, array) for array in seen)


def same(value: np.ndarray, array: np.ndarray) -> bool:
    """Whether an array is the value or its transpose, axes of size 1 aside, up to guards."""
    # Most are told apart by their first entry, which is the same however they are turned.
    if array.size != value.size or not _near(array.flat[0], value.flat[0]):
        return False
    squeezed, wanted = array.squeeze(), value.squeeze()
    for turned in (wanted, wanted.T):
        if squeezed.shape == turned.shape and np.allclose(
            squeezed, turned, rtol=_CLOSE, atol=_CLOSE
        ):
            return True
    return False


def _near(one: float, other: float) -> bool:
    return bool(abs(one - other) <= _CLOSE * (1.0 + abs(other)))


def names_of(value: np.ndarray, seen: Sequence[tuple[str, np.ndarray]]) -> set[str]:
    """The variables that hold this value."""
    return {name for name, array in seen if same(value, array)}


def names_of_entries(value: np.ndarray, seen: Sequence[tuple[str, np.ndarray]]) -> set[str]:
    """The variables that hold one entry of this value, as those of a single neuron do."""
    return {
        name
        for name, array in seen
        if array.size == 1 and any(_near(array.flat[0], entry) for entry in value.flat)
    }
