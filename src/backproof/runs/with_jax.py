"""The backend in JAX: `training.advance`, compiled ahead for the device."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any, Final

import jax
import numpy as np

from backproof import training
from backproof.devices import Sharing, several, share
from backproof.reading.told import Unreadable
from backproof.runs.backends import Advanced, Parameters, Prepared, Problem
from backproof.tensors import positive

# What XLA does with float32 products of a stated precision (jax.lax.Precision's documentation).
_IN_FACT: Final = {
    "gpu": {"DEFAULT": "tf32", "HIGH": "tf32", "HIGHEST": "float32"},
    "tpu": {"DEFAULT": "bfloat16", "HIGH": "bfloat16_3x", "HIGHEST": "float32"},
}


def prepare(problem: Problem) -> Prepared:
    """Compile the loop for the device."""
    try:
        found = several(problem.device, problem.devices)
    except ValueError as error:
        raise Unreadable(f"--{error}") from None  # it begins with the option's name
    sharing = None if len(found) == 1 else _sharing(problem, found)
    layouts = problem.model.layouts
    rate = positive("learning_rate", problem.learning_rate, problem.dtype)
    by_rows = problem.batches is not None and not problem.x.flags.c_contiguous
    static = {
        "model": problem.model,
        "activation": problem.activation,
        "precision": problem.precision,
        "longest": problem.longest,
        "by_rows": by_rows,
        "sharing": sharing,
    }

    def here(value: Any, layout: str = "") -> Any:
        if sharing is None:
            return jax.device_put(value, found[0])
        return jax.tree.map(lambda array: sharing.placed(array, layout), value)

    def begun(parameters: Parameters) -> dict[str, Any]:
        return {name: here(value, layouts[name]) for name, value in parameters.items()}

    with training.allowing(problem.dtype):
        if problem.batches is None:
            x, y = here(problem.x, layouts["x"]), here(problem.y, layouts["y"])
        else:  # any example may be in any batch
            x, y = here(problem.x.T if by_rows else problem.x), here(problem.y)
        data = (x, y, here(problem.batches), here(rate))
        like = begun({p: np.zeros(shape, x.dtype) for p, shape in problem.shapes.items()})
        ends = (here(np.int32(0)), here(np.int32(1)))
        began = time.perf_counter()
        lowered = training.advance.lower(like, *data, *ends, **static)
        compiled = lowered.compile()
        seconds = time.perf_counter() - began

    def advance(parameters: Parameters, start: int, stop: int) -> Advanced:
        with training.allowing(problem.dtype):
            done = compiled(begun(parameters), *data, *(here(np.int32(t)) for t in (start, stop)))
            count = stop - start
            return Advanced(
                {name: np.asarray(done.parameters[name]) for name in problem.shapes},
                {name: np.asarray(done.gradients[name]) for name in problem.shapes},
                np.asarray(done.losses)[:count],
                np.asarray(done.gradient_norms)[:count],
            )

    program = lowered.as_text()
    products = in_fact(problem.dtype, found[0].platform, program)
    return Prepared(advance, _words(found, sharing), products, program, seconds)


def _sharing(problem: Problem, devices: Sequence[jax.Device]) -> Sharing:
    d, n = problem.x.shape
    of_a_step = n if problem.batches is None else problem.batches.indices.shape[1]
    sizes = {"d": d, "n": n, "k": len(problem.y)}
    for name, shape in problem.shapes.items():
        sizes |= dict(zip(problem.model.layouts[name].split(), shape, strict=True))
    return share(problem.model, sizes, of_a_step, devices)


def _words(devices: Sequence[jax.Device], sharing: Sharing | None) -> str:
    kind = f"{devices[0].platform} ({devices[0].device_kind})"
    if sharing is None:
        return kind
    what = "examples" if sharing.axis == "n" else "hidden units"
    processes = jax.process_count()
    where = f" of {processes} processes" if processes > 1 else ""
    return f"{len(devices)} {kind}{where}, each with some of the {what}"


def in_fact(dtype: str, platform: str, program: str) -> str:
    """The precision of the matrix products of a StableHLO text, the lowest of them, on a platform.

    XLA's CPU computes products of float32 in float32 whatever they ask for.
    """
    if dtype != "float32" or platform == "cpu":
        return dtype
    lines = [line for line in program.splitlines() if "stablehlo.dot_general" in line]
    asked = {"DEFAULT" if "precision = [" not in line else "" for line in lines}
    asked |= {word for line in lines for word in re.findall(r"\b(DEFAULT|HIGH|HIGHEST)\b", line)}
    lowest = next((word for word in ("DEFAULT", "HIGH", "HIGHEST") if word in asked), "HIGHEST")
    return _IN_FACT.get(platform, {}).get(lowest, "unknown")
