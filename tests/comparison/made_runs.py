"""Runs made in NumPy and in JAX, right or with one fault, as somebody's own loop makes them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from backproof import training
from backproof.comparison.own import Run
from backproof.comparison.replay import Rule, Step
from backproof.notation import MODELS, Model
from backproof.runs.table import table
from backproof.start import Batches
from backproof.witnesses import reference

Arrays = Mapping[str, np.ndarray]


class Task(NamedTuple):
    """What is trained: everything in the precision it is trained in."""

    model: Model
    activation: str
    rate: float
    precision: str
    start: Arrays
    x: np.ndarray
    y: np.ndarray
    steps: int
    schedule: Batches | None


def task(
    model: str = "mlp",
    activation: str = "tanh",
    *,
    rate: float = 0.1,
    precision: str = "float32",
    n: int = 48,
    steps: int = 60,
    batch: int | None = None,
    seed: int = 0,
    scale: float = 1.0,
    data: str | None = None,
) -> Task:
    """Examples are drawn, or are the first of a table, whose labels count where they are two."""
    one = MODELS[model]
    rng = np.random.default_rng(seed)
    drawn, labels = rng.normal(size=(5, n)), None
    if data is not None:
        rows_of = table(data, seed=seed)
        centred = rows_of.x - rows_of.x.mean(axis=0)
        drawn = (centred / rows_of.x.std(axis=0))[:n].T
        labels = rows_of.labels[:n]
    sizes = dict(zip(one.axes, (5, *(8,) * (len(one.axes) - 2), 3), strict=False))
    sizes |= {"d": len(drawn), "n": n}
    dtype = jnp.dtype(precision)
    x = drawn.astype(dtype)
    rows = one.shape("y", sizes)[0]
    if one.output == "softmax":
        y = np.eye(rows)[:, rng.integers(rows, size=n)]
    elif one.output == "sigmoid" and labels is not None:
        y = (labels == labels[0]).astype(np.float64).reshape(1, n)
    elif one.output == "sigmoid":
        y = (rng.random((rows, n)) < 0.5) * 1.0
    else:
        y = rng.normal(size=(rows, n))
    start = training.initial_parameters(one, sizes, seed, precision, scale)  # type: ignore[arg-type]
    schedule = None if batch is None else training.batches(n, batch, steps, seed)
    return Task(one, activation, rate, precision, start, x, y.astype(dtype), steps, schedule)


Gradient = Callable[[Task, int, Arrays, np.ndarray, np.ndarray], Arrays]


def by_hand(task: Task, number: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
    told = reference(task.model, {**now, "x": x, "y": y}, task.activation, task.precision)
    return {name: told[f"d{name}"] for name in now}


def run(
    name: str,
    task: Task,
    gradient: Gradient = by_hand,
    update: Callable[[Task, int, Arrays, Arrays], Arrays] | None = None,
    examples: Callable[[int, np.ndarray], np.ndarray] = lambda _, batch: batch,
    schedule: Batches | None = None,
    recorded: Collection[int] | None = None,
) -> Run:
    """A run, recorded whole or in these steps; what it does may differ from what it says."""
    dtype = jnp.dtype(task.precision)
    rate = np.asarray(task.rate).astype(dtype)
    claimed = task.schedule if schedule is None else schedule
    now, steps, losses = dict(task.start), [], []
    every = np.arange(task.x.shape[1])
    batches: dict[int, np.ndarray] = {}
    for number in range(task.steps):
        batch = every if claimed is None else claimed.indices[number][: claimed.counts[number]]
        if claimed is not None:
            batches[number] = batch
        x, y = task.x[:, batch], task.y[:, batch]
        used = examples(number, batch)
        told = gradient(task, number, now, task.x[:, used], task.y[:, used])
        if update is None:
            after = {p: (now[p] - rate * told[p]).astype(dtype) for p in now}
        else:
            after = {p: v.astype(dtype) for p, v in update(task, number, now, told).items()}
        if recorded is None or number in recorded:
            seen = x.astype(np.float64), y.astype(np.float64)
            made = None if update else _exact(told)
            steps.append(Step(number, _exact(now), _exact(after), *seen, made))
        losses.append(0.5)
        now = after
    return Run(
        name,
        Rule(task.model, task.activation, float(rate), task.precision),
        _exact(task.start),
        task.x.astype(np.float64),
        task.y.astype(np.float64),
        claimed,
        steps,
        np.array(losses),
        batches,
        description={},  # the default cannot be pickled, to come from another process
    )


def _exact(arrays: Arrays) -> dict[str, np.ndarray]:
    return {name: value.astype(np.float64) for name, value in arrays.items()}


@functools.lru_cache
def _compiled(model: Model, activation: str) -> Any:
    return jax.jit(lambda rate, *given: training.step(model, activation, rate)(*given))


def _shared(whole: np.ndarray, sharding: NamedSharding) -> jax.Array:
    """An array that all processes have whole, of which each puts its part on its devices."""
    return jax.make_array_from_callback(whole.shape, sharding, lambda part: whole[part])


def in_jax(
    name: str,
    task: Task,
    turned: bool = False,
    recorded: Collection[int] | None = None,
    devices: int = 1,
) -> Run:
    """The same by JAX, compiled; `turned` with each batch the other way round, or on devices.

    Where there are several processes the devices are those of all of them.
    """
    one = _compiled(task.model, task.activation)
    rate = np.asarray(task.rate).astype(jnp.dtype(task.precision))
    taken: dict[str, np.ndarray] = {}

    def gradient(_: Task, number: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        data: tuple[Any, Any] = (x[:, ::-1], y[:, ::-1]) if turned else (x, y)
        with jax.enable_x64(task.precision == "float64"):
            if devices > 1 and x.shape[1] % devices == 0:
                mesh = jax.make_mesh((devices,), ("examples",), axis_types=(AxisType.Auto,))
                columns = NamedSharding(mesh, PartitionSpec(None, "examples"))
                data = (_shared(x, columns), _shared(y, columns))
            after, _loss = one(rate, dict(now), *data)
            taken.update({p: np.asarray(v.addressable_data(0)) for p, v in after.items()})
        return now

    return run(name, task, gradient, lambda *_: dict(taken), recorded=recorded)
