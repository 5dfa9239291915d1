"""A class graded by the workers of a Dask cluster, some of whom die."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

import pytest

from backproof.grading import pools, results
from backproof.grading.assignment import read
from backproof.grading.grade import grade
from backproof.grading.sandbox import Sandbox, Unavailable
from backproof.reading.told import Unreadable
from grading.test_grade import ASSIGNMENT, CLASS

distributed = pytest.importorskip("distributed", reason='pip install "backproof[dask]"')
# No worker may die with a task: what Dask forgives three times by default has to be made up for.
UNFORGIVING = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
LOCAL = ["--no-dashboard", "--host", "127.0.0.1"]


@contextlib.contextmanager
def running(program, *arguments):
    """One of Dask's programs, until the end of the block: the process, and the lines it says."""
    with subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.dask_{program}", *arguments],
        env=UNFORGIVING,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process, words):
    return next(line.split()[-1] for line in process.stderr if words in line)


@pytest.fixture
def scheduler():
    with running("scheduler", *LOCAL, "--port", "0") as process:
        yield process, said(process, "Scheduler at:")


@contextlib.contextmanager
def worker(address):
    with running("worker", address, *LOCAL, "--nthreads", "1", "--no-nanny") as process:
        said(process, "Registered to:")
        yield process


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    try:
        with Sandbox():
            pass
    except Unavailable as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("class")
    for number in range(3):
        for name, text in CLASS.items():
            (folder / f"{number}{name}").write_text(text, "utf-8")
    return folder


@pytest.mark.nightly
def test_a_killed_worker_loses_nothing(scheduler, handed_in, tmp_path) -> None:
    _, address = scheduler
    asked = read(ASSIGNMENT)
    here = grade(handed_in, asked, tmp_path / "here", date="2026-01-02")
    killed = []
    with worker(address) as one, worker(address) as other:

        def progress(done, of) -> None:
            if done and not killed:
                killed.append(done)
                os.kill(_at_work(address, (one.pid, other.pid)), signal.SIGKILL)

        there = grade(
            handed_in,
            asked,
            tmp_path / "there",
            date="2026-01-02",
            scheduler=address,
            progress=progress,
        )
        assert 0 < killed[0] < len(here["submissions"])
        assert {one.poll(), other.poll()} == {None, -signal.SIGKILL}
    assert results.as_json(there) == results.as_json(here)


def _at_work(address, processes):
    """The process of a worker that has something to do."""
    with distributed.Client(address, set_as_default=False) as client:
        busy = [worker for worker, tasks in client.processing().items() if tasks]
        found = client.run(os.getpid, workers=busy[:1])
    (process,) = found.values()
    assert process in processes
    return process


@pytest.mark.nightly
def test_a_scheduler_that_is_lost_is_said_and_what_was_graded_is_kept(
    scheduler, handed_in, tmp_path
) -> None:
    process, address = scheduler
    with worker(address), pytest.raises(Unreadable, match=f"{address} is lost .* is kept"):
        grade(
            handed_in,
            read(ASSIGNMENT),
            tmp_path,
            date="2026-01-02",
            scheduler=address,
            progress=lambda done, _: process.kill() if done else None,
        )
    assert list((tmp_path / "graded").glob("*.json"))


def test_a_scheduler_without_workers_is_said_after_a_while(
    scheduler, handed_in, tmp_path, monkeypatch
) -> None:
    _, address = scheduler
    monkeypatch.setattr(pools, "PATIENCE_SECONDS", 0.1)
    told: list[str] = []
    with pytest.raises(Unreadable, match=f"{address} has no workers, and .* for 0.1 s; start some"):
        grade(
            handed_in,
            read(ASSIGNMENT),
            tmp_path,
            date="2026-01-02",
            scheduler=address,
            tell=told.append,
        )
    assert f"{address}: 0 workers with 0 threads; grading waits 0.1 s for some" in told


@pytest.mark.parametrize("address", ["here", "", "carrier://pigeon:1", "tcp://127.0.0.1:1"])
def test_a_scheduler_that_cannot_be_reached_is_said(
    address, handed_in, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(pools, "_CONNECT_SECONDS", 0.1)
    with pytest.raises(Unreadable, match=f"--scheduler {address}: no Dask scheduler"):
        grade(handed_in, read(ASSIGNMENT), tmp_path, date="2026-01-02", scheduler=address)


def test_what_is_to_be_installed_is_said(handed_in, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(Unreadable, match=r'pip install "backproof\[dask\]"'):
        grade(handed_in, read(ASSIGNMENT), tmp_path, date="2026-01-02", scheduler="tcp://x:1")
