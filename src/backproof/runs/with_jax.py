"""The backend in JAX: `training.advance`, compiled ahead for the device."""

from __future__ import annotations

import re
import time
from typing import Any, Final

import jax
import numpy as np

from backproof import training
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
        device = training.device_of(problem.device) or jax.local_devices()[0]
    except ValueError as error:
        raise Unreadable(str(error)) from None
    rate = positive("learning_rate", problem.learning_rate, problem.dtype)
    by_rows = problem.batches is not None and not problem.x.flags.c_contiguous
    static = {
        "model": problem.model,
        "activation": problem.activation,
        "precision": problem.precision,
        "longest": problem.longest,
        "by_rows": by_rows,
    }

    def here(value: Any) -> Any:
        return jax.device_put(value, device)

    with training.allowing(problem.dtype):
        x = here(problem.x.T if by_rows else problem.x)
        data = (x, here(problem.y), here(problem.batches), here(rate))
        like = {p: here(np.zeros(shape, problem.x.dtype)) for p, shape in problem.shapes.items()}
        ends = (here(np.int32(0)), here(np.int32(1)))
        began = time.perf_counter()
        lowered = training.advance.lower(like, *data, *ends, **static)
        compiled = lowered.compile()
        seconds = time.perf_counter() - began

    def advance(parameters: Parameters, start: int, stop: int) -> Advanced:
        with training.allowing(problem.dtype):
            begun = {name: here(value) for name, value in parameters.items()}
            done = compiled(begun, *data, here(np.int32(start)), here(np.int32(stop)))
            count = stop - start
            return Advanced(
                {name: np.asarray(done.parameters[name]) for name in problem.shapes},
                {name: np.asarray(done.gradients[name]) for name in problem.shapes},
                np.asarray(done.losses)[:count],
                np.asarray(done.gradient_norms)[:count],
            )

    program = lowered.as_text()
    kind = f"{device.platform} ({device.device_kind})"
    products = in_fact(problem.dtype, device.platform, program)
    return Prepared(advance, kind, products, program, seconds)


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
