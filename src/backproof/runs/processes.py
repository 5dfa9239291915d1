"""One run by several processes, on one machine or on many, joined by `jax.distributed`.

Every process is started with the same command, works out the same examples, batches and parameters
from the seed, and computes its part of each step. The first one keeps the record.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from backproof.reading.told import Unreadable

_PLACE: Final = re.compile(r"(?P<address>[^,]+:\d+),(?P<index>\d{1,6})/(?P<count>\d{1,6})")
_DIGEST: Final = 32
SECONDS: Final = 300  # that a process waits for the others
_SILENT: Final = 5  # before it says that it does
_LONGER: Final = 60  # JAX waits, which then ends the process with an abort
Begun = TypeVar("Begun")


@contextmanager
def joined(where: str) -> Iterator[int]:
    """Join the other processes; gives this one's number, from 0.

    Args:
        where: "HOST:PORT,I/N" for process I of N, the first of which listens at that address; or
            "auto" where Slurm, Open MPI or Cloud TPU say it.

    Raises:
        Unreadable: where they cannot be joined.
    """
    import jax

    told = _PLACE.fullmatch(where)
    if told is None and where != "auto":
        raise Unreadable(
            f"--distributed {where}: expected auto, or such as 10.0.0.1:1234,0/2, which is the "
            "first of two processes, that listens there"
        )
    if told is None:
        _initialized(where)
    else:
        index, count = int(told["index"]), int(told["count"])
        if index >= count:
            raise Unreadable(f"--distributed {where}: processes are counted from 0")
        if not 0 < int(told["address"].rpartition(":")[2]) < 2**16:
            raise Unreadable(f"--distributed {where}: expected a port from 1 to 65535")
        _initialized(where, told["address"], count, index)
    with _quiet():
        yield jax.process_index()
    # Not where this one was ended by an exception: the others may wait for it for ever.
    distributed: Any = jax.distributed  # not in JAX's types
    distributed.shutdown()


def _initialized(where: str, *place: Any) -> None:
    """Wait for the others, where Ctrl-C is heard: not in JAX, which waits in C++ and then aborts.

    Raises `Unreadable` where they do not come; the process has to end then, as JAX still waits.
    """
    import jax

    distributed: Any = jax.distributed
    raised: list[Exception] = []

    def initialize() -> None:
        try:
            distributed.initialize(*place, initialization_timeout=SECONDS + _LONGER)
        except Exception as error:  # for the thread that waits
            raised.append(error)

    waiting = threading.Thread(target=initialize, daemon=True)
    waiting.start()
    waiting.join(_SILENT)
    if waiting.is_alive():
        words = f"waiting for the other processes, {SECONDS} seconds at the most"
        print(f"backproof: --distributed {where}: {words}", file=sys.stderr, flush=True)
        waiting.join(SECONDS - _SILENT)
    if waiting.is_alive():
        raise Unreadable(
            f"--distributed {where}: after {SECONDS} seconds the processes are not all there; "
            "start each with its own number, and the address of process 0, which all can reach"
        )
    for error in raised:
        if not isinstance(error, RuntimeError | ValueError):
            raise error
        raise Unreadable(f"--distributed {where}: {str(error).partition(chr(10))[0]}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Send what a library prints of its connections to standard error, and Python's own as ever."""
    sys.stdout.flush()
    kept, ours = os.dup(1), sys.stdout
    with os.fdopen(kept, "w") as sys.stdout:
        os.dup2(2, 1)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(kept, 1)
            sys.stdout = ours


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Write a record as the only process on this machine that does, until it ends or is killed.

    Raises `Unreadable` where another process holds it. File systems and Windows that know no such
    locks (flock(2)) let anybody.
    """
    held = None
    try:
        fcntl: Any = importlib.import_module("fcntl")
        held = os.open(folder, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if held is not None:
            os.close(held)
        raise Unreadable(
            f"{folder}: another process is writing this record; wait for it, or end it"
        ) from None
    except (ImportError, OSError):
        pass
    try:
        yield
    finally:
        if held is not None:
            os.close(held)


def together(begin: Callable[[], Begun], digest: Callable[[Begun], bytes]) -> Begun:
    """What every process has to manage before the first step; where one cannot, all refuse.

    Args:
        begin: may raise.
        digest: of what it gives, 32 bytes which have to be the same in all processes.

    Raises:
        Unreadable: for what another process met, or where they differ; and what `begin` raises.
    """
    jax = sys.modules.get("jax")
    if jax is None or not jax.distributed.is_initialized():
        return begin()
    try:
        begun = begin()
    except Exception:
        _gathered(bytes(_DIGEST))
        raise
    everyone = _gathered(digest(begun))
    failed = [number for number, mark in enumerate(everyone) if not any(mark)]
    if failed:
        raise Unreadable(f"process {failed[0]} could not begin, and says why")
    other = [number for number, mark in enumerate(everyone) if mark != everyone[0]]
    if other:
        raise Unreadable(
            f"process {other[0]} has other examples, parameters or settings than process 0: "
            "start all of them with the same command, on the same data"
        )
    return begun


def _gathered(mark: bytes) -> list[bytes]:
    from jax.experimental import multihost_utils

    everyone = multihost_utils.process_allgather(np.frombuffer(mark, np.uint8))
    return [bytes(row) for row in np.asarray(everyone).reshape(-1, _DIGEST)]
