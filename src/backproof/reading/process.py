"""Our end of the child process: start it, feed it cases, and give up on it when it hangs.

Somebody's code runs there with a limit on time and memory (memory is not limited on Windows and
macOS, which have no way to). It keeps their mistakes out of our process; it is no sandbox against
somebody who means harm.
"""

from __future__ import annotations

import contextlib
import marshal
import mmap
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, TracebackType
from typing import IO, Any, Final, NamedTuple, Self

import numpy as np

from backproof.reading import wire
from backproof.reading.call import Case, Kind, Outcome
from backproof.reading.child import CLOSED, COUNT
from backproof.reading.spec import Spec, to_json
from backproof.reading.told import Unreadable

MEMORY: Final = 2 << 30
SECONDS: Final = 10.0
_START_SECONDS: Final = 60.0  # for Python and NumPy to start on a busy machine
_CHUNK: Final = 1 << 16

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


_alive: set[_Live] = set()


def kill_all() -> None:
    """End every process that is still running, of whatever `Child`."""
    for live in tuple(_alive):
        live.kill()


class About(NamedTuple):
    """What the source of some functions shows: their guards (value, line), low precisions named."""

    guards: tuple[tuple[float, int], ...]
    precisions: tuple[str, ...]


class Module(NamedTuple):
    """Some statements of a file, compiled one by one, to be executed in the process.

    `text` and `places` are the file's (see `program`), `wanted` and `rates` a recipe's.
    """

    codes: tuple[CodeType, ...]
    text: str
    places: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    rates: tuple[str, ...] = ()


class _Gone(Exception):  # noqa: N818 - an outcome, not an error
    """The child cannot answer any more; carries what to say."""

    def __init__(self, kind: Kind, problem: str) -> None:
        super().__init__(problem)
        self.kind: Kind = kind
        self.problem = problem


class Child:
    """A file, running in a process of its own, whose functions can be called.

    A context manager: entering starts the process and runs the file once, leaving kills the process
    with all it started. `run` is a `call.Run`.

    Arguments:
        path: the file.
        modules: what of it to execute, by a key that specs name; nothing for the file as it is.
        memory_bytes: how much address space the process may have; None for no limit.
        seconds: how long one case, or running the file, may take without any progress.

    Raises `Unreadable` on entering when the file does not run; the message says why and where.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        modules: Mapping[str, Module] | None = None,
        memory_bytes: int | None = MEMORY,
        seconds: float = SECONDS,
    ) -> None:
        self._path = Path(path).absolute()
        self._modules = dict(modules or {})
        self.failures: Mapping[str, Sequence[str]] = {}
        self.filled: Sequence[str] = []
        self._memory = memory_bytes
        self._seconds = seconds
        self._live: _Live | None = None

    def __enter__(self) -> Self:
        self._started()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill the process and all it started."""
        if self._live is not None:
            self._live.kill()
            self._live = None

    def run(
        self,
        spec: Spec,
        cases: Sequence[Case],
        *,
        dtype: str = "float64",
        without_guards: bool = False,
        repeat: bool = False,
    ) -> list[Outcome]:
        """Call the function that `spec` names on each of `cases`; see `call.Run`.

        When a case does not come back in time, or the process ends, the list ends with an outcome
        of kind `hung` or `crashed` for that case and the others are not run. The next `run` starts
        a new process, which runs the file again.

        Raises `Unreadable` when the file has no such function once it has run.
        """
        live = self._started()
        request = {
            "do": "run",
            "module": spec.module,
            "spec": to_json(spec),
            "count": len(cases),
            "dtype": dtype,
            "without_guards": without_guards,
            "repeat": repeat,
        }
        needed = {argument.tensor for argument in (*spec.arguments, *spec.loss_arguments)}
        needed |= {*spec.family.parameters, "x", "y"}
        live.begin()
        live.send(_messages(request, cases, needed))
        outcomes: list[Outcome] = []
        try:
            while len(outcomes) < len(cases):
                frame = live.receive(self._seconds)
                if "error" in frame.header:
                    raise Unreadable(f"{self._path.name} {frame.header['error']}")
                outcomes.append(wire.to_outcome(frame))
        except _Gone as gone:
            begun = min(live.begun(), len(cases))
            failed = max(begun - 1, len(outcomes))  # the case that did not come back
            self.close()
            if failed > len(outcomes):  # answers that were on their way when the process ended
                lost = cases[len(outcomes) : failed]
                outcomes += self.run(
                    spec, lost, dtype=dtype, without_guards=without_guards, repeat=repeat
                )
                self.close()
            if len(outcomes) == failed:
                outcomes.append(Outcome({}, gone.kind, gone.problem))
        except BaseException:
            self.close()
            raise
        return outcomes

    def discover(
        self, module: str, x: np.ndarray, y: np.ndarray, sizes: Mapping[str, int]
    ) -> wire.Frame:
        """Run a recipe on the parameters it draws itself: its slots, or what went wrong."""
        header = {"do": "discover", "module": module, "sizes": dict(sizes)}
        return self._asked(wire.packed(header, {"x": x, "y": y}))

    def watch(self, spec: Spec, case: Case) -> wire.Frame:
        """Run one case: its outcome, and the arrays that the file's functions held on the way."""
        header = {"do": "watch", "module": spec.module, "spec": to_json(spec)}
        return self._asked(wire.packed(header, case))

    def _asked(self, message: bytes) -> wire.Frame:
        live = self._started()
        live.send([message])
        try:
            return live.receive(self._seconds)
        except _Gone as gone:
            self.close()
            return wire.Frame({"problem": gone.problem, "slots": [], "kind": gone.kind}, {})

    def about(self, *functions: str, module: str = "") -> About:
        """What the source of these functions shows: their guards and the low precisions named."""
        live = self._started()
        live.send([wire.packed({"do": "about", "module": module, "functions": functions})])
        try:
            header = live.receive(self._seconds).header
        except _Gone as gone:
            self.close()
            raise Unreadable(f"{self._path.name}: {gone.problem}") from None
        if "error" in header:
            raise Unreadable(f"{self._path.name} {header['error']}")
        found = tuple((float(value), int(line)) for value, line in header["guards"])
        return About(found, tuple(header["precisions"]))

    def _started(self) -> _Live:
        if self._live is not None:
            return self._live
        live = _Live(self._path.parent)
        try:
            live.receive(_START_SECONDS)
            load: dict[str, Any] = {"path": str(self._path), "memory": self._memory}
            load["count"] = live.counter
            load["modules"] = [
                {"key": key, **one._asdict(), "codes": None} for key, one in self._modules.items()
            ]
            codes = {
                key: np.frombuffer(marshal.dumps(one.codes), np.uint8)
                for key, one in self._modules.items()
            }
            live.send([wire.packed(load, codes)])
            header = live.receive(self._seconds).header
        except _Gone as gone:
            live.kill()
            words = live.complaint() or gone.problem
            if gone.kind == "hung":
                words = f"{words}: code outside of functions goes under if __name__ == '__main__':"
            raise Unreadable(f"{self._path.name}, when it is run: {words}") from None
        except BaseException:
            live.kill()
            raise
        if "error" in header:
            live.kill()
            raise Unreadable(f"{self._path.name} {header['error']}")
        self._live = live
        self.failures = header.get("failures", {})
        self.filled = header.get("filled", [])
        return live


