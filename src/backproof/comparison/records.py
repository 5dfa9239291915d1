"""From a record to a run that can be replayed."""

from __future__ import annotations

from pathlib import Path

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from backproof import start
from backproof.comparison.own import Run
from backproof.comparison.replay import Rule, Step, Tensors
from backproof.reading.told import Unreadable
from backproof.runs import reader
from backproof.start import Batches


def printable(name: str) -> str:
    """A name as it is or, if it is no plain line, in quotes and escaped."""
    return name if name.isprintable() else repr(name)


def loaded(folder: Path, name: str) -> Run:
    """The run in a record, called `name`.

    Raises `Unreadable` where there is none, or no step to look at.
    """
    record = reader.read(folder)
    try:
        return _loaded(record, folder, name)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        words = f"{type(error).__name__}: {error}"
        raise Unreadable(f"{folder / 'run.json'} does not follow its schema: {words}") from None


def _loaded(record: reader.Run, folder: Path, name: str) -> Run:
    sampled = [record.step(number) for number in record.steps]
    whole = [step for step in sampled if step.after is not None]
    if not whole:
        raise Unreadable(f"{folder} holds no step with the parameters before and after it")
    x, y = (np.asarray(array, np.float64) for array in record.data())
    dtype = jnp.dtype(record.dtype)
    batches = {step.number: step.batch for step in whole if step.batch is not None}
    steps = []
    for step in whole:
        of = slice(None) if step.batch is None else step.batch
        steps.append(
            Step(
                step.number,
                _exact(step.before),
                _exact(step.after or {}),
                x[:, of],
                y[:, of],
                _exact(step.gradients),
            )
        )
    return Run(
        name,
        Rule(
            record.model,
            record.activation,
            float(np.asarray(record.learning_rate).astype(dtype)),
            record.dtype,
        ),
        _exact(record.initial),
        x,
        y,
        _schedule(record, batches),
        steps,
        np.asarray(record.losses, np.float64),
        batches,
        str(folder),
        record.description,
    )


def _exact(tensors: Tensors) -> dict[str, NDArray[np.float64]]:
    return {name: np.asarray(value, np.float64) for name, value in tensors.items()}


def _schedule(record: reader.Run, batches: dict[int, NDArray[np.integer]]) -> Batches | None:
    """The examples of every step, if the recorded ones are those that our own order gives."""
    size, seed = record.description["batch_size"], record.description["seeds"].get("batches")
    if size is None or seed is None or not batches:
        return None
    n = record.description["sizes"]["n"]
    schedule = start.batches(n, size, len(record.losses), seed)
    same = all(
        np.array_equal(batch, schedule.indices[number][: schedule.counts[number]])
        for number, batch in batches.items()
    )
    return schedule if same else None
