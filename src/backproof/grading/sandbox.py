"""Running a submission where it can reach nothing, and taking numbers from it.

What a submission can do to whoever asks is answer wrongly, late or not at all. It never shares a
process with what knows the right answers; what it says is read with a limit on time and bytes, and
checked again before it is believed to be numbers.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import IO, Final, Self

from backproof.grading import asking, bubblewrap, frames
from backproof.grading.bubblewrap import Unavailable
from backproof.grading.frames import Other, Value
from backproof.grading.hearing import Ended, Heard, hard_cpu_seconds
from backproof.grading.outcome import Answer, Call, Limits, Outcome, Status

__all__ = [
    "Answer", "Call", "Limits", "Other", "Outcome", "Sandbox", "Status", "Unavailable", "Value",
]  # fmt: skip

_START_SECONDS: Final = 60.0  # for Python and NumPy to start on a busy machine
_REPLY_SECONDS: Final = 10.0  # for the first process to say how a run ended
_CHUNK: Final = 1 << 18
_TRIES: Final = 2  # the first process may be lost, though no submission is known to reach it
_LITTLE: Final = 1 << 14
_REST_SECONDS: Final = 0.001
_ANY: Final = Limits()
_TRIED: Final = {"tried.py": b"def add(a):\n    return a + 1\n"}


class Sandbox:
    """Runs submissions one after the other, each where it can reach nothing.

    A context manager: entering starts a process without answers in it that is copied for each
    submission, leaving kills it and all there is of it; so does dropping the last reference. One
    thread drives a sandbox, from entering it to leaving it; several may be driven by several.

    Attributes:
        warm: whether one such process serves all submissions. Where the system does not let it give
            each of them namespaces of its own, every submission gets a new one.
        limits: for each submission.

    Raises `Unavailable` on entering where there is no isolation to be had.
    """

    def __init__(self, limits: Limits | None = None, *, warm: bool = True) -> None:
        self.limits = limits or Limits()
        self.warm = warm
        self._live: _Live | None = None
        self._kept: Sequence[Call] = ()
        self._places: Mapping[int, int] = {}

    def __enter__(self) -> Self:
        try:
            self._try()
        except Unavailable:
            if not self.warm:
                raise
            self.warm = False
            self._try()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill whatever runs."""
        if self._live is not None:
            self._live.kill()
            self._live = None

    def keep(self, calls: Sequence[Call]) -> None:
        """Hand over, once, calls that many runs will ask for; those before are forgotten.

        A run whose calls are all of these, the same objects, costs less.
        """
        places = {id(call): place for place, call in enumerate(calls)}
        if places != self._places and self.warm:
            self.close()
            self._kept = calls
            self._places = places

    def run(
        self,
        files: Mapping[str, bytes],
        main: str,
        calls: Sequence[Call],
        limits: Limits | None = None,
        *,
        again: bool = False,
    ) -> Outcome:
        """Run the file `main`, then make the calls.

        Arguments:
            files: what is laid into its folder, by relative path; `main` is one of them.
            main: executed once as a module, not as `__main__`.
            calls: made in this order, in the same process.
            limits: for this run, where they are not the sandbox's; scratch is as it is there.
            again: whether it is the submission that was run before, which may then have the same
                first process where each has one of its own.

        A run that ends just over its limit on computing is made again, and that one counts. Raises
        `Unavailable` if the isolation is lost on the way, `ValueError` for arguments of a call that
        are no `Value`.
        """
        limits = limits or self.limits
        if not (self.warm or again):
            self.close()
        refused = asking.refused(files, main, self.limits.scratch_bytes)
        if refused is not None:
            return Outcome("refused", (), "", refused)
        request = asking.request(files, main, calls, limits, self._places)
        outcome = self._once(request, main, calls, limits)
        most = limits.cpu_seconds
        if outcome.status != "answered" or outcome.cpu_seconds <= most:
            return outcome
        outcome = self._once(request, main, calls, limits)
        if outcome.status != "answered" or outcome.cpu_seconds <= most:
            return outcome
        words = f"The calls took {outcome.cpu_seconds:.3g} s of computing and may take {most:g} s."
        return replace(outcome, status="time", sentence=words)

    def _try(self) -> None:
        """Raises `Unavailable` if a submission as simple as can be does not run."""
        calls = [Call("add", (1,))]
        request = asking.request(_TRIED, "tried.py", calls, _ANY)
        outcome = self._once(request, "tried.py", calls, _ANY)
        if outcome.status != "answered" or outcome.answers[0].value != 2:
            self.close()
            raise Unavailable(f"a file that only adds 1 does not run: {outcome.sentence}")

    def _once(self, request: bytes, main: str, calls: Sequence[Call], limits: Limits) -> Outcome:
        for _ in range(_TRIES):
            live = self._live or _Live(self.warm, limits.scratch_bytes, self._kept)
            self._live = None
            heard = Heard(main, calls, limits)
            try:
                ended = live.run(request, heard, limits)
            except BaseException:
                live.kill()
                raise
            if ended.lost is None:
                self._live = live
                break
            live.kill()
        return heard.outcome(ended)


