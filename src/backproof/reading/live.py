"""Our end of a child process: start it, write to it, read what it says, and end all it started."""

from __future__ import annotations

import contextlib
import mmap
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Final, Protocol

from backproof.reading import wire
from backproof.reading.call import Kind
from backproof.reading.told import Unreadable

CHUNK: Final = 1 << 16
_MARK: Final = "BACKPROOF_PROCESS"  # in the environment of the process and of all it starts
_ENVIRONMENT: Final = {
    # tiny matrices: threads would only cost time, and sums would depend on their number
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "MPLBACKEND": "Agg",
}


_alive: set[Live] = set()
_starting = threading.RLock()  # reentrant, as `Live.kill` is: a signal may find us in either
_over = threading.Event()


def kill_all() -> None:
    """End every process that is still running, of whatever `Child`; no other is started."""
    with _starting:
        _over.set()
        for live in tuple(_alive):
            live.kill()


class Gone(Exception):  # noqa: N818 - an outcome, not an error
    """The child cannot answer any more; carries what to say."""

    def __init__(self, kind: Kind, problem: str) -> None:
        super().__init__(problem)
        self.kind: Kind = kind
        self.problem = problem


class Connection(Protocol):
    """What `process.Child` needs of the process a file runs in, wherever that is: see `Live`."""

    counter: str

    def begin(self) -> None: ...  # noqa: D102 - as in `Live`
    def begun(self) -> int: ...  # noqa: D102
    def send(self, messages: Iterable[bytes]) -> None: ...  # noqa: D102
    def receive(self, seconds: float) -> wire.Frame: ...  # noqa: D102
    def kill(self) -> None: ...  # noqa: D102
    def complaint(self) -> str: ...  # noqa: D102


class Live:
    """A running process: what goes in is written by one thread, what comes out read by another.

    So neither a full pipe nor a process that does not answer can stop us.
    """

    def __init__(self, folder: Path) -> None:
        self._ending = threading.RLock()
        self._frames = wire.Frames()
        self._ready: list[wire.Frame] = []
        self._chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        with _starting:
            if _over.is_set():
                raise Unreadable("interrupted")
            self._start(folder)
            _alive.add(self)

    def _start(self, folder: Path) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `kill`
        self._complaint = ""
        descriptor, self.counter = tempfile.mkstemp(prefix="backproof-")
        with open(descriptor, "r+b") as file:
            file.write(wire.COUNT.pack(0))
            file.flush()
            self._begun = mmap.mmap(file.fileno(), wire.COUNT.size)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "backproof.reading.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                bufsize=0,
                cwd=folder,
                env={**os.environ, **_ENVIRONMENT, _MARK: self.counter},
                start_new_session=True,
            )
        except BaseException:
            self._let_go()
            raise
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin = self._process.stdin
        self._reader = _thread(lambda out: _pump(out, self._chunks), self._process.stdout)

    def begin(self) -> None:
        """Count the cases of a run from here."""
        wire.COUNT.pack_into(self._begun, 0, 0)

    def begun(self) -> int:
        """How many cases of this run the process has begun."""
        number: int = wire.COUNT.unpack_from(self._begun)[0]
        return number

    def send(self, messages: Iterable[bytes]) -> None:
        """Write `messages` one after the other, without waiting."""
        if self._writer is not None:
            self._writer.join()
        self._writer = _thread(lambda stdin: _written(stdin, messages), self._stdin)

    def receive(self, seconds: float) -> wire.Frame:
        """The next frame; raises `Gone` after `seconds` without one, or when there is no more."""
        end = time.monotonic() + seconds
        while not self._ready:
            try:
                chunk = self._chunks.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise Gone("hung", f"did not return within {seconds:g} s") from None
            if not chunk:
                raise Gone("crashed", self._how_it_ended())
            try:
                self._ready = list(self._frames.feed(chunk))[::-1]
            except ValueError:  # somebody's code wrote on the pipe
                raise Gone("crashed", "the process answered what cannot be read") from None
        return self._ready.pop()

    def kill(self) -> None:
        """End the process and its group, and let go of the pipes."""
        with self._ending:
            if self not in _alive:
                return
            if sys.platform == "win32":
                self._process.kill()
            else:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            _end_marked(f"{_MARK}={self.counter}".encode())
            if self._writer is not None:
                self._writer.join(timeout=1.0)
            with contextlib.suppress(OSError):
                self._stdin.close()
            self._reader.join(timeout=1.0)  # a process that got away may still hold the pipe
            self._said.seek(0)
            self._complaint = self._said.read().decode(errors="replace")
            self._let_go()
            _alive.discard(self)  # last: whoever ends us waits for what is in here

    def _let_go(self) -> None:
        self._said.close()
        self._begun.close()
        with contextlib.suppress(OSError):
            os.unlink(self.counter)

    def complaint(self) -> str:
        """The last line the process wrote to stderr before it ran anything of somebody's."""
        lines = self._complaint.split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _how_it_ended(self) -> str:
        try:
            status = self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            status = wire.CLOSED
        if status == wire.CLOSED:
            return "the process closed the pipe on which it answers"
        if status >= 0:
            return f"the process ended with status {status} (os._exit?)"
        name = ""
        with contextlib.suppress(ValueError):
            name = f" ({signal.Signals(-status).name})"
        return f"the process was killed by signal {-status}{name}"


def _end_marked(mark: bytes) -> None:
    """End what has left the process group but still has our mark in its environment (Linux)."""
    for _ in range(10):  # while they are listed they may start others
        found = [int(name) for name in _listed("/proc") if name.isdecimal() and _has(mark, name)]
        if not found:
            return
        for number in found:
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _has(mark: bytes, process: str) -> bool:
    try:
        return mark in Path("/proc", process, "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _thread(work: Callable[[IO[bytes]], None], stream: IO[bytes]) -> threading.Thread:
    thread = threading.Thread(target=work, args=(stream,), daemon=True)
    thread.start()
    return thread


def _pump(stream: IO[bytes], chunks: queue.SimpleQueue[bytes]) -> None:
    with stream:
        while True:
            try:
                chunk = os.read(stream.fileno(), CHUNK)
            except OSError:
                chunk = b""
            chunks.put(chunk)
            if not chunk:
                return


def _written(stream: IO[bytes], messages: Iterable[bytes]) -> None:
    """Write all; a process that is gone is noticed by who reads."""
    with contextlib.suppress(OSError, ValueError):
        for message in messages:
            view = memoryview(message)
            while view:
                view = view[stream.write(view) :]
