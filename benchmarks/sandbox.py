"""What isolating a submission costs, beyond its own computing.

    uv run python benchmarks/sandbox.py

One submission of a single small function, called 100 times with two small arrays, run again and
again: by a process that is copied for each, and by a new one for each; then by two threads that
drive two. Exits with 1 if the target is missed.
"""

from __future__ import annotations

import datetime
import os
import platform
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from backproof.grading.sandbox import Call, Sandbox
from backproof.grading.selftest import self_test

TARGET_MILLISECONDS = 8.0  # the best of a warm run with 100 calls
RUNS = {"warm": 200, "cold": 20}
FILES = {"homework.py": b"import numpy as np\n\ndef forward(a, b):\n    return a @ b\n"}


def milliseconds(sandbox: Sandbox, calls: list[Call], runs: int) -> list[float]:
    """The wall time of each of `runs` runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        outcome = sandbox.run(FILES, "homework.py", calls)
        times.append(1000 * (time.perf_counter() - start))
        assert outcome.status == "answered", outcome.sentence
    return times


def a_second(threads: int, calls: list[Call]) -> float:
    """Submissions a second, of as many threads as that, each with a sandbox of its own."""

    def work(_: int) -> tuple[float, float]:
        with Sandbox() as sandbox:
            start = time.perf_counter()
            milliseconds(sandbox, calls, RUNS["warm"])
            return start, time.perf_counter()

    with ThreadPoolExecutor(threads) as pool:
        ends = list(pool.map(work, range(threads)))
    wall = max(end for _, end in ends) - min(start for start, _ in ends)
    return threads * RUNS["warm"] / wall


def main() -> int:
    """Print the table; the exit status."""
    reason = self_test()
    if reason is not None:
        print(reason)
        return 1
    now = datetime.datetime.now(datetime.UTC)
    print(f"{now:%Y-%m-%d}, Python {platform.python_version()}, NumPy {np.__version__},")
    print(f"{os.cpu_count()} × {platform.machine()}, {platform.system()} {platform.release()}\n")
    print(f"{'':22}{'best':>8}{'median':>9}  ms a submission")
    rng = np.random.default_rng(0)
    call = Call("forward", (rng.normal(size=(4, 5)), rng.normal(size=(5, 4))))
    best = np.inf
    for name, warm, count in (
        ("warm, no call", True, 0),
        ("warm, 100 calls", True, 100),
        ("cold, 100 calls", False, 100),
    ):
        with Sandbox(warm=warm) as sandbox:
            times = milliseconds(sandbox, [call] * count, RUNS["warm" if warm else "cold"])
        print(f"{name:22}{min(times):8.1f}{statistics.median(times):9.1f}")
        if name == "warm, 100 calls":
            best = min(times)
    for threads in (1, 2):
        rate = a_second(threads, [call] * 100)
        print(f"{threads} at a time, 100 calls: {rate:.0f} submissions a second")
    print(f"\ntarget: at most {TARGET_MILLISECONDS:g} ms, warm, 100 calls, best")
    return int(best > TARGET_MILLISECONDS)


if __name__ == "__main__":
    sys.exit(main())
