"""A record of a run, read again: as it was written to the bit, or refused in words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backproof import published, tensors
from backproof.notation import ACTIVATIONS, FAMILY, Model
from backproof.reading.told import Unreadable
from backproof.runs import arrays
from backproof.runs.data import Recipe, load
from backproof.runs.description import FORMAT, VERSION, digest_of


@dataclass(frozen=True)
class Step:
    """A sampled step: p_after = p_before - learning_rate * gradient, up to rounding.

    Attributes:
        number: from 0.
        before: the parameters it starts from, by name, in the model's layouts.
        after: those it ends in; None where the record was cut off before they came.
        gradients: of the mean loss over the batch, at `before`; named as the parameters.
        batch: the indices of its examples, columns of x; None for all of them.
        loss: of the same forward pass.
    """

    number: int
    before: Mapping[str, np.ndarray]
    after: Mapping[str, np.ndarray] | None
    gradients: Mapping[str, np.ndarray]
    batch: np.ndarray | None
    loss: float


@dataclass(frozen=True)
class Run:
    """A record whose every array was found to be what was written.

    Attributes:
        folder: where it is.
        description: all that `run.json` says; `schema.json` beside this module describes it.
        model: the member of the family.
        losses: of all steps, float64.
        curves: whatever else was kept beside the losses, by name.
        steps: the numbers of the sampled steps it holds, ascending.
    """

    folder: Path
    description: Mapping[str, Any]
    model: Model
    losses: np.ndarray
    curves: Mapping[str, np.ndarray]
    steps: tuple[int, ...]

    @property
    def activation(self) -> str:
        """Of the hidden layers, a name of `notation.ACTIVATIONS`."""
        return str(self.description["activation"])

    @property
    def learning_rate(self) -> float:
        """As it was told; the run rounded it to `dtype`."""
        return float(self.description["learning_rate"])

    @property
    def dtype(self) -> str:
        """Of the parameters: float32, float64, bfloat16 or float16; "" before the first step."""
        return str(self.description["dtype"] or "")

    @property
    def initial(self) -> Mapping[str, np.ndarray]:
        """The parameters before the first step, none if there was no step."""
        return self.parameters(0) or {}

    @property
    def final(self) -> Mapping[str, np.ndarray] | None:
        """The parameters after the last step; None if the run did not come to say."""
        return self.parameters(len(self.losses))

    def parameters(self, step: int) -> Mapping[str, np.ndarray] | None:
        """The parameters before that step, None if they were not kept."""
        kept = self._file(f"parameters/{step:08d}.npz")
        return None if kept is None else {name: kept[name] for name in self.model.parameters}

    def step(self, number: int) -> Step:
        """A sampled step, one of `steps`."""
        if number not in self.steps:
            raise ValueError(f"step {number} of {self.folder} was not sampled")
        kept = dict(self._file(f"gradients/{number:08d}.npz") or {})
        batch = kept.pop("batch", None)
        return Step(
            number,
            self.parameters(number) or {},
            self.parameters(number + 1),
            {name: kept[f"d{name}"] for name in self.model.parameters},
            batch,
            float(self.losses[number]),
        )

    def data(self, path: str | Path | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The training examples as the steps saw them: x (d, n) and y (1, n) or (k, n).

        From the record, where it holds them, else from where they were (or from `path`, where that
        file is now). Raises `Unreadable` if they are not to be had, or are others.
        """
        told = self.description["data"]
        held = self._file("data.npz")
        if held is None:
            held = _had_again(told, path)
            for name, one in told["arrays"].items():
                if name not in held or arrays.described(held[name]) != one:
                    where = path or told["path"]
                    raise Unreadable(f"{where}: {name} is not what {self.folder} was trained on")
        return held["x"], held["y"]

    def _file(self, name: str) -> Mapping[str, np.ndarray] | None:
        described = self.description["files"].get(name)
        return None if described is None else arrays.read(self.folder / name, described)


def _had_again(told: Mapping[str, Any], path: str | Path | None) -> Mapping[str, np.ndarray]:
    if told["recipe"] is None:
        return arrays.read_any(Path(path or told["path"]))
    made = load(Recipe(**{**told["recipe"], "source": str(path or told["path"])}))
    return {"x": made.x, "y": made.y}


def read(folder: str | Path) -> Run:
    """Read a record and check every array against its digest.

    Raises `Unreadable` where there is none, where it is of a later version, and where a file is
    missing, cut short or not as it was written. A run that was killed reads up to its last flush.
    """
    folder = Path(folder)
    description = _description(folder)
    try:
        return _checked(folder, description)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        words = f"{type(error).__name__}: {error}"
        raise Unreadable(f"{folder / 'run.json'} does not follow its schema: {words}") from None


def _checked(folder: Path, description: Mapping[str, Any]) -> Run:
    tensors.choice("activation", description["activation"], ACTIVATIONS)
    tensors.positive("learning_rate", description["learning_rate"], "float64")
    files = description["files"]
    for name, described in files.items():
        arrays.read(folder / name, described)
    _check_program(folder, description)
    curves = {"losses": np.empty(0)}
    for name in (name for name in files if name.startswith("curves-")):
        curves = arrays.read(folder / name, files[name])
    losses = curves.pop("losses")
    steps = [int(name[10:18]) for name in files if name.startswith("gradients/")]
    steps = sorted(step for step in steps if f"parameters/{step:08d}.npz" in files)
    return Run(folder, description, FAMILY[description["model"]], losses, curves, tuple(steps))


def _description(folder: Path) -> dict[str, Any]:
    path = folder / "run.json"
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise Unreadable(f"{folder} is not a record of a run: it has no run.json") from None
    except NotADirectoryError:
        raise Unreadable(f"{folder} is a file; expected a record's folder") from None
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path} is damaged or cut short: {error}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise Unreadable(f'{path} is not a record of a run: it lacks "format": "{FORMAT}"')
    if found.get("version") != VERSION:
        came = f"version {found.get('version')!r}"
        raise Unreadable(f"{path} is of {came}, and this backproof reads version {VERSION}")
    if found.get("digest") != digest_of(found):
        raise Unreadable(f"{path} was changed since it was written; its digest differs")
    return found


def _check_program(folder: Path, description: Mapping[str, Any]) -> None:
    program = description["program"]
    if program is None:
        return
    path = folder / program["file"]
    try:
        came = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from None
    if came != program["sha256"]:
        raise Unreadable(f"{path} is not what was recorded; its SHA-256 differs")


def schema() -> Mapping[str, Any]:
    """The published schema of `run.json`, version 1."""
    return published.schema("backproof.runs", "schema.json")
