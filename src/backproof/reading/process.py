"""A file in a process of its own: what it is asked, and what comes back.

Somebody's code runs there with a limit on time and memory (memory is not limited on Windows and
macOS, which have no way to). It keeps their mistakes out of our process; it is no sandbox against
somebody who means harm.
"""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any, Final, NamedTuple, Self

import numpy as np

from backproof.reading import wire
from backproof.reading.call import Case, Outcome
from backproof.reading.live import Connection, Gone, Live
from backproof.reading.spec import Spec, to_json
from backproof.reading.told import Unreadable

MEMORY: Final = 2 << 30
SECONDS: Final = 10.0
_START_SECONDS: Final = 60.0  # for Python and NumPy to start on a busy machine
_TOGETHER: Final = 64  # cases in a message
_ASKED_AGAIN: Final = 2  # for answers that were lost on their way


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


class Child:
    """A file, running in a process of its own, whose functions can be called.

    A context manager: entering starts the process and runs the file once, leaving kills the process
    with all it started. `run` is a `call.Run`.

    Arguments:
        path: the file.
        modules: what of it to execute, by a key that specs name; nothing for the file as it is.
        memory_bytes: how much address space the process may have; None for no limit.
        seconds: how long one case, or running the file, may take without any progress.
        start: starts the process, in that folder.

    Raises `Unreadable` on entering when the file does not run; the message says why and where.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        modules: Mapping[str, Module] | None = None,
        memory_bytes: int | None = MEMORY,
        seconds: float = SECONDS,
        start: Callable[[Path], Connection] = Live,
    ) -> None:
        self._start = start
        self._path = Path(path).absolute()
        self._modules = dict(modules or {})
        self.failures: Mapping[str, Sequence[str]] = {}
        self.filled: Sequence[str] = []
        self._memory = memory_bytes
        self._seconds = seconds
        self._live: Connection | None = None

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
        request = {
            "do": "run",
            "module": spec.module,
            "spec": to_json(spec),
            "dtype": dtype,
            "without_guards": without_guards,
            "repeat": repeat,
        }
        needed = {argument.tensor for argument in (*spec.arguments, *spec.loss_arguments)}
        needed |= {*spec.family.parameters, "x", "y"}
        outcomes: list[Outcome] = []
        end = len(cases)
        ended: Outcome | None = None  # of the case at `end`
        for _ in range(1 + _ASKED_AGAIN):
            asked = cases[len(outcomes) : end]
            got, begun, gone = self._answers(request, asked, needed)
            outcomes += got
            if gone is None:
                break
            # What was begun last did not come back; the answers between were lost.
            ended = Outcome({}, gone.kind, gone.problem)
            end = len(outcomes) - len(got) + max(begun - 1, len(got))
            if len(outcomes) == end:
                break
        if ended is None:
            return outcomes
        self.close()
        return [*outcomes, ended]

    def _answers(
        self, request: dict[str, Any], cases: Sequence[Case], needed: set[str]
    ) -> tuple[list[Outcome], int, Gone | None]:
        """The answers that came, how many cases were begun, and why no more came."""
        live = self._started()
        outcomes: list[Outcome] = []
        live.begin()
        live.send(_messages({**request, "count": len(cases)}, cases, needed))
        try:
            while len(outcomes) < len(cases):
                frame = live.receive(self._seconds)
                if "error" in frame.header:
                    raise Unreadable(f"{self._path.name} {frame.header['error']}")
                outcomes += wire.to_outcomes(frame)
        except Gone as gone:
            begun = min(live.begun(), len(cases))
            self.close()
            return outcomes, begun, gone
        except BaseException:
            self.close()
            raise
        return outcomes, len(cases), None

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
        except Gone as gone:
            self.close()
            return wire.Frame({"problem": gone.problem, "slots": [], "kind": gone.kind}, {})

    def about(self, *functions: str, module: str = "") -> About:
        """What the source of these functions shows: their guards and the low precisions named."""
        live = self._started()
        live.send([wire.packed({"do": "about", "module": module, "functions": functions})])
        try:
            header = live.receive(self._seconds).header
        except Gone as gone:
            self.close()
            raise Unreadable(f"{self._path.name}: {gone.problem}") from None
        if "error" in header:
            raise Unreadable(f"{self._path.name} {header['error']}")
        found = tuple((float(value), int(line)) for value, line in header["guards"])
        return About(found, tuple(header["precisions"]))

    def _started(self) -> Connection:
        if self._live is not None:
            return self._live
        live = self._start(self._path.parent)
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
        except Gone as gone:
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


def _messages(request: dict[str, Any], cases: Sequence[Case], needed: set[str]) -> Iterator[bytes]:
    """A request and its cases, some of them at a time so that the process can begin with them."""
    yield wire.packed(request)
    for start in range(0, len(cases), _TOGETHER):
        some = cases[start : start + _TOGETHER]
        yield wire.joined({}, [{n: case[n] for n in case if n in needed} for case in some])
