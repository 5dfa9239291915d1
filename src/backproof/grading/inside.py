"""The other side's first process: it holds no answers, and forks for each submission.

It runs in bubblewrap with NumPy loaded. Its standard input is a socket to `sandbox`: a message
brings a run's limits and two descriptors, the request to read and the pipe to answer on, neither of
which it looks into. A second message ends the run, and one comes back that says how it ended.
Before the first run it may be handed the calls that many runs ask for, which copies then have.
Closing the socket ends it all.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import numpy.linalg
import numpy.random  # noqa: F401 - what homework uses is loaded once, not in every run

from backproof.grading import answering, confine, seccomp
from backproof.grading.answering import Asked
from backproof.grading.frames import KEEP, MESSAGE_BYTES, READY, SCRATCH, WAIT

_GRACE_MILLISECONDS: Final = 500
_ANSWERS: Final = 3  # the descriptor of the pipe, once all else is closed


def main() -> None:
    """Serve until the socket is closed."""
    confine.keep_few_descriptors()
    control = socket.socket(fileno=os.dup(0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    # Somebody's own `import backproof` finds nothing rather than pieces.
    for name in [name for name in sys.modules if name.partition(".")[0] == "backproof"]:
        del sys.modules[name]
    seccomp.program(os.uname().machine, 1)  # kept for all that are the first of their namespace
    answering.prepare()
    control.send(READY)
    known: Sequence[Asked] = ()
    while True:
        message, received, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 2)
        if not message:
            return
        if message == KEEP:
            known = answering.kept(_read(*received))
            os.close(*received)
            control.send(READY)
            continue
        try:
            process = _started(json.loads(message), known, *received)
            said: dict[str, Any] = {"process": process}
        except OSError as error:
            said = {"failed": str(error)}
        for descriptor in received:
            os.close(descriptor)
        waiting = control.recv(MESSAGE_BYTES) == WAIT
        if "process" in said:
            said = _ended(process, wait=waiting)
        control.send(json.dumps(said).encode())


def _emptied(folder: str) -> None:
    """Take away what a run before left there; raises `OSError` where that is not possible."""
    for above, folders, files in os.walk(folder, topdown=False):
        for name in files:
            os.unlink(os.path.join(above, name))
        for name in folders:
            path = os.path.join(above, name)
            (os.unlink if os.path.islink(path) else os.rmdir)(path)


def _read(descriptor: int) -> bytes:
    with open(descriptor, "rb", closefd=False) as file:
        file.seek(0)
        return file.read()


def _started(told: dict[str, Any], known: Sequence[Asked], request: int, answers: int) -> int:
    """The process of a new run; raises `OSError` where it cannot have its own namespaces."""
    apart = told["separate"]
    if not apart:
        _emptied(SCRATCH)
    with confine.next_child_apart() if apart else contextlib.nullcontext():
        process = os.fork()
        if process == 0:
            _submission(told, request, answers, known)
    return process


def _submission(
    told: dict[str, Any], request: int, answers: int, known: Sequence[Asked]
) -> NoReturn:
    """Give everything up, then run somebody's code."""
    try:
        os.setsid()
        data = _read(request)
        os.dup2(answers, 2)  # a place that nothing else has, while all others are closed
        os.closerange(_ANSWERS, confine.DESCRIPTORS)
        os.dup2(2, _ANSWERS)
        os.dup2(0, 2)
        try:
            if told["separate"]:
                confine.separate(SCRATCH, told["scratch_bytes"])
            confine.limit(told["cpu_seconds"], told["memory_bytes"], told["scratch_bytes"])
            confine.give_up_rights()
        except (OSError, ValueError, LookupError) as error:
            answering.give_up(_ANSWERS, error)
        answering.answer(memoryview(data), _ANSWERS, SCRATCH, known)
    finally:
        os._exit(1)


def _ended(process: int, *, wait: bool) -> dict[str, Any]:
    """End a run; how it ended. With `wait` it may be about to end by itself."""
    if wait:
        watching = os.pidfd_open(process)
        waiting = select.poll()
        waiting.register(watching, select.POLLIN)
        waiting.poll(_GRACE_MILLISECONDS)
        os.close(watching)
    # Not yet waited for, so the number is still its own; killing what has ended changes nothing.
    alive = os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    os.kill(process, signal.SIGKILL)
    _, status, used = os.wait4(process, 0)
    return {"status": status, "alive": alive, "cpu": used.ru_utime + used.ru_stime}
