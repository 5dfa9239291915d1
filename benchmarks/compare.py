"""How often two right runs are called systematic, and which faults are named.

    uv run python benchmarks/compare.py [--pairs N] [--faults N]

Right pairs are of random tasks: models, activations, learning rates from 1e-7 to 1, lengths to
5,000 steps, full batches and mini-batches; NumPy by hand beside JAX, JAX with the examples the
other way round, without optimisation, for an older processor, and on 8 devices. Faults are of
random tasks and sizes; one that is larger than the floor printed for the pair has to be named.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import datetime
import multiprocessing
import os
import platform
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # where runs are made

from backproof.comparison.own import Run, own
from backproof.comparison.pairs import Pair, compare
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
from comparison.made_runs import Task, in_jax, run, task

MODELS = ("linear_regression", "logistic_regression", "softmax_regression", "mlp", "mlp_softmax")
ACTIVATIONS = ("sigmoid", "tanh", "relu", "softplus")
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
    """A task. Few shapes, because each is compiled."""
    options = {
        "model": str(rng.choice(MODELS)),
        "activation": str(rng.choice(ACTIVATIONS)),
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
def workers() -> Iterator[dict[str, concurrent.futures.Executor]]:
    """One process for each set of XLA's flags, which are read when it starts."""
    pools: dict[str, concurrent.futures.Executor] = {}
    context = multiprocessing.get_context("spawn")
    before = os.environ.get("XLA_FLAGS", "")
    for name, flags in WORKERS.items():
        pools[name] = concurrent.futures.ProcessPoolExecutor(1, context)
        os.environ["XLA_FLAGS"] = flags
        pools[name].submit(os.getpid).result()
    os.environ["XLA_FLAGS"] = before
    try:
        yield pools
    finally:
        for pool in pools.values():
            pool.shutdown()


def right_pairs(count: int, rng: np.random.Generator) -> None:
    """Print the verdicts on pairs of right runs, and every one that is systematic."""
    kinds = ("NumPy", "turned", *WORKERS)
    verdicts: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    alone: Counter[bool] = Counter()
    with workers() as pools:
        for place in range(count):
            kind, asked = kinds[place % len(kinds)], drawn(rng)
            recorded = sampled_steps(64, asked.steps)
            one = in_jax("jax", asked, recorded=recorded)
            if kind == "NumPy":
                other = run("numpy", asked, recorded=recorded)
            elif kind == "turned":
                other = in_jax(kind, asked, True, recorded)
            else:
                devices = 8 if kind == "8 devices" else 1
                other = pools[kind].submit(in_jax, kind, asked, False, recorded, devices).result()
            owns = own(one), own(other)
            told = compare(one, other, owns)
            # Of pairs that are bitwise equal nothing else is said, whatever their steps show.
            for shown in owns:
                alone[bool(shown.faults) or shown.unexplained is not None] += 1
            verdicts[kind][told.verdict] += 1
            if told.verdict in ("systematic", "lower precision", "diverged"):
                print(f"  {kind}: {told.verdict}: {told.words}\n    {described(asked)}")
    print(f"\n{count} right pairs, JAX beside")
    columns = ("bitwise equal", "rounding", "inconclusive", "systematic", "lower precision")
    print(f"  {'':22}" + "".join(f"{name:>17}" for name in columns))
    for kind, counted in verdicts.items():
        print(f"  {kind:22}" + "".join(f"{counted[name]:17}" for name in columns))
    print(f"  of {2 * count} runs by themselves, {alone[True]} show a fault")


def described(asked: Task) -> str:
    """A task in a line."""
    batch = "full batch" if asked.schedule is None else "batches of 20"
    return (
        f"{asked.model.name} {asked.activation} {asked.precision} rate {asked.rate:g} "
        f"{asked.steps} steps, {batch}"
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


def faults(count: int, rng: np.random.Generator) -> None:
    """Print how many faults of each kind were named above the floor, and what was said below."""
    table: dict[str, Counter[str]] = {kind: Counter() for kind in NAMED}
    for place in range(count):
        kind = list(NAMED)[place % len(NAMED)]
        batch = 20 if kind in ("one example dropped per epoch", "last batch skipped") else None
        asked = drawn(
            rng,
            model="mlp",
            activation="tanh",
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


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--faults", type=int, default=48)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    print(f"{datetime.date.today()}, {platform.machine()}, {os.cpu_count()} cores")
    right_pairs(options.pairs, rng)
    faults(options.faults, rng)


if __name__ == "__main__":
    main()
