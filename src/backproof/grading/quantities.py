"""Every quantity of a model on secret cases: what graded functions are given and should answer.

A function of a homework takes some quantities and gives others: `gradient(X, Y, Y_hat)` takes x, y
and yhat and gives dw and db. All of them come from one forward and one backward pass, so what a
function is given is true however wrong the functions before it are, and what it should answer has
an error bound that covers every way from the parameters to it.

By symbol, layers numbered where there is more than one: x, y, W, b, the layers' z and a, yhat, the
predicted label, the loss, the gradients of the loss with respect to all of these with d in front,
and the parameters after a step down the gradient at the rate `rate` with ' behind.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from backproof import models, program_cache
from backproof.cases import Case, of_sizes, sizes_of
from backproof.error_bounds import FORMATS, bounded
from backproof.notation import Model
from backproof.rounding_rules import Format

LARGEST: Final = 8  # size of an axis: cases that a person can follow, and one program for all
RATES: Final = (0.5, 0.125, 0.03125)
_LABEL: Final = "label"


class Known(NamedTuple):
    """Of one case, by symbol: each quantity in float64, and its error bound in a precision."""

    values: Mapping[str, NDArray]
    bounds: Mapping[str, NDArray]
    sizes: Mapping[str, int]


@functools.cache
def layouts(model: Model) -> Mapping[str, str]:
    """The symbols of a model and how each is laid out; columns are examples."""
    found = dict(model.layouts)
    rows = [layout.split()[0] for name, layout in model.parameters.items() if name[0] in "Ww"]
    for layer, row in enumerate(rows, start=1):
        number = str(layer) if model.depth > 1 else ""
        found[f"z{number}"] = f"{row} n"
        found[f"dz{number}"] = f"{row} n"
        if layer < model.depth:
            found[f"a{number}"] = f"{row} n"
            found[f"da{number}"] = f"{row} n"
    found |= {"yhat": f"{model.output_axis} n", "dyhat": f"{model.output_axis} n", "dx": "d n"}
    found |= {f"d{name}": layout for name, layout in model.parameters.items()}
    found |= {f"{name}'": layout for name, layout in model.parameters.items()}
    return found | {"loss": "", "rate": "", _LABEL: "1 n"}


def drawn(
    model: Model,
    count: int,
    seed: int,
    fixed: Mapping[str, int] | None = None,
    several: Collection[int] = (),
) -> list[Case]:
    """`count` mild cases of sizes up to 8 that all differ, one in eight with one example only.

    Labels of a classifier are certain, as homework has them: 0 or 1, or one-hot. The same seed
    gives the same cases. `fixed` are sizes that the assignment fixes; in the places `several` there
    is more than one example.
    """
    rng = np.random.default_rng(seed)
    cases = []
    for place in range(count):
        sizes = dict(
            zip(model.axes, rng.permutation(np.arange(2, LARGEST + 1)).tolist(), strict=False)
        )
        if place % 8 == 7 and place not in several:
            sizes["n"] = 1
        cases.append(
            _certain(
                model,
                of_sizes(model, {**sizes, **(fixed or {})}, "mild", int(rng.integers(1 << 62))),
            )
        )
    return cases


def _certain(model: Model, case: Case) -> Case:
    y = case.arrays["y"]
    if model.output == "softmax":
        y = np.eye(y.shape[0])[:, y.argmax(axis=0)]
    elif model.output == "sigmoid":
        y = np.where(y > 0.5, 1.0, 0.0)
    return Case({**case.arrays, "y": y}, case.scale)


def rate_of(place: int) -> float:
    """The learning rate of the case in this place."""
    return RATES[place % len(RATES)]


def known(
    model: Model,
    cases: Sequence[Case],
    activation: str,
    precision: str = "float64",
    rates: Sequence[float] | None = None,
    kinks: Sequence[float] | None = None,
) -> list[Known]:
    """All quantities of each case, with bounds for code that rounds to `precision`.

    `rates` are the cases' learning rates, `rate_of` where they are not told, and `kinks` what
    g'(0) is in each where the activation has a kink, 0 if they are not told.
    """
    rates = [rate_of(place) for place in range(len(cases))] if rates is None else rates
    judged, own = FORMATS[precision], FORMATS["float64"]
    fmt = np.array([judged.u + own.u, judged.smallest + own.smallest])
    tensors = _padded(model, cases)
    tensors |= {"rate": np.array(rates), "kink": np.zeros(len(cases))}
    if kinks is not None:
        tensors["kink"] = np.array(kinks)
    program_cache.use()
    with program_cache.float64_on_cpu():
        values, bounds = jax.tree.map(np.asarray, _program(model, activation)(tensors, fmt))
    own_layouts = layouts(model)
    found = []
    for row, case in enumerate(cases):
        sizes = sizes_of(model, case.arrays)
        parts = {name: _part(own_layouts[name], {**sizes, "1": 1}) for name in values}
        found.append(
            Known(
                {name: values[name][row][part].copy() for name, part in parts.items()}
                | {name: np.asarray(array) for name, array in case.arrays.items()}
                | {"rate": np.asarray(rates[row])},
                {name: bounds[name][row][part].copy() for name, part in parts.items()},
                sizes,
            )
        )
    return found


def _part(layout: str, sizes: Mapping[str, int]) -> tuple[slice, ...]:
    return tuple(slice(sizes[axis]) for axis in layout.split())


def _padded(model: Model, cases: Sequence[Case]) -> dict[str, NDArray]:
    """The cases in arrays of one size, with masks that say which examples and classes are real."""
    sizes = dict.fromkeys(model.axes, LARGEST)
    shapes = {tensor: model.shape(tensor, sizes) for tensor in model.layouts}
    shapes |= {"examples": (LARGEST,), "classes": (shapes["y"][0],)}
    padded = {name: np.zeros((len(cases), *shape)) for name, shape in shapes.items()}
    for row, case in enumerate(cases):
        for tensor, array in case.arrays.items():
            rows, columns = array.shape
            padded[tensor][row, :rows, :columns] = array
        classes, examples = case.arrays["y"].shape
        padded["examples"][row, :examples] = 1.0
        padded["classes"][row, :classes] = 1.0
    return padded


@functools.cache
def _program(model: Model, activation: str) -> Any:
    """From a batch of padded tensors and (u, smallest) to all values and bounds."""

    def one(tensors: Mapping[str, Array], fmt: Array) -> Any:
        padding = models.Padding(tensors["examples"], tensors["classes"])
        parameters = {name: tensors[name] for name in model.parameters}
        moved = {name: jnp.zeros(shape) for name, shape in _on_the_way(model).items()}

        def everything(base: tuple[Mapping[str, Array], Mapping[str, Array]]) -> Any:
            slopes, seen = jax.grad(
                lambda of: _loss(model, activation, tensors, padding, *of), has_aux=True
            )(base)
            gradients = {f"d{name}": slope for part in slopes for name, slope in part.items()}
            stepped = {
                f"{name}'": value - tensors["rate"] * gradients[f"d{name}"]
                for name, value in base[0].items()
            }
            return {**seen, **gradients, **stepped}

        precision = Format(fmt[0], fmt[1])
        values, bounds = bounded(everything, precision, (parameters, moved))
        bounds["loss"] = jnp.maximum(bounds["loss"], bounds.pop("long way"))
        del values["long way"]
        values[_LABEL], bounds[_LABEL] = _labels(model, padding, values["yhat"], bounds["yhat"])
        return values, bounds

    return jax.jit(jax.vmap(one, in_axes=(0, None)), compiler_options=program_cache.QUICKLY)


def _on_the_way(model: Model) -> dict[str, tuple[int, ...]]:
    """The padded shapes of what has a gradient and is no parameter: x, the layers' z and a."""
    named = layouts(model)
    found = ["x", *(name for name in named if name[0] in "za"), "yhat"]
    return {
        name: tuple(1 if axis == "1" else LARGEST for axis in named[name].split()) for name in found
    }


