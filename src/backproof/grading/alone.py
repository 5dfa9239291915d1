"""A program of one's own, run as a submission is, without isolation: on any system, for oneself.

Its process has the rights of whoever starts it, or of the user that BACKPROOF_RUN_AS names where
root starts it. What it answers goes the same way as in the sandbox, so it is judged the same.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

from backproof.grading import asking
from backproof.grading.hearing import Ended, Heard
from backproof.grading.outcome import AUTODIFF, Call, Limits, Outcome
from backproof.reading.told import Unreadable

_CHUNK: Final = 1 << 16
_SET_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG of prctl(2)
_running: set[subprocess.Popen[bytes]] = set()


def run(files: Mapping[str, bytes], main: str, calls: Sequence[Call], limits: Limits) -> Outcome:
    """As `Sandbox.run`, with no limit but that on time.

    Raises `Unreadable` where BACKPROOF_RUN_AS names a user that nothing can be run as.
    """
    refused = asking.refused(files, main, limits.scratch_bytes)
    if refused is not None:
        return Outcome("refused", (), "", refused)
    heard = Heard(main, calls, limits)
    request = asking.request(files, main, calls, limits)
    with tempfile.TemporaryDirectory(prefix="backproof-", ignore_cleanup_errors=True) as folder:
        process = _started(folder)
        _running.add(process)
        try:
            late = _heard(process, request, heard, limits.wall_seconds)
        finally:
            _kill(process)
            process.wait()
            _running.discard(process)
    return heard.outcome(Ended(status=_status(process.returncode), late=late))


def kill_all() -> None:
    """End every program that is still running."""
    for process in tuple(_running):
        _kill(process)
        with contextlib.suppress(subprocess.TimeoutExpired):  # waits at most that long for a lock
            process.wait(timeout=1.0)


def _heard(process: subprocess.Popen[bytes], request: bytes, heard: Heard, seconds: float) -> bool:
    """Send the request and have `heard` take what comes; whether the time was up before the end."""
    end = time.monotonic() + seconds
    assert process.stdin is not None
    assert process.stdout is not None
    chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    # Read by another thread: what the program started may hold the pipe open when it is gone.
    threading.Thread(target=_pump, args=(process.stdout, chunks), daemon=True).start()
    with contextlib.suppress(OSError), process.stdin:  # it has ended, and `heard` will say so
        process.stdin.write(request)
    while not heard.over:
        try:
            chunk = chunks.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            return True
        if not chunk:
            break
        heard.feed(chunk)
    return False


def _pump(stream: IO[bytes], chunks: queue.SimpleQueue[bytes]) -> None:
    with stream:
        while chunk := os.read(stream.fileno(), _CHUNK):
            chunks.put(chunk)
        chunks.put(b"")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the program, and all it started that is still in its group."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _started(folder: str) -> subprocess.Popen[bytes]:
    user = os.environ.get("BACKPROOF_RUN_AS")
    other: dict[str, Any] = {}
    try:
        if user:
            import pwd

            entry = pwd.getpwnam(user)
            other = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": ()}
            shutil.chown(folder, entry.pw_uid, entry.pw_gid)
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "backproof.grading.alone", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **other,
        )
    except (ImportError, KeyError, OSError) as error:
        if not user:
            raise
        raise Unreadable(
            f"BACKPROOF_RUN_AS={user}: no program can be run as this user ({error}); that takes "
            "root, and a Python that the user can read"
        ) from None


def _status(code: int) -> int:
    """An exit code as wait(2) has it."""
    return -code if code < 0 else code << 8


class _Absent:
    """Has libraries that differentiate by themselves not be there, as in the sandbox."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if name.partition(".")[0] in AUTODIFF:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _inside(folder: str) -> None:
    """The process that runs the program: answers on what was its standard output."""
    from backproof.grading import answering

    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(0, os.O_BINARY)
        msvcrt.setmode(1, os.O_BINARY)
    if sys.platform == "linux":  # an interrupt ends whoever started it, and then it ends too
        import ctypes

        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    request = sys.stdin.buffer.read()
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    answering.prepare()
    sys.meta_path.insert(0, _Absent)
    answering.answer(memoryview(request), answers, folder)


if __name__ == "__main__":
    _inside(sys.argv[1])