def _messages(request: dict[str, Any], cases: Iterable[Case], needed: set[str]) -> Iterator[bytes]:
    """The frames of a request, joined to pieces large enough that writing them costs little."""
    piece = bytearray(wire.packed(request))
    for case in cases:
        piece += wire.packed({}, {name: case[name] for name in case if name in needed})
        if len(piece) > _CHUNK:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


class _Live:
    """A running process: what goes in is written by one thread, what comes out read by another.

    So neither a full pipe nor a process that does not answer can stop us.
    """

    def __init__(self, folder: Path) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `kill`
        self._complaint = ""
        descriptor, self.counter = tempfile.mkstemp(prefix="backproof-")
        with open(descriptor, "r+b") as file:
            file.write(COUNT.pack(0))
            file.flush()
            self._begun = mmap.mmap(file.fileno(), COUNT.size)
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
        _alive.add(self)
        self._frames = wire.Frames()
        self._ready: list[wire.Frame] = []
        self._chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin = self._process.stdin
        self._reader = _thread(lambda out: _pump(out, self._chunks), self._process.stdout)

    def begin(self) -> None:
        """Count the cases of a run from here."""
        COUNT.pack_into(self._begun, 0, 0)

    def begun(self) -> int:
        """How many cases of this run the process has begun."""
        number: int = COUNT.unpack_from(self._begun)[0]
        return number

    def send(self, messages: Iterable[bytes]) -> None:
        """Write `messages` one after the other, without waiting."""
        if self._writer is not None:
            self._writer.join()
        self._writer = _thread(lambda stdin: _written(stdin, messages), self._stdin)

    def receive(self, seconds: float) -> wire.Frame:
        """The next frame; raises `_Gone` after `seconds` without one, or when there is no more."""
        end = time.monotonic() + seconds
        while not self._ready:
            try:
                chunk = self._chunks.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise _Gone("hung", f"did not return within {seconds:g} s") from None
            if not chunk:
                raise _Gone("crashed", self._how_it_ended())
            try:
                self._ready = list(self._frames.feed(chunk))[::-1]
            except ValueError:  # somebody's code wrote on the pipe
                raise _Gone("crashed", "the process answered what cannot be read") from None
        return self._ready.pop()

    def kill(self) -> None:
        """End the process and its group, and let go of the pipes."""
        _alive.discard(self)
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
        if not self._said.closed:
            self._said.seek(0)
            self._complaint = self._said.read().decode(errors="replace")
            self._let_go()

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
            status = CLOSED
        if status == CLOSED:
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
                chunk = os.read(stream.fileno(), _CHUNK)
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