def _loss(
    model: Model,
    activation: str,
    tensors: Mapping[str, Array],
    padding: models.Padding,
    parameters: Mapping[str, Array],
    moved: Mapping[str, Array],
) -> tuple[Array, dict[str, Array]]:
    """The mean loss with each quantity moved by what is in `moved`, and all quantities.

    The gradient with respect to a move is the gradient with respect to the quantity.
    """
    seen: dict[str, Array] = {}
    names = iter(model.parameters)
    a = tensors["x"] + moved["x"]
    z = a
    real = padding.examples[None, :] > 0.0
    for layer, (weight, bias) in enumerate(zip(names, names, strict=True), start=1):
        number = str(layer) if model.depth > 1 else ""
        z = parameters[weight] @ a + parameters[bias] + moved[f"z{number}"]
        seen[f"z{number}"] = z
        if layer < model.depth:
            a = models.activate(activation, z, tensors["kink"]) + moved[f"a{number}"]
            seen[f"a{number}"] = a
    if model.output == "softmax":
        z = jnp.where(padding.classes[:, None] > 0.0, z, models.PADDED_LOGIT)
    seen["yhat"] = models.predict(model, z)
    n = jnp.sum(padding.examples)
    stable, long_way = models.example_losses(model, z, tensors["y"], padding.classes)
    loss = jnp.sum(jnp.where(real[0], stable, 0.0)) / n
    seen["loss"] = loss
    seen["long way"] = jnp.sum(jnp.where(real[0], long_way, 0.0)) / n
    slope = jnp.where(real, _slope_through_yhat(model, seen["yhat"], tensors["y"]), 0.0) / n
    # The way through yhat is not the loss's own; only its gradient there is wanted.
    through = jnp.sum(jax.lax.stop_gradient(slope) * moved["yhat"])
    return loss + through, seen


def _slope_through_yhat(model: Model, yhat: Array, y: Array) -> Array:
    """dL/dyhat of each example's loss, as the lecture's long way has it."""
    if model.output == "sigmoid":
        return (yhat - y) / (yhat * (1.0 - yhat))
    return -y / yhat if model.output == "softmax" else yhat - y


def _labels(
    model: Model, padding: models.Padding, yhat: Array, error: Array
) -> tuple[Array, Array]:
    """The predicted label, and whether it may be another: 1 or 0."""
    if model.output_axis == "1":
        return jnp.where(yhat >= 0.5, 1.0, 0.0), jnp.where(jnp.abs(yhat - 0.5) <= error, 1.0, 0.0)
    real = padding.classes[:, None] > 0.0
    low, high = jnp.where(real, yhat - error, -1.0), jnp.where(real, yhat + error, -1.0)
    best = jnp.argmax(jnp.where(real, yhat, -1.0), axis=0)
    others = jnp.where(jnp.arange(yhat.shape[0])[:, None] == best[None, :], -1.0, high)
    unsure = jnp.max(others, axis=0) >= jnp.take_along_axis(low, best[None, :], axis=0)[0]
    return best[None, :].astype(yhat.dtype), jnp.where(unsure, jnp.inf, 0.0)[None, :]
