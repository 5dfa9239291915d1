"""What computes the steps of a run: a function, one for each framework.

A backend takes a `Problem` and gives back `Prepared`, whose `advance` takes steps. It starts from
the parameters it is handed and takes the batches it is handed, so all backends start from the same
bytes and see the same examples in the same order. Others are found by their entry points in the
group `backproof.backends`, each the name of such a function.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Final, Protocol, TypeAlias

import numpy as np

from backproof.notation import Model
from backproof.reading.told import Unreadable, nearest
from backproof.start import Batches

GROUP: Final = "backproof.backends"
_OURS: Final = {
    "reference": "backproof.runs.with_reference",
    "jax": "backproof.runs.with_jax",
    "torch": "backproof.runs.with_torch",
}
Parameters: TypeAlias = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Problem:
    """What is to be computed: p <- p - learning_rate * gradient of the mean loss over the batch.

    Attributes:
        model: its parameters' names and layouts, and its loss.
        activation: of the hidden layers, a name of `notation.ACTIVATIONS`.
        learning_rate: to be rounded to `dtype`.
        dtype: of parameters, data and arithmetic: float32, float64 or bfloat16.
        precision: of matrix products: "highest", "high" or "default" (`jax.lax.Precision`).
        device: "cpu", "gpu" or "tpu"; None for what the framework takes by itself.
        devices: how many of them share each step; None where that is not said.
        x: examples (d, n), one per column, of `dtype`.
        y: targets (1, n) or (k, n).
        shapes: of the parameters, in the order of the layers.
        batches: the indices of the examples of every step; None for all examples each time.
        longest: the most steps that will be asked for at once.
    """

    model: Model
    activation: str
    learning_rate: float
    dtype: str
    precision: str
    device: str | None
    devices: int | None
    x: np.ndarray
    y: np.ndarray
    shapes: Mapping[str, tuple[int, ...]]
    batches: Batches | None
    longest: int

    def batch(self, step: int) -> np.ndarray | None:
        """The indices of one step's examples; None for all of them."""
        if self.batches is None:
            return None
        indices: np.ndarray = self.batches.indices[step, : self.batches.counts[step]]
        return indices


@dataclass(frozen=True)
class Advanced:
    """Some steps further.

    Attributes:
        parameters: after the last step.
        gradients: those of the last step, by the parameters' names.
        losses: of each step, before its update.
        gradient_norms: of each step, the Euclidean norm of all its gradients together.
    """

    parameters: Parameters
    gradients: Parameters
    losses: np.ndarray
    gradient_norms: np.ndarray


class Advance(Protocol):
    """Takes the steps from `start` to before `stop`; may be called again for the same ones."""

    def __call__(self, parameters: Parameters, start: int, stop: int) -> Advanced:
        """Take the steps."""


@dataclass(frozen=True)
class Prepared:
    """A problem that is ready to be computed.

    Attributes:
        advance: takes steps; however they are cut up, each has to compute the same bits.
        device: on what, in the framework's words.
        products: the precision of matrix products in fact: float64, float32, tf32, bfloat16, or
            "unknown".
        program: StableHLO, where there is one.
        compile_seconds: what compiling took, where it is done ahead.
    """

    advance: Advance
    device: str
    products: str
    program: str | None = None
    compile_seconds: float | None = None


Backend: TypeAlias = Callable[[Problem], Prepared]


def backend(name: str) -> Backend:
    """The backend of that name; `Unreadable` where there is none, or its framework is not here."""
    others = {point.name: point for point in metadata.entry_points(group=GROUP)}
    if name not in _OURS and name not in others:
        raise Unreadable(f"--backend {name}: {nearest(name, (*_OURS, *others))}")
    try:
        if name not in _OURS:
            found: Backend = others[name].load()
            return found
        prepare: Backend = importlib.import_module(_OURS[name]).prepare
    except Exception as error:  # of somebody else's module, on being imported
        raise Unreadable(f"--backend {name} cannot be had here: {_words(error)}") from None
    return prepare


def _words(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed"
    return f"{type(error).__name__}: {error}"
