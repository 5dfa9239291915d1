"""What users hand over as tensors and numbers, checked against a model's layouts, in words.

Without JAX, so that a loop of another framework can be recorded without importing it.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from ml_dtypes import bfloat16
from numpy.typing import ArrayLike

from backproof.notation import MODELS, Model

DType: TypeAlias = Literal["float32", "float64", "bfloat16"]


def dtype_of(name: str) -> np.dtype[Any]:
    """The NumPy type of that name, bfloat16 among them."""
    return np.dtype(bfloat16 if name == "bfloat16" else name)


def shown(value: np.ndarray) -> str:
    """A tensor as messages show it: `float32[3,4]`."""
    return f"{value.dtype}[{','.join(map(str, value.shape))}]"


def choice(argument: str, value: Any, options: Collection[str]) -> Any:
    """`value`, which has to be one of `options`; ValueError names the nearest."""
    if isinstance(value, str) and value in options:
        return value
    close = difflib.get_close_matches(str(value), options, 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"{argument}={value!r}: expected one of {', '.join(options)}{hint}")


def model_of(model: str | Model) -> Model:
    """The model, itself or by its name in `MODELS`."""
    return model if isinstance(model, Model) else MODELS[choice("model", model, MODELS)]


def positive(argument: str, value: float, dtype: str) -> np.ndarray:
    """A positive number rounded to `dtype`, in which it has to be finite."""
    with np.errstate(over="ignore"):
        plain = value if isinstance(value, int | float | np.number) else 0.0
        number = np.asarray(plain).astype(dtype_of(dtype))
    if not 0.0 < number < math.inf:
        raise ValueError(f"{argument}={value!r}: expected a positive number, finite in {dtype}")
    return number


def whole(argument: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """A whole number from `least` to `most`."""
    plain = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if plain and least <= value and (most is None or value <= most):
        return int(value)
    upper = "" if most is None else f" to n={most}"
    raise ValueError(f"{argument}={value!r}: expected a whole number from {least}{upper}")


def sized(model: Model, sizes: Mapping[str, int], axes: Sequence[str]) -> None:
    """Check that each of `axes` has a size."""
    for axis in axes:
        if axis not in sizes:
            raise ValueError(f"sizes={dict(sizes)}: {model.name} also needs {axis!r}")
        whole(f"sizes[{axis!r}]", sizes[axis])


def hidden_sizes(model: Model, hidden: int | Sequence[int]) -> dict[str, int]:
    """The sizes of the hidden axes, from one number for all or one for each."""
    axes = model.hidden_axes
    units = hidden if isinstance(hidden, Sequence) else [hidden] * len(axes)
    if len(units) != len(axes):
        expected = f"one number, or one for each hidden layer of {model.name}, {len(axes)}"
        raise ValueError(f"hidden={hidden!r}: expected {expected}")
    return {axis: whole("hidden", count) for axis, count in zip(axes, units, strict=True)}


def for_layers(units: Sequence[int]) -> int | Sequence[int]:
    """Settings' hidden units as `hidden_sizes` takes them: a single number is for all layers."""
    return units[0] if len(units) == 1 else units


def matrix(argument: str, value: ArrayLike, layout: str) -> np.ndarray:
    """`value` as a NumPy matrix of real numbers."""
    expected = f"expected real numbers, ({layout.replace(' ', ', ')})"
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{argument}: not an array ({error}); {expected}") from None
    if array.dtype.kind not in "biuf" and array.dtype != bfloat16:
        raise ValueError(f"{argument}: {shown(array)}; {expected}")
    if array.ndim != 2 or not array.size:
        hint = f"; a single row is `{argument}[None, :]`" if array.ndim == 1 else ""
        raise ValueError(f"{argument}: {shown(array)}; {expected}, each axis from 1{hint}")
    return array


def cast(argument: str, array: np.ndarray, dtype: str) -> np.ndarray:
    """`array` in `dtype`, in which every number of it has to be finite."""
    with np.errstate(over="ignore"):
        cast = array.astype(dtype_of(dtype), order="K", copy=False)
    if np.isfinite(cast).all():
        return cast
    row, column = np.argwhere(~np.isfinite(cast))[0]
    raise ValueError(
        f"{argument}: {shown(array)} holds {array[row, column]} at [{row}, {column}]; expected "
        f"finite numbers of {dtype}: leave such examples out or fill them in"
    )


def bind(argument: str, array: np.ndarray, layout: str, sizes: dict[str, int]) -> None:
    """Give the axes of `layout` the sizes they have in `array`, or say which does not fit."""
    axes = layout.split()
    known = [1 if axis == "1" else sizes.get(axis) for axis in axes]

    def fits(shape: tuple[int, ...]) -> bool:
        return all(size in (None, came) for size, came in zip(known, shape, strict=True))

    if not fits(array.shape):
        bound = ", ".join(f"{a}={k}" for a, k in zip(axes, known, strict=True) if a != "1" and k)
        expected = f"({', '.join(axes)})" + (f" with {bound}" if bound else "")
        hint = f"; turned it fits: pass `{argument}.T`" if fits(array.T.shape) else ""
        raise ValueError(f"{argument}: {shown(array)}; expected {expected}{hint}")
    sizes |= {axis: size for axis, size in zip(axes, array.shape, strict=True) if axis != "1"}


def examples(
    model: Model, x: ArrayLike, y: ArrayLike, dtype: str
) -> tuple[np.ndarray, np.ndarray, dict[str, int]]:
    """Check the data. Returns x and y as arrays, and the sizes of d, n and k."""
    sizes: dict[str, int] = {}
    x, y = matrix("x", x, "d n"), matrix("y", y, model.layouts["y"])
    if x.shape[1] != y.shape[1] == x.shape[0]:
        hint = "examples are columns here: where they are the rows of x, pass `x.T`"
        raise ValueError(f"x: {shown(x)} and y: {shown(y)}; expected (d, n), the same n; {hint}")
    bind("x", x, "d n", sizes)
    bind("y", y, model.layouts["y"], sizes)
    if model.output != "identity" and len(wrong := y[(y < 0) | (y > 1)]):
        raise ValueError(f"y: {shown(y)} holds {wrong[0]}; expected probabilities, from 0 to 1")
    if model.output == "softmax" and abs(y.astype(np.float64).sum(axis=0) - 1.0).max() > 0.01:
        hint = "a probability for each class: of class numbers c make `np.eye(k)[:, c]`"
        raise ValueError(f"y: {shown(y)}, not all columns sum to 1; expected (k, n), {hint}")
    return cast("x", x, dtype), cast("y", y, dtype), sizes


def fitted_parameters(
    model: Model, parameters: Mapping[str, ArrayLike], sizes: Mapping[str, int], dtype: str
) -> dict[str, np.ndarray]:
    """Check the user's parameters, in the order of the layers; they settle the hidden sizes."""
    if not isinstance(parameters, Mapping) or set(parameters) != set(model.parameters):
        came = list(parameters) if isinstance(parameters, Mapping) else type(parameters).__name__
        raise ValueError(f"parameters: {came}; expected a dict of {', '.join(model.parameters)}")
    bound, arrays = dict(sizes), dict[str, np.ndarray]()
    for name, layout in model.parameters.items():
        array = matrix(name, parameters[name], layout)
        bind(name, array, layout, bound)
        arrays[name] = cast(name, array, dtype)
    return arrays
