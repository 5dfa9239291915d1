"""A training run from a table to a record, by any backend, that can be killed and goes on.

A run is a function of its `Settings`: the examples, the parameters it starts from and the order of
the batches are worked out here, in NumPy, and handed to the backend. Every so many steps a
checkpoint is written into the record. As each step computes the same bits however a run is cut up,
a run that goes on from there ends with the same bits.
"""

from __future__ import annotations

import functools
import hashlib
import math
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias, get_args

import numpy as np

from backproof.notation import ACTIVATIONS, INITIAL_SCALE, MODELS, Model
from backproof.reading.told import Unreadable
from backproof.runs import arrays, reader, record
from backproof.runs.backends import Parameters, Prepared, Problem, backend
from backproof.runs.data import Examples, Recipe, load
from backproof.runs.environment import check_memory, differences, environment
from backproof.runs.processes import alone, together
from backproof.runs.scores import accuracy, confusion
from backproof.start import batches, initial_parameters
from backproof.tensors import DType, choice, for_layers, hidden_sizes, positive, whole

PRODUCTS: Final = ("highest", "high", "default")
CHECKPOINTS: Final = 20  # in a run that is not told how often
Progress: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """All that a run depends on, but for what it runs on.

    Attributes:
        model: a name of `notation.MODELS`.
        data: as `table.table` takes it.
        backend: a name that `backends.backend` knows.
        activation: of the hidden layers.
        hidden: units of each hidden layer, or one number for all.
        learning_rate: of every step.
        steps: how many updates.
        batch: examples per step; None for all of them.
        dtype: float32, float64 or bfloat16.
        products: precision of the matrix products: "highest", "high" or "default".
        device: "cpu", "gpu" or "tpu"; None for the backend's own choice.
        devices: how many share each step; None for one, and for all of several processes.
        seed: of the parameters, the batches, the split, and of tables that are made.
        scale: standard deviation of the initial parameters.
        checkpoint: steps from one checkpoint to the next; None for a twentieth of the run.
        label, standardise, held_out: as in `data.Recipe`.
    """

    model: str
    data: str
    backend: str = "jax"
    activation: str = "sigmoid"
    hidden: tuple[int, ...] = (8,)
    learning_rate: float = 0.1
    steps: int = 1000
    batch: int | None = None
    dtype: DType = "float32"
    products: str = "highest"
    device: str | None = None
    devices: int | None = None
    seed: int = 0
    scale: float = INITIAL_SCALE
    checkpoint: int | None = None
    label: str | None = None
    standardise: bool = True
    held_out: float | None = None


def run(settings: Settings, out: str | Path, progress: Progress = lambda _: None) -> reader.Run:
    """Train, and write the record into the folder `out`, which has to be new or empty.

    Returns the record. Where the loss became inf or NaN, its status is "stopped".

    Raises:
        Unreadable: for data or a backend that cannot be had.
        ValueError: for a setting that does not fit, or a folder that is there already.
        OSError: where the record cannot be written; it can be gone on from all the same.
    """
    out, settings = Path(out), replace(settings, data=_path(settings.data))

    def begin() -> _Ready:
        record.check_new(out)
        return _ready(settings)

    ready = together(begin, functools.partial(_digest, settings))
    examples, prepared = ready.examples, ready.prepared
    recorder = record.begun(
        out,
        {
            "model": settings.model,
            "activation": settings.activation,
            "learning_rate": settings.learning_rate,
            "batch_size": settings.batch,
            "planned_steps": settings.steps,
            "backend": settings.backend,
            "device": prepared.device,
            "products": prepared.products,
            "seeds": {"parameters": settings.seed, "batches": settings.seed, "data": settings.seed},
            "sizes": _sizes(examples),
            "seconds": {"steps": 0.0, "compile": prepared.compile_seconds},
            "settings": asdict(settings),
            "classes": list(examples.classes),
            "features": list(examples.features),
            "held_out": examples.x_held.shape[1],
            "resumed": [],
        },
        {"x": examples.x, "y": examples.y},
        {"path": settings.data, "recipe": _without_source(_recipe(settings))},
        prepared.program,
    )
    recorder.checkpoint(ready.start)
    return _trained(recorder, settings, ready, progress)