class _Live:
    """A first process, running: see `inside`, which is its other end."""

    def __init__(self, separate: bool, scratch_bytes: int, calls: Sequence[Call]) -> None:
        bubblewrap.program()  # first of all: other systems do not have what comes next
        self._separate = separate
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `kill`
        try:
            self._process = bubblewrap.started(
                theirs, self._said, separate=separate, scratch_bytes=scratch_bytes
            )
        except BaseException:
            self._control.close()
            self._said.close()
            raise
        finally:
            theirs.close()
        self._end = weakref.finalize(self, _ended, self._process, self._control, self._said)
        try:
            self._control.settimeout(_START_SECONDS)
            with contextlib.suppress(OSError):
                if self._is_ready() and (not calls or self._keeps(calls)):
                    self._control.settimeout(_REPLY_SECONDS)
                    return
            raise Unavailable(self._why_not())
        except BaseException:
            self.kill()
            raise

    def _is_ready(self) -> bool:
        return self._control.recv(frames.MESSAGE_BYTES) == frames.READY

    def _keeps(self, calls: Sequence[Call]) -> bool:
        self._send(frames.KEEP, b"".join(call.frame for call in calls))
        return self._is_ready()

    def _send(self, message: bytes, data: bytes, *descriptors: int) -> None:
        """A message, and descriptors: of a file that holds the data, and those given."""
        with open(os.memfd_create("request"), "w+b", buffering=0) as file:
            _write(file.fileno(), data)
            socket.send_fds(self._control, [message], [file.fileno(), *descriptors])

    def _why_not(self) -> str:
        self._process.kill()
        self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").split("\n")
        words = next((line.strip() for line in reversed(lines) if line.strip()), "no reason given")
        return (
            f"bubblewrap does not start: {words}; the system may forbid user namespaces, as "
            "containers do (docker run --security-opt seccomp=unconfined --security-opt "
            "apparmor=unconfined) and Ubuntu since 24.04 (sysctl "
            "kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for bwrap)"
        )

    def kill(self) -> None:
        """End the process and all that runs in its namespaces, and wait until it has ended."""
        self._end()

    def run(self, request: bytes, heard: Heard, limits: Limits) -> Ended:
        """Have a copy of the process take `request`, and `heard` what it answers."""
        told = {
            "separate": self._separate,
            "cpu_seconds": hard_cpu_seconds(limits),
            "memory_bytes": limits.memory_bytes,
            "scratch_bytes": limits.scratch_bytes,
        }
        answers, theirs = os.pipe()
        try:
            try:
                self._send(json.dumps(told).encode(), request, theirs)
            finally:
                os.close(theirs)
            closed, late = _listened(answers, heard, limits.wall_seconds)
            self._control.send(frames.WAIT if closed else frames.END)
            reply = json.loads(self._control.recv(frames.MESSAGE_BYTES) or "{}")
        except OSError as error:
            return Ended(lost=f"the process it was copied from does not answer ({error})")
        finally:
            os.close(answers)
        if "failed" in reply:
            return Ended(lost=f"no process could be made for it ({reply['failed']})")
        if not reply:
            return Ended(lost="the process it was copied from has ended")
        return Ended(reply["status"], reply["alive"], reply["cpu"], late)


def _ended(process: subprocess.Popen[bytes], control: socket.socket, said: IO[bytes]) -> None:
    process.kill()
    process.wait()
    control.settimeout(_REPLY_SECONDS)
    with contextlib.suppress(OSError):
        while control.recv(frames.MESSAGE_BYTES):
            pass
    control.close()
    said.close()


def _listened(answers: int, heard: Heard, seconds: float) -> tuple[bool, bool]:
    """Read until `heard` wants no more: whether the pipe was closed, whether the time was up."""
    end = time.monotonic() + seconds
    waiting = select.poll()
    waiting.register(answers, select.POLLIN)
    while not heard.over:
        left = end - time.monotonic()
        if left <= 0 or not waiting.poll(1000 * left):
            return False, True
        chunk = os.read(answers, _CHUNK)
        if not chunk:
            return True, False
        heard.feed(chunk)
        if len(chunk) < _LITTLE and not heard.over:
            time.sleep(_REST_SECONDS)  # waking for each of many answers costs more than they do
    return False, False


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
