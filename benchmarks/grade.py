"""A class of 300 graded: every score as designed, the same bytes again, and how long it takes.

    uv run python benchmarks/grade.py [--class FOLDER]

Makes the class (right in several ways, wrong in known ones, hostile, broken, empty, notebooks),
grades it, is killed (`kill -9`) in the middle of grading it again into another folder and goes on,
and compares the results byte for byte; so it does, where Dask is installed, with those of a cluster
of two workers, one of which is killed in the middle. Then how many a second are graded once
start-up and truth are done, by sandboxes that are copied for each submission and by new ones. With
--class the class is only written into a folder.
Exits with 1 if a score is not as designed or the bytes differ.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import functools
import importlib.util
import json
import os
import platform
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

STUDENTS = 300
ASSIGNMENT = "logistic_regression"
HOSTILE = Path(__file__).parents[1] / "tests" / "grading" / "hostile"

HEAD = "import numpy as np\nimport matplotlib.pyplot as plt\n\n"
PARTS = {
    "sigmoid": [
        "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))\n",
        "def sigmoid(z):\n    return np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))),"
        " np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))\n",
        "def sigmoid(z):\n    return 0.5 * (1 + np.tanh(z / 2))\n",
    ],
    "logistic_regression": [
        "def logistic_regression(X, w, b):\n    return sigmoid(w @ X + b)\n",
        "def logistic_regression(X, w, b):\n    z = np.dot(w, X) + b\n    return sigmoid(z)\n",
    ],
    "initialize_weights": [
        "def initialize_weights(d):\n    return np.zeros((1, d)), 0.0\n",
        "def initialize_weights(d):\n    return np.random.randn(1, d) * 0.01, np.zeros(())\n",
    ],
    "binary_cross_entropy": [
        "def binary_cross_entropy(Y, Y_hat):\n    m = X.shape[1]\n"
        "    return -np.sum(Y * np.log(Y_hat) + (1 - Y) * np.log(1 - Y_hat)) / m\n",
        "def binary_cross_entropy(Y, Y_hat):\n"
        "    return -np.mean(Y * np.log(Y_hat + 1e-12) + (1 - Y) * np.log(1 - Y_hat + 1e-12))\n",
    ],
    "gradient": [
        "def gradient(X, Y, Y_hat):\n    m = X.shape[1]\n    dz = Y_hat - Y\n"
        "    return dz @ X.T / m, np.sum(dz) / m\n",
        "def gradient(X, Y, Y_hat):\n    m = X.shape[1]\n    dw = np.zeros((1, X.shape[0]))\n"
        "    db = 0.0\n    for i in range(m):\n        e = Y_hat[0, i] - Y[0, i]\n"
        "        dw += e * X[:, i] / m\n        db += e / m\n    return dw, db\n",
    ],
    "predict": [
        "def predict(X, w, b):\n    return (logistic_regression(X, w, b) > 0.5).astype(int)\n",
        "def predict(X, w, b):\n    return logistic_regression(X, w, b) >= 0.5\n",
    ],
}
# What is replaced, by what, and what it costs of the 9 points.
WRONG = [
    ("np.exp(-z)", "np.exp(z)", "sigmoid", 1.0),
    (" + b", "", "logistic_regression", 1.0),
    ("(1, d)", "(d, 1)", "initialize_weights", 0.5),
    ("return -np", "return np", "binary_cross_entropy", 2.0),
    ("dz @ X.T / m", "dz @ X.T", "gradient", 2.0),
    ("np.sum(dz) / m", "np.sum(dz)", "gradient", 1.0),
    ("Y_hat - Y", "Y - Y_hat", "gradient", 3.0),
    ("> 0.5", "> 0.8", "predict", 1.0),
    ("    return dz @ X.T / m, np.sum(dz) / m", "    return dz @ X.T / m", "gradient", 3.0),
]
_BEGUN = 20
TRAINING = "\nX = np.load('cells.npy')\nfor step in range(10**9):\n    plt.plot(step, step)\n"


def made(folder: Path) -> dict[str, float]:
    """Write the class; the points that each is to get, by key."""
    rng = random.Random(20261125)
    expected: dict[str, float] = {}
    folder.mkdir(parents=True, exist_ok=True)
    for place, (text, points, suffix) in zip(range(STUDENTS), _drawn(rng), strict=False):
        name = f"student{place:03d}"
        content = _as_notebook(text) if suffix == ".ipynb" else text
        (folder / f"{name}{suffix}").write_text(content, "utf-8")
        expected[name] = points
    return expected


def _drawn(rng: random.Random) -> Iterator[tuple[str, float, str]]:
    hostile = sorted(HOSTILE.glob("*.py"))
    while True:
        kind = rng.random()
        if kind < 0.35:
            yield _program(rng, {}), 9.0, rng.choice([".py", ".ipynb"])
        elif kind < 0.85:
            old, new, name, cost = rng.choice(WRONG)
            text = PARTS[name][0]
            assert old in text
            program = _program(rng, {name: text.replace(old, new, 1)})
            yield program, 9.0 - cost, rng.choice([".py", ".ipynb"])
        elif kind < 0.90:
            broken = _program(rng, {}).replace("def predict", "def predict(:\n", 1)
            yield broken, 0.0, ".py"
        elif kind < 0.94:
            yield "", 0.0, rng.choice([".py", ".ipynb"])
        elif kind < 0.97:
            yield _program(rng, {"predict": ""}), 8.0, ".py"
        else:
            yield rng.choice(hostile).read_text("utf-8"), 0.0, ".py"


def _program(rng: random.Random, told: dict[str, str]) -> str:
    parts = [told.get(name, rng.choice(ways)) for name, ways in PARTS.items()]
    return HEAD + "\n\n".join(parts) + (TRAINING if rng.random() < 0.5 else "")


def _as_notebook(text: str) -> str:
    cells = [
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": part,
        }
        for part in text.split("\n\n\n")
    ]
    cells.insert(0, {"cell_type": "markdown", "metadata": {}, "source": "# Homework"})
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def graded(
    folder: Path, out: Path, killed: subprocess.Popen[str] | None = None, *more: str, at: int = 0
) -> float:
    """Run `backproof grade`; its seconds. After `at` results `killed` is, None for itself."""
    command = [sys.executable, "-m", "backproof", "grade", str(folder)]
    command += ["--assignment", ASSIGNMENT, "--out", str(out), *more]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, text=True) as process:
        while at and process.poll() is None:
            if len(list((out / "graded").glob("*.json"))) >= at:
                (killed or process).send_signal(signal.SIGKILL)
                break
            time.sleep(0.01)
    return time.perf_counter() - start


@contextlib.contextmanager
def cluster() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A Dask scheduler with two workers: its address, and one of them. No death is forgiven."""
    environment = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}

    def running(program: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{program}", *arguments]
        command += ["--no-dashboard", "--host", "127.0.0.1"]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        stack.callback(process.wait)
        stack.callback(process.kill)
        return process

    def said(process: subprocess.Popen[str], words: str) -> str:
        assert process.stderr is not None
        return next(line.split()[-1] for line in process.stderr if words in line)

    with contextlib.ExitStack() as stack:
        address = said(running("scheduler", "--port", "0"), "Scheduler at:")
        workers = [running("worker", address, "--nthreads", "1", "--no-nanny") for _ in range(2)]
        for worker in workers:
            said(worker, "Registered to:")
        yield address, workers[0]


def steadily(folder: Path, out: Path, *, warm: bool) -> tuple[float, float]:
    """The seconds until the first result, and how many come a second from the 20th to the last."""
    from backproof.grading import assignment, grade, papers, ready_made, sandbox

    came: list[float] = []
    papers.Sandbox = functools.partial(sandbox.Sandbox, warm=warm)
    start = time.perf_counter()
    grade.grade(
        folder,
        assignment.read(ready_made.found(ASSIGNMENT)),
        out,
        date="",
        progress=lambda *_: came.append(time.perf_counter()),
    )
    del came[0]  # told before any
    return came[0] - start, (len(came) - _BEGUN) / (came[-1] - came[_BEGUN - 1])


def _on_cluster(folder: Path, out: Path) -> float:
    with cluster() as (address, worker):
        seconds = graded(folder, out, worker, "--scheduler", address, at=STUDENTS // 3)
        assert worker.wait(60) == -signal.SIGKILL
    return seconds


def machine() -> str:
    """The day, and what this runs on."""
    system = f"{platform.system()}, {platform.machine()}"
    told = f"{system}, Python {platform.python_version()}, {os.cpu_count()} cores"
    return f"{datetime.date.today()}, {told}"


def main() -> int:
    """Print what came of it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--class", dest="folder", metavar="FOLDER")
    told = parser.parse_args().folder
    if told is not None:
        print(json.dumps(made(Path(told)), indent=1))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        return _measured(Path(scratch))


def _measured(scratch: Path) -> int:
    expected = made(scratch / "class")
    first = graded(scratch / "class", scratch / "one")
    killed = graded(scratch / "class", scratch / "two", at=STUDENTS // 3)
    rest = graded(scratch / "class", scratch / "two")
    again = graded(scratch / "class", scratch / "one")
    installed = importlib.util.find_spec("distributed") is not None
    clustered = _on_cluster(scratch / "class", scratch / "three") if installed else None
    one, two = ((scratch / name / "results.json").read_bytes() for name in ("one", "two"))
    same = [one == two]
    found = {each["key"]: each["points"] for each in json.loads(one)["submissions"]}
    amiss = {
        key: (found.get(key), points)
        for key, points in expected.items()
        if found.get(key) != points
    }
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(machine())
    print(f"{STUDENTS} submissions, {len(amiss)} scores not as designed")
    for key, (got, wanted) in amiss.items():
        print(f"  {key}: {got}, to be {wanted}")
    print(f"first run: {first:.1f} s, {STUDENTS / first:.1f} a second with start-up and truth")
    print(f"killed after {STUDENTS // 3} in {killed:.1f} s, the rest in {rest:.1f} s")
    print(f"the same bytes: {'yes' if same[0] else 'no'}")
    if clustered is not None:
        same.append((scratch / "three" / "results.json").read_bytes() == one)
        print(f"on two Dask workers, one killed after {STUDENTS // 3}: {clustered:.1f} s")
        print(f"the same bytes: {'yes' if same[1] else 'no'}")
    print(f"again, nothing new: {again:.1f} s")
    print(f"largest process: {memory:.2f} GB")
    for name, warm in (("warm", True), ("cold", False)):
        first, rate = steadily(scratch / "class", scratch / name, warm=warm)
        begun = f"first result after {first:.1f} s, then " if warm else ""  # the truth is known now
        print(f"{name}: {begun}{rate:.1f} a second")
    return 1 if amiss or not all(same) else 0


if __name__ == "__main__":
    sys.exit(main())