def resume(
    out: str | Path, progress: Progress = lambda _: None, aside: str | Path | None = None
) -> reader.Run:
    """Go on with a run that was ended, from its last checkpoint; raises as `run` does.

    Of several processes the first goes on in `out`; each other one reads it too, and goes on with
    a copy of its own, in the new folder `aside`.
    """

    def begin() -> tuple[reader.Run, _Ready]:
        if aside is not None:
            shutil.copytree(out, aside)
        return _gone_on_with(Path(out if aside is None else aside))

    def digest(begun: tuple[reader.Run, _Ready]) -> bytes:
        return _digest(_settings_of(begun[0]), begun[1])

    found, ready = together(begin, digest)
    recorder = _again(found)
    now, told = environment(), found.description
    changed = [] if ready.prepared.device == told["device"] else ["device"]
    changed += differences(told["environment"], now)
    recorder.description["resumed"] += [{"at": recorder.steps, "changed": changed, **now}]
    return _trained(recorder, _settings_of(found), ready, progress)


def _gone_on_with(out: Path) -> tuple[reader.Run, _Ready]:
    """A run that was ended, and all that is needed to go on, from its checkpoint's parameters."""
    found = reader.read(out)
    told = found.description
    if "settings" not in told:
        raise Unreadable(f"{out} was recorded by another loop, which alone can go on with it")
    if told["status"] == "complete" or told["checkpoint"] is None:
        raise Unreadable(
            f"{out} is complete: {told['steps']:,} steps; there is nothing to go on with"
        )
    if told["first_not_finite"] is not None:
        raise Unreadable(f"{out}: {told['reason']}; start anew with a smaller --learning-rate")
    settings = _settings_of(found)
    ready = _ready(settings)
    for name, value in (("x", ready.examples.x), ("y", ready.examples.y)):
        if arrays.described(value) != told["data"]["arrays"][name]:
            raise Unreadable(f"{settings.data} is not what {out} was begun with: {name} differs")
    file = f"checkpoint-{told['checkpoint']:08d}.npz"
    kept = arrays.read(found.folder / file, told["files"][file])
    return found, ready._replace(start={name: kept[name] for name in ready.problem.shapes})


def _again(run: reader.Run) -> record.Recorder:
    """Go on with a record from its checkpoint; what was recorded after that is dropped."""
    step: int = run.description["checkpoint"]
    files = {
        name: told
        for name, told in run.description["files"].items()
        if not (name.startswith("gradients/") and int(name[10:18]) >= step)
        and not (name.startswith("parameters/") and int(name[11:19]) > step)
    }
    description = {**run.description, "files": files, "status": "running", "reason": None}
    recorder = record.Recorder(run.folder, description, record.BUDGET)
    before = run.curves["evaluated"] < step
    curves = {
        "gradient_norms": run.curves["gradient_norms"][:step],
        "evaluated": run.curves["evaluated"][before],
        "accuracy": run.curves["accuracy"][before],
    }
    recorder.restore(run.losses[:step].tolist(), curves)
    return recorder


def _trained(
    recorder: record.Recorder, settings: Settings, ready: _Ready, progress: Progress
) -> reader.Run:
    """The loop over stretches of steps: to the next sampled step, or the next checkpoint."""
    examples, problem, parameters, prepared = ready
    steps, every = settings.steps, problem.longest
    norms, judged = np.zeros(steps), dict[int, float]()
    at, held, held_y = (problem.model, problem.activation), examples.x_held, examples.y_held
    kept, computed = recorder.kept, float(recorder.description["seconds"]["steps"])
    recorder.computed = computed
    if recorder.steps:
        norms[: recorder.steps] = kept["gradient_norms"]
        judged = dict(zip(kept["evaluated"].tolist(), kept["accuracy"].tolist(), strict=True))

    def curves(done: int) -> None:
        recorder.curves(
            gradient_norms=norms[:done].copy(),
            evaluated=np.array([*judged], np.int64),
            accuracy=np.array([*judged.values()], np.float64),
        )

    with alone(recorder.folder), recorder:
        while (t := recorder.steps) < steps:
            sampled = recorder.samples_next
            if sampled or t % every == 0:
                judged[t] = accuracy(at, parameters, held, held_y)
            stops = [s for s in recorder.sampled if s > t]
            stop = t + 1 if sampled else min([*stops[:1], t - t % every + every, steps])
            began = time.perf_counter()
            done = prepared.advance(parameters, t, stop)
            computed += time.perf_counter() - began
            recorder.computed = computed
            losses = np.asarray(done.losses, np.float64)
            norms[t:stop] = done.gradient_norms
            bad = np.flatnonzero(~np.isfinite(losses))
            reached = stop if not bad.size else t + int(bad[0]) + 1
            curves(reached)
            if sampled:
                recorder.step(parameters, done.gradients, losses[0], batch=problem.batch(t))
            else:
                recorder.passed(losses[: reached - t])
            if bad.size:
                recorder.finish("stopped", f"the loss was {losses[bad[0]]} at step {reached - 1}")
                break
            parameters = done.parameters
            if sampled and stop < steps and stop not in recorder.sampled:
                recorder.end(parameters)
            if stop % every == 0 and stop < steps:
                recorder.checkpoint(parameters)
            progress(_line(stop, steps, losses[-1], judged))
        else:
            judged[steps] = accuracy(at, parameters, held, held_y)
            curves(steps)
            recorder.curves(confusion=confusion(at, parameters, held, held_y))
            recorder.end(parameters)
    return reader.read(recorder.folder)


