"""How fast training is, beside other ways to do the same work in the same run.

    uv run python benchmarks/train.py [small] [medium] [large] [sweep] [--rounds N]

Each way takes the same steps of gradient descent from the same parameters on the same examples in
float32; they take turns, and medians are printed. PyTorch and scikit-learn are among them where
they are installed. The rate is that of the matrix products' operations, beside what NumPy's sgemm
and XLA reach on the products alone. What compiling takes is left out: each way is run once before.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import backproof
from backproof import start, training
from backproof.notation import MODELS
from backproof.reference import mlp

LEARNING_RATE = 0.1


class Size(NamedTuple):
    """A task: n examples of d features, h hidden units, so many steps on `batch` examples each."""

    n: int
    d: int
    h: int
    steps: int
    batch: int | None


SIZES = {
    "small": Size(569, 30, 32, 2000, None),
    "medium": Size(60_000, 784, 256, 400, 128),
    "large": Size(8192, 1024, 4096, 4, None),
}
Way = Callable[[], Any]


class Task(NamedTuple):
    """The examples and parameters of a task, as all ways take them."""

    size: Size
    x: np.ndarray
    y: np.ndarray
    parameters: Mapping[str, np.ndarray]
    batches: list[np.ndarray]


def task(size: Size) -> Task:
    """Drawn from a seed."""
    rng = np.random.default_rng(0)
    # In JAX's own memory, as PyTorch's copy below is in PyTorch's: neither is copied in a run.
    rows = np.asarray(jnp.asarray(rng.normal(size=(size.n, size.d)).astype(np.float32)))
    y = (rows[:, :1].T > 0.0).astype(np.float32)
    sizes = {"d": size.d, "h": size.h}
    parameters = training.initial_parameters("mlp", sizes, 0, "float32", 0.05)
    schedule = start.batches(size.n, size.batch or size.n, size.steps, 0)
    batches = (
        []
        if size.batch is None
        else [indices[:count] for indices, count in zip(*schedule, strict=True)]
    )
    return Task(size, rows.T, y, parameters, batches)


def cut(one: Task, number: int) -> tuple[np.ndarray, np.ndarray]:
    """The examples of a step."""
    if not one.batches:
        return one.x, one.y
    batch = one.batches[number]
    return np.ascontiguousarray(one.x[:, batch]), one.y[:, batch]


def by_hand(one: Task) -> Way:
    """The reference: NumPy, derived by hand."""

    def run() -> None:
        now = list(one.parameters.values())
        rate = np.float32(LEARNING_RATE)
        for number in range(one.size.steps):
            gradients = mlp.backward(*now, *cut(one, number), activation="tanh")
            now = [p - rate * dp for p, dp in zip(now, gradients, strict=True)]

    return run


def step_by_step(one: Task) -> Way:
    """JAX, one compiled step at a time."""
    update = jax.jit(training.step(MODELS["mlp"], "tanh", LEARNING_RATE))

    def run() -> None:
        now: Any = jax.device_put(dict(one.parameters))
        data = jax.device_put(cut(one, 0)) if not one.batches else None
        for number in range(one.size.steps):
            now, _ = update(now, *(data or cut(one, number)))
        jax.block_until_ready(now)

    return run


def scanned(one: Task) -> Way:
    """Ours: all steps in one compiled loop."""

    def run() -> None:
        training.train(
            "mlp",
            one.x,
            one.y,
            activation="tanh",
            learning_rate=LEARNING_RATE,
            steps=one.size.steps,
            batch_size=one.size.batch,
            parameters=one.parameters,
        )

    return run


def in_torch(one: Task, compiled: bool) -> Way:
    """PyTorch, eager or compiled."""
    import torch

    start_of = {name: torch.tensor(value) for name, value in one.parameters.items()}

    def loss_of(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
        z = torch.tanh(x @ W1.T + b1.T) @ W2.T + b2.T
        return torch.nn.functional.binary_cross_entropy_with_logits(z, y)

    used = torch.compile(loss_of) if compiled else loss_of
    rows, targets = torch.tensor(one.x.T), torch.tensor(one.y.T)
    places = [torch.tensor(batch) for batch in one.batches]

    def run() -> None:
        now = [value.clone().requires_grad_() for value in start_of.values()]
        optimizer = torch.optim.SGD(now, lr=LEARNING_RATE)
        for number in range(one.size.steps):
            x, y = (rows[places[number]], targets[places[number]]) if places else (rows, targets)
            optimizer.zero_grad()
            used(*now, x, y).backward()
            optimizer.step()

    return run


def in_scikit_learn(one: Task) -> Way:
    """scikit-learn's MLPClassifier, without momentum."""
    from sklearn.neural_network import MLPClassifier

    size = one.size
    epochs = max(1, round(size.steps * (size.batch or size.n) / size.n))
    share = epochs * size.n / (size.steps * (size.batch or size.n))

    def run() -> float:
        model = MLPClassifier(
            (size.h,),
            activation="tanh",
            solver="sgd",
            alpha=0.0,
            batch_size=size.batch or size.n,
            learning_rate_init=LEARNING_RATE,
            max_iter=epochs,
            tol=0.0,
            momentum=0.0,
            n_iter_no_change=epochs + 1,
            random_state=0,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged, which nobody asked
            model.fit(one.x.T, one.y[0])
        return share  # whole epochs only: so many times the work of the others

    return run


def installed(name: str) -> bool:
    """Whether a package is there."""
    return importlib.util.find_spec(name) is not None


def ways(one: Task, name: str) -> dict[str, Way]:
    """All ways that are there and end in reasonable time."""
    found = {"our scan": scanned(one), "JAX step by step": step_by_step(one)}
    found["reference (NumPy)"] = by_hand(one)
    if installed("torch"):
        found["PyTorch eager"] = in_torch(one, False)
        found["PyTorch compiled"] = in_torch(one, True)
    if installed("sklearn") and name != "large":
        found["scikit-learn"] = in_scikit_learn(one)
    return found


def operations(size: Size) -> float:
    """Multiplications and additions of a step's matrix products."""
    n = size.batch or size.n
    return n * (4.0 * size.d * size.h + 6.0 * size.h)


def products_alone(one: Task) -> dict[str, Way]:
    """The matrix products of the steps and nothing else, by NumPy and by XLA."""
    size, n = one.size, one.size.batch or one.size.n
    rng = np.random.default_rng(1)
    W1 = one.parameters["W1"]
    W2 = one.parameters["W2"]
    x = np.ascontiguousarray(one.x[:, :n])
    a = rng.normal(size=(size.h, n)).astype(np.float32)
    dz = rng.normal(size=(1, n)).astype(np.float32)

    def in_numpy() -> None:
        for _ in range(size.steps):
            for left, right in ((W1, x), (W2, a), (dz, a.T), (W2.T, dz), (a, x.T)):
                left @ right

    @jax.jit
    def repeated(W1: Any, W2: Any, x: Any, a: Any, dz: Any) -> Any:
        def body(_: Any, carried: Any) -> Any:
            # Each product depends on the last step, or XLA would take it out of the loop.
            W1, W2, a, dz = carried
            z1, z2 = W1 @ x, W2 @ a
            dW2, da, dW1 = dz @ a.T, W2.T @ dz, a @ x.T
            tiny = jnp.float32(1e-9)
            return W1 + tiny * dW1, W2 + tiny * dW2, a + tiny * (z1 + da), dz + tiny * z2

        return jax.lax.fori_loop(0, size.steps, body, (W1, W2, a, dz))

    def in_xla() -> None:
        jax.block_until_ready(repeated(W1, W2, x, a, dz))

    return {"products alone, sgemm": in_numpy, "products alone, XLA": in_xla}


def medians(found: Mapping[str, Way], rounds: int) -> dict[str, float]:
    """Seconds for the whole work, of turns taken one after the other."""
    shares = {name: way() or 1.0 for name, way in found.items()}  # and compile
    seconds: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(rounds):
        for name, way in found.items():
            began = time.perf_counter()
            way()
            seconds[name].append((time.perf_counter() - began) / shares[name])
    return {name: statistics.median(times) for name, times in seconds.items()}


def compared(name: str, rounds: int) -> None:
    """Print a task's table."""
    size = SIZES[name]
    one = task(size)
    told = medians({**ways(one, name), **products_alone(one)}, rounds)
    batch = "full batch" if size.batch is None else f"batches of {size.batch}"
    shape = f"{size.n:,} x {size.d}, h {size.h:,}, {size.steps:,} steps, {batch}"
    print(f"\n{name}: {shape}, float32, tanh, medians of {rounds}")
    ours = told["our scan"]
    for way, seconds in told.items():
        rate = operations(size) * size.steps / seconds / 1e9
        print(f"  {way:24} {seconds:9.3f} s  {seconds / ours:6.2f} x ours  {rate:8.1f} GFLOP/s")
    for against in ("sgemm", "XLA"):
        print(f"  our scan reaches {told[f'products alone, {against}'] / ours:.2f} of {against}'s")


def swept(rounds: int) -> None:
    """200 small models at once, and one after the other."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 400)).astype(np.float32)
    y = (x[:1] * x[1:] > 0.0).astype(np.float32)
    rates = [float(rate) for rate in np.geomspace(0.01, 1.0, 20)]

    def ours() -> None:
        backproof.sweep(
            "mlp", x, y, activation="tanh", learning_rates=rates, seeds=range(10), steps=500
        )

    found: dict[str, Way] = {"our sweep of 200": ours}
    if installed("sklearn"):
        size = Size(400, 2, 8, 500, None)
        found["scikit-learn, 5 of 200"] = lambda: (
            [in_scikit_learn(Task(size, x, y, {}, []))() for _ in range(5)] and 5 / 200
        )
    print(f"\nsweep: 200 models, 400 x 2, h 8, 500 steps, medians of {rounds}")
    told = medians(found, rounds)
    for way, seconds in told.items():
        print(f"  {way:24} {seconds:9.2f} s for 200")


def main() -> None:
    """Print the tables that are asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("which", nargs="*", choices=[*SIZES, "sweep", []])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{datetime.date.today()}, {platform.machine()}, {os.cpu_count()} cores")
    for name in options.which or [*SIZES, "sweep"]:
        if name == "sweep":
            swept(options.rounds)
        else:
            compared(name, options.rounds)


if __name__ == "__main__":
    main()
