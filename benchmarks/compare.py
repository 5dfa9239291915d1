"""How often two right runs are called systematic, and which faults are named.

    uv run python benchmarks/compare.py [--pairs N] [--faults N]

Right pairs are of random tasks: all models and activations, drawn data and tables, learning rates
from 1e-7 to 1, lengths to 5,000 steps, full batches and mini-batches. JAX is beside NumPy by hand,
PyTorch where that is installed, and JAX with the examples the other way round, without
optimisation, for an older processor, on 8 devices and in 2 processes. Faults are of random tasks
and sizes; one that is larger than the floor printed for the pair has to be named.
Exits with 1 if a right pair is called systematic, or a fault above its floor is not named.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import datetime
import importlib.util
import multiprocessing
import os
import platform
import socket
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import jax
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # where runs are made

from backproof.comparison.own import Run, own
from backproof.comparison.pairs import Pair, compare
from backproof.notation import ACTIVATIONS, MODELS
from backproof.runs.record import sampled_steps
from backproof.start import batches
from comparison.faulty_runs import (
    decayed,
    in_bfloat16,
    out_of_date,
    stretched,
    too_early,
    with_momentum,
)
from comparison.made_runs import Arrays, Task, in_jax, run, task

DATA = (None, None, "moons", "breast_cancer")
TOGETHER = "2 processes"
WORKERS = {
    "for SSE4.2": "--xla_cpu_max_isa=SSE4_2",
    "without optimisation": "--xla_backend_optimization_level=0",
    "8 devices": "--xla_force_host_platform_device_count=8",
}
NAMED = {
    "learning rate": "learning rate of",
    "one gradient": "times what it should be",
    "decay": "times the parameter to the gradient of dW1, dW2",
    "momentum": "as momentum does",
    "stale W2": "W2 as it was a step ago",
    "W2 too early": "W2 as it is after its update",
    "bfloat16 products": "as bfloat16 does",
    "one example dropped per epoch": "leaves out an example",
    "last batch skipped": "skips the last, smaller batch",
}
SIZED = ("learning rate", "one gradient", "decay")


def drawn(rng: np.random.Generator, **fixed: object) -> Task:
    """A task. Few shapes of each model, because each is compiled."""
    options = {
        "model": str(rng.choice(list(MODELS))),
        "activation": str(rng.choice(ACTIVATIONS)),
        "data": DATA[rng.integers(len(DATA))],
        "rate": float(10.0 ** rng.integers(-7, 1)),
        "precision": str(rng.choice(["float32", "float32", "float64"])),
        "n": 48,
        "steps": int(rng.choice([30, 300, 5000], p=[0.5, 0.4, 0.1])),
        "batch": 20 if rng.random() < 0.3 else None,
        "seed": int(rng.integers(10_000)),
        "scale": float(rng.choice([0.01, 1.0])),
    }
    return task(**{**options, **fixed})  # type: ignore[arg-type]


def pair_of(one: Run, other: Run) -> Pair:
    """What `backproof compare` says of them."""
    return compare(one, other, (own(one), own(other)))


@contextmanager
def workers() -> Iterator[dict[str, list[concurrent.futures.Executor]]]:
    """One process for each set of XLA's flags, which are read when it starts; two that share."""
    context = multiprocessing.get_context("spawn")
    before = os.environ.get("XLA_FLAGS", "")
    with contextlib.ExitStack() as stack:

        def started(flags: str) -> concurrent.futures.Executor:
            pool = stack.enter_context(concurrent.futures.ProcessPoolExecutor(1, context))
            os.environ["XLA_FLAGS"] = flags
            pool.submit(os.getpid).result()
            return pool

        pools = {name: [started(flags)] for name, flags in WORKERS.items()}
        pools[TOGETHER] = [started(before), started(before)]
        os.environ["XLA_FLAGS"] = before
        address = f"127.0.0.1:{_free_port()}"
        places = [one.submit(joined, address, i) for i, one in enumerate(pools[TOGETHER])]
        assert [place.result() for place in places] == [2, 2]
        for pool in pools[TOGETHER]:
            stack.callback(pool.submit, left)
        yield pools


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def joined(address: str, place: int) -> int:
    """Make this process one of two that compute together; how many devices they have."""
    jax.distributed.initialize(address, 2, place)  # type: ignore[no-untyped-call] # JAX's own
    return len(jax.devices())


def left() -> None:
    """Let the other process end: one that is gone without a word ends it too, after minutes."""
    jax.distributed.shutdown()  # type: ignore[no-untyped-call] # JAX's own


