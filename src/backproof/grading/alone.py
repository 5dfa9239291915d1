"""A program of one's own, run as a submission is, without isolation: on any system, for oneself.

Its process has the rights of whoever starts it. What it answers goes the same way as in the
sandbox, so it is judged the same.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence

from backproof.grading import asking
from backproof.grading.hearing import Ended, Heard
from backproof.grading.outcome import Call, Limits, Outcome

_CHUNK = 1 << 16
_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def run(files: Mapping[str, bytes], main: str, calls: Sequence[Call], limits: Limits) -> Outcome:
    """As `Sandbox.run`, with no limit but that on time."""
    refused = asking.refused(files, main, limits.scratch_bytes)
    if refused is not None:
        return Outcome("refused", (), "", refused)
    heard = Heard(main, calls, limits)
    request = asking.request(files, main, calls, limits)
    with tempfile.TemporaryDirectory(prefix="backproof-", ignore_cleanup_errors=True) as folder:
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "backproof.grading.alone", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            late = threading.Event()

            def end() -> None:
                late.set()
                process.kill()

            timer = threading.Timer(limits.wall_seconds, end)
            timer.start()
            try:
                assert process.stdin is not None
                assert process.stdout is not None
                with contextlib.suppress(OSError):  # it has ended, and `heard` will say so
                    process.stdin.write(request)
                    process.stdin.close()
                while not heard.over and (chunk := os.read(process.stdout.fileno(), _CHUNK)):
                    heard.feed(chunk)
            finally:
                timer.cancel()
                process.kill()
        return heard.outcome(Ended(status=_status(process.returncode), late=late.is_set()))


def _status(code: int) -> int:
    """An exit code as wait(2) has it."""
    return -code if code < 0 else code << 8


def _inside(folder: str) -> None:
    """The process that runs the program: answers on what was its standard output."""
    from backproof.grading import answering

    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(0, os.O_BINARY)
        msvcrt.setmode(1, os.O_BINARY)
    if sys.platform == "linux":  # an interrupt ends whoever started it, and then it ends too
        import ctypes
        import signal

        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    request = sys.stdin.buffer.read()
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    answering.prepare()
    answering.answer(memoryview(request), answers, folder)


if __name__ == "__main__":
    _inside(sys.argv[1])
