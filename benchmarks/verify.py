"""What verifying costs, beside the usual ways of checking gradients, in one run.

    uv run python benchmarks/verify.py

Rates are of the 2-layer MLP with tanh, on cases of the stated distribution; the candidate's own
time stands apart. Exits with 1 if a target is missed.
"""

from __future__ import annotations

import datetime
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
import scipy.optimize

from backproof import models, witnesses
from backproof.cases import Case, draw
from backproof.notation import MODELS
from backproof.reference import mlp

MODEL = MODELS["mlp"]
EXAMPLE = Path(__file__).parents[1] / "examples" / "right_mlp_tanh.py"
ROUNDS = 5


def seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median wall time of `rounds` runs."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def gradient_of(case: Case) -> Callable[[dict[str, Any]], Any]:
    """JAX's gradient of the loss in the case's parameters."""
    return jax.grad(lambda p: models.loss(MODEL, p, case.arrays["x"], case.arrays["y"], "tanh"))


def parameters_of(case: Case) -> dict[str, Any]:
    """The case's parameters as JAX arrays."""
    return {name: jnp.asarray(case.arrays[name]) for name in MODEL.parameters}


def by_hand(case: Case) -> Any:
    """The reference's gradients."""
    return mlp.backward(*case.arrays.values(), activation="tanh")


def scipy_check_grad(case: Case) -> float:
    """SciPy's check of the reference, in one flat vector as it asks for."""
    names = list(MODEL.parameters)
    shapes = [case.arrays[name].shape for name in names]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]

    def unpacked(flat: Any) -> list[Any]:
        return [part.reshape(s) for part, s in zip(np.split(flat, ends), shapes, strict=True)]

    def f(flat: Any) -> Any:
        x, y = case.arrays["x"], case.arrays["y"]
        return mlp.loss(*unpacked(flat), x, y, activation="tanh")

    def gradient(flat: Any) -> Any:
        x, y = case.arrays["x"], case.arrays["y"]
        gradients = mlp.backward(*unpacked(flat), x, y, activation="tanh")
        return np.concatenate([g.ravel() for g in gradients])

    flat = np.concatenate([case.arrays[name].ravel() for name in names])
    return float(scipy.optimize.check_grad(f, gradient, flat))


def check_grads(case: Case) -> None:
    """JAX's own check of its reverse mode against finite differences."""

    def loss(p: dict[str, Any]) -> Any:
        return models.loss(MODEL, p, case.arrays["x"], case.arrays["y"], "tanh")

    jax.test_util.check_grads(loss, (parameters_of(case),), order=1, rtol=1e-2, atol=1e-2)


def rates() -> float:
    """Print cases a second, and return that at the stated distribution."""
    cases = draw(MODEL, 2000, seed=1)
    witnesses.truths(MODEL, cases, "tanh")
    whole = 2000 / seconds(lambda: witnesses.truths(MODEL, cases, "tanh"))
    print(f"  truth and bounds, stated distribution   {whole:10,.0f} cases/s")
    smallest = 0
    for bucket in witnesses.BUCKETS:
        inside = [c for c in cases if smallest < _largest(c) <= bucket]
        rate = len(inside) / seconds(lambda c=inside: witnesses.truths(MODEL, c, "tanh"))
        print(f"    bucket {bucket:3} ({len(inside):5,} of the cases)        {rate:10,.0f} cases/s")
        smallest = bucket
    drawing = 2000 / seconds(lambda: draw(MODEL, 2000, seed=1))
    own = 2000 / seconds(lambda: [by_hand(case) for case in cases])
    print(f"  drawing them                            {drawing:10,.0f} cases/s")
    print(f"  the candidate alone (the reference)     {own:10,.0f} cases/s")
    return whole


def _largest(case: Case) -> int:
    return max(max(array.shape) for array in case.arrays.values())


def others(whole: float) -> None:
    """Print the other ways, on fresh shapes, and how many times as fast ours is."""
    # Sizes that no earlier case had, because a known shape costs JAX nothing.
    fresh = [c for c in draw(MODEL, 400, seed=2, scales={"mild": 1.0}) if c.numbers() < 2500]
    shapes = {tuple(a.shape for a in c.arrays.values()): c for c in fresh}
    some = list(shapes.values())[:40]
    ways: list[tuple[str, Callable[[Case], object], int]] = [
        ("jit(grad) per fresh shape", lambda c: jax.jit(gradient_of(c))(parameters_of(c)), 10),
        ("eager jax.grad per fresh shape", lambda c: gradient_of(c)(parameters_of(c)), 5),
        ("jax.test_util.check_grads", check_grads, 5),
        ("scipy.optimize.check_grad", scipy_check_grad, 10),
    ]
    with jax.enable_x64(True):
        for name, way, count in ways:
            chosen, some = some[:count], some[count:]
            start = time.perf_counter()
            for case in chosen:
                jax.block_until_ready(way(case))
            rate = len(chosen) / (time.perf_counter() - start)
            print(
                f"  {name:<39} {rate:10,.1f} cases/s   ours is {whole / rate:8,.0f} times as fast"
            )


# In a small process of its own, because a process starts with the memory peak of its parent.
MEASURE = """
import resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(time.perf_counter() - start, used / 2**20)
"""


def fresh_process(cache: str) -> tuple[float, float]:
    """Seconds and GB of one `backproof check` with 2,000 cases in a process of its own."""
    command = [sys.executable, "-m", "backproof", "check", str(EXAMPLE), "--cases", "2000"]
    environment = {**os.environ, "BACKPROOF_CACHE": cache}
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], env=environment, check=True, capture_output=True
    )
    wall, memory = measured.stdout.split()
    return float(wall), float(memory)


def help_over_bare() -> float:
    """How much longer `backproof --help` takes than Python doing nothing."""

    def run(*arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    def difference() -> float:
        ours = seconds(lambda: run("-m", "backproof", "--help"), 1)
        return ours - seconds(lambda: run("-c", "pass"), 1)

    return statistics.median(difference() for _ in range(9))


def main() -> int:
    """Print the table; 1 if a target is missed."""
    today = datetime.datetime.now(tz=datetime.UTC).date()
    print(
        f"{today}, {platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, JAX {jax.__version__}, NumPy {np.__version__}"
    )
    whole = rates()
    others(whole)
    with tempfile.TemporaryDirectory() as cache:
        cold, memory = fresh_process(cache)
        warm = statistics.median(fresh_process(cache)[0] for _ in range(ROUNDS))
    start = help_over_bare()
    targets = [
        ("cases a second", whole, 5000.0, whole >= 5000),
        ("one file, 2,000 cases, warm cache (s)", warm, 2.5, warm <= 2.5),
        ("the same, cold cache (s)", cold, 8.0, cold <= 8.0),
        ("memory (GB)", memory, 1.0, memory <= 1.0),
        ("--help over bare Python (s)", start, 0.1, start <= 0.1),
    ]
    for name, reached, target, ok in targets:
        print(f"  {name:<39} {reached:10,.2f}   target {target:g}: {'reached' if ok else 'MISSED'}")
    return 0 if all(ok for *_, ok in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
