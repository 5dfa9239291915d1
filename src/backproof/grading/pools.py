"""Who grades papers: threads of this process, or the workers of a Dask cluster.

Dask is imported only where a cluster is asked for. Its rules for workers that die are in its
documentation, distributed.dask.org: "Resilience", and "Why did my worker die?": what a dead worker
had is given to another, and a task that more workers than `distributed.scheduler.allowed-failures`
died with fails with `KilledWorker`. That counts against all tasks the worker had, not only the one
that killed it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from backproof.grading.assignment import Assignment
from backproof.grading.papers import Paper, graded
from backproof.reading.told import Unreadable

if TYPE_CHECKING:
    from distributed import Client

_AT_A_TIME: Final = 4  # papers a task: some 0.1 s, a hundred times what Dask takes for one
_CONNECT_SECONDS: Final = 10
_FEWEST_WAITING: Final = 8
PATIENCE_SECONDS: Final = 60  # with nothing graded, after which is seen whether anybody is there


class Pool(NamedTuple):
    """Whoever grades.

    Attributes:
        executor: that does.
        grade: what it runs, as `papers.graded` but for the assignment and the isolation.
        papers: how many it is given at a time.
        room: how many times that it takes now, to have enough to do.
        manned: raises `Unreadable` where nobody is there to grade, saying so.
        lost: what is raised where whoever graded these papers died.
        line: what this is, for a person, where that has to be said.
    """

    executor: Executor
    grade: Callable[[Sequence[Paper]], list[dict[str, Any]]]
    papers: int
    room: Callable[[], int]
    manned: Callable[[], None]
    lost: tuple[type[BaseException], ...]
    line: str

    def submit(self, papers: Sequence[Paper]) -> Future[list[dict[str, Any]]]:
        """Have these papers graded."""
        return self.executor.submit(self.grade, papers)


@contextlib.contextmanager
def threads(assignment: Assignment, isolated: bool, jobs: int | None) -> Iterator[Pool]:
    """`jobs` threads, or one more than there are cores, each with a sandbox of its own.

    One more, since a thread that has something to judge may wait for another that judges.
    """
    number = jobs or (os.cpu_count() or 1) + 1
    grade = functools.partial(graded, assignment=assignment, isolated=isolated)
    executor = ThreadPoolExecutor(number)
    try:
        yield Pool(executor, grade, 1, lambda: 2 * number, lambda: None, (), "")
    finally:
        executor.shutdown(cancel_futures=True)


@contextlib.contextmanager
def cluster(assignment: Assignment, isolated: bool, address: str) -> Iterator[Pool]:
    """The workers of the Dask cluster whose scheduler is at `address`.

    Raises `Unreadable` where Dask is not installed or the scheduler cannot be reached.
    """
    try:
        import dask
        from distributed import KilledWorker
    except ImportError as error:
        words = f'--scheduler needs Dask ({error}): pip install "backproof[dask]"'
        raise Unreadable(words) from None
    # A large file beside a program is meant to go to the worker; Dask would warn of it.
    quiet = {"distributed.admin.large-graph-warning-threshold": "1GB"}
    with dask.config.set(quiet), _connected(address) as client:

        def room() -> int:
            return max(_FEWEST_WAITING, 3 * sum(map(int, client.nthreads().values())))

        def manned() -> None:
            if not client.nthreads():
                raise Unreadable(
                    f"the scheduler at {address} has no workers, and nothing was graded for "
                    f"{PATIENCE_SECONDS:g} s; start some (dask worker {address}), and the same "
                    "command again: what was graded is kept"
                )

        try:
            _all_have_it(client, address)
            workers = client.nthreads()
            waited = "" if workers else f"; grading waits {PATIENCE_SECONDS:g} s for some"
            line = f"{address}: {len(workers)} workers with {sum(workers.values())} threads{waited}"
            executor = client.get_executor(pure=False)
            grade = functools.partial(_on_a_worker, _version(), assignment, isolated)
            yield Pool(executor, grade, _AT_A_TIME, room, manned, (KilledWorker,), line)
        except Unreadable:
            raise
        except Exception as error:
            if client.status == "running" and not isinstance(error, OSError | CancelledError):
                raise
            raise Unreadable(
                f"the cluster at {address} is lost ({_in_a_line(error)}); what was graded is kept, "
                "and the same command goes on from there"
            ) from None


def _connected(address: str) -> Client:
    from distributed import Client

    try:
        return Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except Exception as error:  # of many kinds, for addresses that are none and ports of others
        raise Unreadable(
            f"--scheduler {address}: no Dask scheduler can be reached there "
            f"({_in_a_line(error)}); expected such as tcp://10.0.0.1:8786"
        ) from None


def _all_have_it(client: Client, address: str) -> None:
    """Raises `Unreadable` where one has no backproof: what is sent there would end it, unheard."""
    asked = importlib.metadata.version, "backproof"
    lacking = [
        f"its worker {worker}"
        for worker, found in sorted(client.run(*asked, on_error="return").items())
        if not isinstance(found, str)
    ]
    try:
        client.run_on_scheduler(*asked)
    except importlib.metadata.PackageNotFoundError:
        lacking.insert(0, "it")
    if lacking:
        raise Unreadable(
            f"--scheduler {address}: {lacking[0]} has no backproof; install there what is here: "
            'pip install "backproof[dask,grade]"'
        )


def _on_a_worker(
    version: str, assignment: Assignment, isolated: bool, papers: Sequence[Paper]
) -> list[dict[str, Any]]:
    """As `papers.graded`, in a worker's process, which the sender is told of where it cannot."""
    try:
        if _version() != version:
            raise Unreadable(
                f"it has backproof {_version()}, and here is {version}; install the same there"
            )
        return graded(papers, assignment, isolated)
    except Unreadable as error:
        raise Unreadable(f"the worker on {socket.gethostname()}: {error}") from None


def _version() -> str:
    return importlib.metadata.version("backproof")


def _in_a_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
