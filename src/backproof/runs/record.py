"""Recording a training run, in the loop of any framework.

    with backproof.record("runs/a", model="mlp", x=x, y=y, learning_rate=0.1) as run:
        for batch in batches:
            loss, gradients = ...
            run.step(parameters, gradients, loss, batch=batch)   # before the update
            parameters = ...
        run.end(parameters)

A record is a folder: `run.json` (its schema is `schema.json` beside this module) and the files of
arrays that it names. Files are written whole and only then named, so at any moment the folder reads
as it was when `run.json` was last replaced. What is kept, and how much: docs/train.md.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from backproof import tensors
from backproof.notation import ACTIVATIONS, FAMILY
from backproof.runs import arguments, arrays
from backproof.runs.arrays import as_numpy
from backproof.runs.description import FORMAT, VERSION, as_json
from backproof.runs.environment import environment

DATA_STORED: Final = 16 * 2**20  # bytes of x and y up to which they are kept in the record
BUDGET: Final = 64 * 2**20  # bytes of parameters, gradients and batches
FEWEST, MOST = 4, 128  # sampled steps, whatever the budget
UNKNOWN_STEPS: Final = 2**20  # how long a run may be that does not say
FLUSH_SECONDS: Final = 1.0


def sampled_steps(count: int, steps: int) -> tuple[int, ...]:
    """At most `count` step numbers below `steps`: the first quarter from 0 on, the others to the
    last at equal ratios.
    """
    if steps <= count:
        return tuple(range(steps))
    first = max(1, count // 4)
    spaced = np.rint(np.geomspace(first, steps - 1, count - first)).astype(int)
    return tuple(sorted({*range(first), *spaced.tolist()}))


class Recorder:
    """Writes a record; `record` makes one.

    Attributes:
        folder: of the record.
        description: what `run.json` says, at the next flush.
        sampled: the numbers of the steps that are kept; empty before the first one.
        computed: seconds that the steps took, by a loop that knows; None: all that passed between
            the calls.
    """

    def __init__(self, folder: Path, description: dict[str, Any], budget: int) -> None:
        self.folder, self.description = folder, description
        self.sampled: tuple[int, ...] = tuple(description["sampled"])
        self._budget, self._model = budget, FAMILY[description["model"]]
        self._losses: list[float] = []
        self._curves: dict[str, np.ndarray] = {}
        self._sizes: dict[str, int] = dict(description["sizes"])
        self._stale: list[str] = []
        self._flushed, self._began, self._ours = time.monotonic(), time.monotonic(), 0.0
        self.computed: float | None = None

    @property
    def steps(self) -> int:
        """How many steps there were: the number of the next one."""
        return len(self._losses)

    @property
    def samples_next(self) -> bool:
        """Whether the next step's gradients are kept; for others they need not be fetched."""
        return not self.sampled or self.steps in self.sampled

    def step(
        self,
        parameters: Mapping[str, Any],
        gradients: Mapping[str, Any],
        loss: Any,
        *,
        batch: Any = None,
    ) -> None:
        """Record a step, before its update.

        Where the step is not a sampled one, only its loss is looked at, and its parameters are if
        they are those after a sampled one.

        Args:
            parameters: from which the step starts: by the names of the model, in its layouts
                (biases may have one axis); anything `np.asarray` takes, or PyTorch's tensors.
            gradients: at these parameters, on this batch; named as them, or with a `d` in front.
            loss: one number, of the same forward pass.
            batch: indices of the examples (columns of x) it is the mean over; None: all of them.

        Raises:
            ValueError: for what does not fit the model, naming it.
            OSError: where the record cannot be written; what was flushed before still reads.
        """
        began, number = time.monotonic(), self.steps
        if number == 0:  # what came before it was no step
            self._began, self._ours = began, 0.0
        if not self.sampled:
            self._plan(parameters, gradients, batch)
        if number in self.sampled:
            kept = {f"d{name}": value for name, value in self._fitted(gradients, "d").items()}
            if batch is not None:
                kept["batch"] = self._indices(batch)
            self._write(f"gradients/{number:08d}.npz", kept)
        if number in self.sampled or number - 1 in self.sampled:
            self._write(f"parameters/{number:08d}.npz", self._fitted(parameters))
        self._lose([arguments.number(loss)])
        if number in self.sampled or began - self._flushed > FLUSH_SECONDS:
            self.flush()
        self._ours += time.monotonic() - began

    def passed(self, losses: ArrayLike) -> None:
        """Record the losses of the next steps, none of which is a sampled one."""
        self._lose(np.asarray(losses, np.float64).tolist())

    def end(self, parameters: Mapping[str, Any]) -> None:
        """Record the parameters after the last step."""
        self._write(f"parameters/{self.steps:08d}.npz", self._fitted(parameters))

    @property
    def kept(self) -> Mapping[str, np.ndarray]:
        """The curves beside the losses."""
        return self._curves

    def curves(self, **curves: np.ndarray) -> None:
        """Keep these beside the losses from the next flush on, in place of any of their names."""
        self._curves |= curves

    def checkpoint(self, parameters: Mapping[str, Any]) -> None:
        """Keep what the run can go on from after the last step, and flush."""
        name, files = f"checkpoint-{self.steps:08d}.npz", self.description["files"]
        self._stale += [old for old in files if old.startswith("checkpoint") and old != name]
        self._write(name, self._fitted(parameters))
        self.description["checkpoint"] = self.steps
        self.flush()

    def flush(self) -> None:
        """Write what came since the last time: from here on the record reads up to this step."""
        files = self.description["files"]
        name = f"curves-{self.steps:08d}.npz"
        self._stale += [old for old in files if old.startswith("curves-")]
        self._write(name, {"losses": np.array(self._losses, np.float64), **self._curves})
        stale = [old for old in self._stale if old != name and files.pop(old, None) is not None]
        now = time.monotonic()
        spent = now - self._began - self._ours if self.computed is None else self.computed
        self.description["seconds"]["steps"] = spent
        self.description["steps"] = self.steps
        arrays.replace(self.folder / "run.json", as_json(self.description))
        for old in stale:
            with contextlib.suppress(OSError):
                (self.folder / old).unlink()
        self._stale, self._flushed = [], now

    def restore(self, losses: Sequence[float], curves: Mapping[str, np.ndarray]) -> None:
        """Go on after these steps, which were recorded before."""
        self._losses, self._curves = list(losses), dict(curves)

    def finish(self, status: str, reason: str | None = None) -> None:
        """Say how it ended, "complete" or "stopped", and flush."""
        self.description |= {"status": status, "reason": reason}
        if status == "complete":
            self._stale += [old for old in self.description["files"] if "checkpoint" in old]
            self.description["checkpoint"] = None
        self.flush()

    def __enter__(self) -> Recorder:
        self.flush()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.description["status"] != "running":
            return
        if kind is None:
            self.finish("complete")
            return
        with contextlib.suppress(OSError):  # what the block raised is worth more
            self.finish("stopped", f"{kind.__name__}: {error}".rstrip(": "))

    def _lose(self, losses: list[float]) -> None:
        if self.description["first_not_finite"] is None:
            bad = np.flatnonzero(~np.isfinite(losses))
            if bad.size:
                self.description["first_not_finite"] = self.steps + int(bad[0])
        self._losses += losses

    def _write(self, name: str, content: Mapping[str, np.ndarray]) -> None:
        try:
            self.description["files"][name] = arrays.write(self.folder / name, content)
        except OSError as error:
            reads = f"the record reads up to step {self.description['steps']}"
            raise OSError(error.errno, f"{error.strerror}; {reads}") from None

    def _plan(self, parameters: Any, gradients: Any, batch: Any) -> None:
        first, slopes = self._fitted(parameters), self._fitted(gradients, "d")
        cost = 2 * sum(value.nbytes for value in first.values())
        cost += sum(value.nbytes for value in slopes.values())
        cost += 0 if batch is None else self._indices(batch).nbytes
        count = min(max(self._budget // cost, FEWEST), MOST)
        self.sampled = sampled_steps(count, self.description["planned_steps"] or UNKNOWN_STEPS)
        kinds = {value.dtype.name: value.dtype for value in (*first.values(), *slopes.values())}
        if len(kinds) > 1:
            raise ValueError(f"parameters and gradients: {', '.join(kinds)}; expected one type")
        ((kind, dtype),) = kinds.items()
        x = arrays.DTYPES[self.description["data"]["arrays"]["x"]["dtype"]]
        if x.kind not in "biu" and x.itemsize > dtype.itemsize:
            raise ValueError(f"x: {x.name}, parameters: {kind}; pass x as the loop's steps see it")
        self.description |= {"dtype": kind, "sampled": list(self.sampled), "sizes": self._sizes}

    def _fitted(self, given: Mapping[str, Any], prefix: str = "") -> dict[str, np.ndarray]:
        layouts = self._model.parameters
        is_dict = isinstance(given, Mapping)
        names = list(given) if is_dict else []
        named = {n if n in layouts else str(n).removeprefix(prefix): n for n in names}
        if set(named) != set(layouts) or len(named) != len(names):
            expected = f"a dict of {', '.join(prefix + name for name in layouts)}"
            what = "gradients" if prefix else "parameters"
            came = names if is_dict else type(given).__name__
            raise ValueError(f"{what}: {came}; expected {expected}, the names of the model")
        fitted = {}
        for name, layout in layouts.items():
            value = as_numpy(prefix + name, given[named[name]])
            if value.ndim < 2 and "1" in layout.split():
                value = value.reshape((-1, 1) if layout.endswith(" 1") else (1, -1))
            value = tensors.matrix(prefix + name, value, layout)
            if value.dtype.name not in arrays.DTYPES or value.dtype.kind in "biu":
                kinds = "bfloat16, float16, float32 or float64"
                raise ValueError(f"{prefix}{name}: {tensors.shown(value)}; expected {kinds}")
            if self.description["dtype"] not in (None, value.dtype.name):
                first = f"{self.description['dtype']}, as at the first step"
                raise ValueError(f"{prefix}{name}: {tensors.shown(value)}; expected {first}")
            tensors.bind(prefix + name, value, layout, self._sizes)
            fitted[name] = value
        return fitted

    def _indices(self, batch: Any) -> np.ndarray:
        indices, n = as_numpy("batch", batch), self._sizes["n"]
        fits = indices.ndim == 1 and indices.size > 0 and indices.dtype.kind in "iu"
        if not fits or indices.min() < 0 or indices.max() >= n:
            expected = f"whole numbers below n={n}, the columns of x that the step saw"
            raise ValueError(f"batch: {tensors.shown(indices)}; expected {expected}")
        return indices.astype(np.int64)


def record(
    folder: str | Path,
    *,
    model: str,
    x: Any,
    y: Any,
    learning_rate: float,
    activation: str = "sigmoid",
    batch_size: int | None = None,
    steps: int | None = None,
    backend: str = "unknown",
    device: str = "unknown",
    products: str = "unknown",
    seeds: Mapping[str, int] | None = None,
    data_path: str | Path | None = None,
    program: str | None = None,
    compile_seconds: float | None = None,
    budget: int = BUDGET,
) -> Recorder:
    """A record of a run of gradient descent, for a `with` block; see `Recorder.step`.

    Args:
        folder: for the record; new or empty.
        model: a name of `notation.FAMILY` that is no piece.
        x: the training examples as the steps see them, (d, n), of the parameters' type.
        y: their targets, (1, n) or (k, n).
        learning_rate: of every step.
        activation: of the hidden layers.
        batch_size: examples per step; None for all of them.
        steps: how many there will be, if that is known: the sampled ones then reach the last.
        backend: the framework's name.
        device: what it computes on.
        products: the precision of its matrix products in fact: float64, float32, tf32, bfloat16.
        seeds: whatever was drawn, by name.
        data_path: an NPZ file of x and y as given here; needed where they take more than
            `DATA_STORED` bytes, which the record does not hold.
        program: the step's StableHLO, where there is one.
        compile_seconds: what compiling took, where that is known.
        budget: bytes for parameters, gradients and batches; four steps are kept whatever they take.

    Raises:
        ValueError: for an argument that does not fit, naming it.
        OSError: where the record cannot be written.
    """
    known = {name: one for name, one in FAMILY.items() if one.piece is None}
    chosen = known[tensors.choice("model", model, known)]
    tensors.choice("activation", activation, ACTIVATIONS)
    x, y = as_numpy("x", x), as_numpy("y", y)
    for name, value in (("x", x), ("y", y)):
        if value.dtype.name not in arrays.DTYPES:
            raise ValueError(f"{name}: {tensors.shown(value)}; expected real numbers")
    *_, sizes = tensors.examples(chosen, x, y, "float64")
    if batch_size is not None:
        batch_size = tensors.whole("batch_size", batch_size, most=sizes["n"])
    steps = None if steps is None else tensors.whole("steps", steps)
    budget = tensors.whole("budget", budget, least=0)
    for name, told in (("backend", backend), ("device", device), ("products", products)):
        arguments.text(name, told)
    if program is not None:
        arguments.text("program", program)
    settings = {
        "model": chosen.name,
        "activation": activation,
        "learning_rate": float(tensors.positive("learning_rate", learning_rate, "float64")),
        "batch_size": batch_size,
        "planned_steps": steps,
        "backend": backend,
        "device": device,
        "products": products,
        "seeds": arguments.seeds({} if seeds is None else seeds),
        "sizes": sizes,
        "seconds": {
            "steps": 0.0,
            "compile": arguments.seconds("compile_seconds", compile_seconds),
        },
    }
    where = None if data_path is None else {"path": str(Path(data_path).absolute()), "recipe": None}
    return begun(Path(folder), settings, {"x": x, "y": y}, where, program, budget)


def check_new(folder: Path) -> None:
    """Raise ValueError where a record would be written over something, or that cannot be seen."""
    try:
        taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or error
        raise ValueError(f"{str(folder)[:200]!r}: {words}; choose another folder") from None
    if taken:
        raise ValueError(f"{folder}: is there already; choose another folder, or remove it")


def begun(
    folder: Path,
    settings: Mapping[str, Any],
    data: Mapping[str, np.ndarray],
    where: Mapping[str, Any] | None = None,
    program: str | None = None,
    budget: int = BUDGET,
) -> Recorder:
    """Begin a record of checked settings; `where` says from what its data can be had again."""
    check_new(folder)
    size = sum(value.nbytes for value in data.values())
    stored = size <= DATA_STORED
    if not stored and where is None:
        limit = f"above {DATA_STORED // 2**20} MB the record does not hold them"
        raise ValueError(
            f"x and y take {size / 2**20:.0f} MB, and {limit}: save them with "
            "np.savez(path, x=x, y=y), and pass data_path=path"
        )
    told = {name: arrays.described(value) for name, value in data.items()}
    description = {
        "format": FORMAT,
        "version": VERSION,
        "status": "running",
        "reason": None,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        **settings,
        "dtype": None,
        "environment": environment(),
        "data": {"path": None, "recipe": None, **(where or {}), "stored": stored, "arrays": told},
        "sampled": [],
        "steps": 0,
        "first_not_finite": None,
        "program": None,
        "checkpoint": None,
        "files": {},
    }
    recorder = Recorder(folder, description, budget)
    if stored:
        description["files"]["data.npz"] = arrays.write(folder / "data.npz", data)
    if program is not None:
        text = program.encode(errors="backslashreplace")
        arrays.replace(folder / "step.mlir", text)
        digest = hashlib.sha256(text).hexdigest()
        description["program"] = {"file": "step.mlir", "sha256": digest}
    return recorder