def in_torch(asked: Task, recorded: Collection[int]) -> Run:
    """The same in PyTorch, each step by its automatic differentiation."""
    from backproof.runs.backends import Problem
    from backproof.runs.with_torch import prepare

    shapes = {name: value.shape for name, value in asked.start.items()}

    def gradient(of: Task, _: int, now: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
        how = (of.model, of.activation, of.rate, of.precision, "highest", None, None)
        return prepare(Problem(*how, x, y, shapes, None, 1)).advance(now, 0, 1).gradients

    return run("torch", asked, gradient, recorded=recorded)


def right_pairs(count: int, rng: np.random.Generator) -> int:
    """Print the verdicts on pairs of right runs, and every one that is systematic; how many are."""
    torch = ["PyTorch"] if importlib.util.find_spec("torch") else []
    kinds = ("NumPy", *torch, "turned", *WORKERS, TOGETHER)
    amiss = 0
    verdicts: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    alone: Counter[bool] = Counter()
    with workers() as pools:
        for place in range(count):
            kind, asked = kinds[place % len(kinds)], drawn(rng)
            if place % 20 == 19:  # a process may hold only so many programs
                jax.clear_caches()
            recorded = sampled_steps(64, asked.steps)
            one = in_jax("jax", asked, recorded=recorded)
            if kind == "NumPy":
                other = run("numpy", asked, recorded=recorded)
            elif kind == "PyTorch":
                other = in_torch(asked, recorded)
            elif kind == "turned":
                other = in_jax(kind, asked, True, recorded)
            else:
                devices = {"8 devices": 8, TOGETHER: 2}.get(kind, 1)
                given = (kind, asked, False, recorded, devices)
                runs = [pool.submit(in_jax, *given) for pool in pools[kind]]  # at once
                other = runs[0].result()
            owns = own(one), own(other)
            told = compare(one, other, owns)
            # Of pairs that are bitwise equal nothing else is said, whatever their steps show.
            for shown in owns:
                alone[bool(shown.faults) or shown.unexplained is not None] += 1
            verdicts[kind][told.verdict] += 1
            if told.verdict in ("systematic", "lower precision", "diverged"):
                amiss += 1
                print(f"  {kind}: {told.verdict}: {told.words}\n    {described(asked)}")
    print(f"\n{count} right pairs, JAX beside")
    columns = ("bitwise equal", "rounding", "inconclusive", "systematic", "lower precision")
    print(f"  {'':22}" + "".join(f"{name:>17}" for name in columns))
    for kind, counted in verdicts.items():
        print(f"  {kind:22}" + "".join(f"{counted[name]:17}" for name in columns))
    print(f"  of {2 * count} runs by themselves, {alone[True]} show a fault")
    return amiss


def described(asked: Task) -> str:
    """A task in a line."""
    batch = "full batch" if asked.schedule is None else "batches of 20"
    return (
        f"{asked.model.name} {asked.activation} {asked.precision} rate {asked.rate:g} "
        f"{len(asked.x)} features, {asked.steps} steps, {batch}"
    )


def faulty(kind: str, asked: Task, size: float) -> Run:
    """A run with a fault of this kind and, where it has one, size."""
    recorded = sampled_steps(64, asked.steps)
    if kind == "learning rate":
        gradient = stretched(dict.fromkeys(asked.start, 1.0 + size))
    elif kind == "one gradient":
        gradient = stretched({"W1": 1.0 + size})
    elif kind == "decay":
        gradient = decayed(size)
    elif kind == "momentum":
        gradient = with_momentum(0.9)
    elif kind in ("stale W2", "W2 too early", "bfloat16 products"):
        gradient = {
            "stale W2": out_of_date(),
            "W2 too early": too_early,
            "bfloat16 products": in_bfloat16,
        }[kind]
    elif kind == "one example dropped per epoch":

        def without(number: int, batch: np.ndarray) -> np.ndarray:
            return np.delete(batch, 3) if number % 3 == 0 else batch

        return run("faulty", asked, examples=without, recorded=recorded)
    else:
        whole = batches(48, 20, 2 * asked.steps, 0)
        full = whole.counts == 20
        kept = type(whole)(whole.indices[full][: asked.steps], whole.counts[full][: asked.steps])
        return run("faulty", asked, schedule=kept, recorded=recorded)
    return run("faulty", asked, gradient, recorded=recorded)


def faults(count: int, rng: np.random.Generator) -> int:
    """Print how many faults of each kind were named above the floor, and what was said below.

    Gives how many above it were not named.
    """
    missed = 0
    table: dict[str, Counter[str]] = {kind: Counter() for kind in NAMED}
    for place in range(count):
        kind = list(NAMED)[place % len(NAMED)]
        batch = 20 if kind in ("one example dropped per epoch", "last batch skipped") else None
        asked = drawn(
            rng,
            model="mlp",
            activation="tanh",
            data=None,
            rate=0.1,
            scale=1.0,
            batch=batch,
            precision="float32",
            steps=300,
            seed=0 if kind == "last batch skipped" else int(rng.integers(10_000)),
        )
        size = float(10.0 ** rng.uniform(-8, 0))
        right = run("right", asked, recorded=sampled_steps(64, asked.steps))
        told = pair_of(right, faulty(kind, asked, size))
        words = " ".join(told.words)
        floor = {
            "learning rate": max(told.floors.values()),
            "decay": max(told.decay_floors[name] for name in ("W1", "W2")),
        }.get(kind, told.floors["W1"])
        above = kind not in SIZED or size > floor
        found = told.verdict in ("systematic", "lower precision")
        named = found and NAMED[kind] in words and words.count("faulty: ") <= 1
        table[kind]["named" if named else "found" if found else told.verdict, above] += 1  # type: ignore[index] # a pair of both
        if above and not named:
            missed += 1
            print(f"  {kind}, size {size:.2g}, floor {floor:.2g}: {told.verdict}: {words[:200]}")
    print(f"\n{count} faulty runs, each beside a right one: above the floor, and below it")
    for kind, counted in table.items():
        shown = {
            side: ", ".join(
                f"{number} {name}"
                for (name, over), number in counted.items()
                if over is side  # type: ignore[misc, has-type]
            )
            for side in (True, False)
        }
        print(f"  {kind:30} above: {shown[True] or '-':28} below: {shown[False] or '-'}")
    return missed


def main() -> int:
    """Print both tables; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--faults", type=int, default=126)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    print(f"{datetime.date.today()}, {platform.machine()}, {os.cpu_count()} cores")
    amiss = right_pairs(options.pairs, rng)
    missed = faults(options.faults, rng)
    return 1 if amiss or missed else 0


if __name__ == "__main__":
    sys.exit(main())