def _line(step: int, steps: int, loss: float, judged: Mapping[int, float]) -> str:
    last = [float("nan"), *judged.values()][-1]
    accuracy = "" if np.isnan(last) else f", held-out accuracy {last:.3f}"
    return f"step {step:,} of {steps:,}, loss {loss:.6g}{accuracy}"


def _recipe(settings: Settings) -> Recipe:
    return Recipe(
        settings.data,
        MODELS[settings.model].output,
        settings.dtype,
        settings.label,
        settings.standardise,
        settings.held_out,
        settings.seed,
    )


def _without_source(recipe: Recipe) -> dict[str, Any]:
    return {key: value for key, value in asdict(recipe).items() if key != "source"}


def _path(source: str) -> str:
    """Where a table is, for another folder to be found from; a name stays one."""
    return str(Path(source).absolute()) if Path(source).suffix else source


def _sizes(examples: Examples) -> dict[str, int]:
    d, n = examples.x.shape
    return {"d": d, "n": n} | ({"k": len(examples.y)} if len(examples.y) > 1 else {})


class _Ready(NamedTuple):
    """All that has to be there before the first step."""

    examples: Examples
    problem: Problem
    start: Parameters
    prepared: Prepared


def _digest(settings: Settings, ready: _Ready) -> bytes:
    """Of all that processes have to have alike; where the examples lie may differ."""
    digest = hashlib.sha256(repr(replace(settings, data="")).encode())
    for value in (ready.problem.x, ready.problem.y, *ready.start.values()):
        digest.update(np.ascontiguousarray(value).tobytes())
    return digest.digest()


def _ready(settings: Settings) -> _Ready:
    """Check the settings, load the examples, draw the parameters and compile."""
    model = MODELS[choice("model", settings.model, MODELS)]
    choice("activation", settings.activation, ACTIVATIONS)
    choice("dtype", settings.dtype, get_args(DType))
    choice("products", settings.products, PRODUCTS)
    positive("learning_rate", settings.learning_rate, settings.dtype)
    steps, _ = whole("steps", settings.steps), whole("seed", settings.seed, least=0)
    examples = load(_recipe(settings))
    sizes = _sizes(examples)
    sizes |= hidden_sizes(model, for_layers(settings.hidden))
    order, size = None, None
    if settings.batch is not None:
        size = whole("batch", settings.batch, most=sizes["n"])
    _check_memory(model, sizes, steps, size)
    if size is not None:
        order = batches(sizes["n"], size, steps, settings.seed)
    every = -(-steps // CHECKPOINTS) if settings.checkpoint is None else settings.checkpoint
    every = whole("checkpoint", every)
    start = initial_parameters(model, sizes, settings.seed, settings.dtype, settings.scale)
    problem = Problem(
        model=model,
        activation=settings.activation,
        learning_rate=settings.learning_rate,
        dtype=settings.dtype,
        precision=settings.products,
        device=settings.device,
        devices=settings.devices,
        x=examples.x,
        y=examples.y,
        shapes={name: value.shape for name, value in start.items()},
        batches=order,
        longest=every,
    )
    return _Ready(examples, problem, start, backend(settings.backend)(problem))


def _check_memory(model: Model, sizes: Mapping[str, int], steps: int, batch: int | None) -> None:
    """Refuse what is sure not to fit; systems end processes where memory runs out."""
    parameters = sum(math.prod(model.shape(name, sizes)) for name in model.parameters)
    # Drawn in float64; of each step the loss, the norm, and the indices of its batch and their
    # count in int32.
    needed = 8 * parameters + steps * (16 + (0 if batch is None else 4 * (batch + 1)))
    advice = "take fewer --hidden units or --steps, or a smaller --batch"
    check_memory(needed, f"{parameters:,} parameters and {steps:,} steps", advice)


def _settings_of(run: reader.Run) -> Settings:
    told: Mapping[str, Any] = run.description["settings"]
    if set(told) != {field.name for field in fields(Settings)}:
        raise Unreadable(f"{run.folder} was begun by another version of backproof: start anew")
    return Settings(**{**told, "hidden": tuple(told["hidden"])})
