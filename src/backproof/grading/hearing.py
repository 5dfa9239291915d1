"""What is heard of a run: frame by frame, each checked before anything is made of it."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from backproof.grading import frames
from backproof.grading.frames import Malformed
from backproof.grading.outcome import Answer, Call, Limits, Outcome, Status

NEAR: Final = 1.5  # a run that ends within this many times its limit on computing gets another
_MOST_OF_IT: Final = 0.8  # the kernel's two ways of counting differ by some hundredths
_ERROR_LETTERS: Final = 1000


@dataclass(frozen=True)
class Ended:
    """How the process of a run ended.

    Attributes:
        status: as wait(2) has it.
        alive: whether it had to be killed when it was to end.
        cpu: seconds it computed.
        late: whether the time on the wall was up.
        lost: in words, why nobody is left to tell.
    """

    status: int = 0
    alive: bool = False
    cpu: float = 0.0
    late: bool = False
    lost: str | None = None


class Heard:
    """Takes in what comes over the pipe: files run once, then an answer for each call, in order.

    Attributes:
        over: whether no more is wanted, because all has come or something that cannot be read.
    """

    def __init__(self, main: str, calls: Sequence[Call], limits: Limits) -> None:
        self._main = frames.plain(main)
        self._calls = calls
        self._limits = limits
        self._loaded = False
        self._failed: str | None = None
        self._memory = False
        self._answers: list[Answer] = []
        self._printed = bytearray()
        self._wrong: str | None = None
        self.over = False
        around = frames.AROUND * (limits.printed_bytes + len(calls) + 4)
        beside = frames.SPARE * (len(calls) + 1)
        most = limits.answer_bytes + limits.printed_bytes + around + beside
        self._reader = frames.Reader(most)

    def feed(self, chunk: bytes) -> None:
        """Take in a piece of what comes over the pipe, of any size and with anything in it."""
        try:
            for header, body in self._reader.feed(chunk):
                self._take(header, body)
        except Malformed as error:
            self._wrong = str(error)
            self.over = True

    def _take(self, header: dict[str, Any], body: bytes) -> None:
        kind = header.get("is")
        if self.over:
            raise Malformed("a frame after the last")
        if kind == "printed":
            self._printed += body
            if not body or len(self._printed) > self._limits.printed_bytes + 1:
                raise Malformed("more of what is printed than is let out")
        elif kind == "failed" and not self._loaded and self._failed is None:
            self._failed = _error(header.get("error"))
            self._memory = header.get("memory") is True
        elif kind == "loaded" and not self._loaded and self._failed is None:
            self._loaded = True
        elif kind == "answer" and self._loaded and len(self._answers) < len(self._calls):
            self._answers.append(_answer(header, body, self._calls[len(self._answers)]))
        elif kind == "end" and (self._failed is not None or self._all()):
            self.over = True
        else:
            raise Malformed("a frame out of turn")

    def _all(self) -> bool:
        return self._loaded and len(self._answers) == len(self._calls)

    def outcome(self, ended: Ended) -> Outcome:
        """What the run came to, now that its process has ended."""
        status, sentence = self._said(ended)
        most = self._limits.printed_bytes
        text = bytes(self._printed[:most]).decode(errors="replace")
        printed = frames.plain(text.replace("\r\n", "\n").replace("\r", "\n"))
        if len(self._printed) > most:
            printed += " ..."
        return Outcome(status, tuple(self._answers), printed, sentence, ended.cpu)

    def _said(self, ended: Ended) -> tuple[Status, str]:
        where = self._where()
        if self._wrong is not None:
            return "broken", f"{where} wrote {self._wrong} on the pipe that answers come through."
        if self.over and self._failed is not None:
            status: Status = "memory" if self._memory else "failed"
            return status, f"{self._main} did not run to its end: {self._failed}."
        if self.over:
            return "answered", f"All {len(self._calls)} calls were answered."
        if ended.lost is not None:
            return "killed", f"{where} was lost: {ended.lost}."
        killed = os.WIFSIGNALED(ended.status) and os.WTERMSIG(ended.status) == signal.SIGKILL
        most = hard_cpu_seconds(self._limits)
        if killed and not ended.alive and ended.cpu > _MOST_OF_IT * most:
            return "time", f"{where} did not end within {most} s of computing."
        if ended.late:
            seconds = f"{self._limits.wall_seconds:g} s, of which it computed {ended.cpu:.2g} s"
            return "time", f"{where} did not end within {seconds}."
        code = os.waitstatus_to_exitcode(ended.status)
        if ended.alive or code == frames.CLOSED:
            return "broken", f"{where} closed the pipe that answers come through."
        if killed:
            return "memory", f"{where} was ended by the system, which it does for want of memory."
        if code >= 0:
            return "killed", f"{where} ended its own process, with status {code} (os._exit?)."
        number = -code
        hint = " (too deep a recursion, or ctypes?)" if number == signal.SIGSEGV else ""
        return "killed", f"{where} was ended by signal {number}, {_name(number)}{hint}."

    def _where(self) -> str:
        """Which part of the submission was running, as the start of a sentence."""
        if not self._loaded:
            return f"Running {self._main}"
        if self._all():
            return "What was left after the last call"
        number = len(self._answers)
        return f"Call {number + 1} of {len(self._calls)}, {self._calls[number].function},"


def hard_cpu_seconds(limits: Limits) -> int:
    """Where the kernel ends a run: whole seconds, some way behind the limit."""
    return math.ceil(limits.cpu_seconds * NEAR)


def _answer(header: dict[str, Any], body: bytes, call: Call) -> Answer:
    if "e" in header:
        if body:
            raise Malformed("an error with arrays")
        return Answer(error=_error(header["e"]), arguments=call.arguments)
    if "c" not in header:
        return Answer(frames.decoded(header.get("v"), body), call.arguments)
    middle = header.get("n")
    if type(middle) is not int or not 0 <= middle <= len(body):
        raise Malformed("an answer of impossible length")
    value = frames.decoded(header.get("v"), body[:middle])
    return Answer(value, frames.arguments_of(header["c"], body[middle:]))


def _error(node: object) -> str:
    return frames.plain(" ".join(frames.text_of(node, _ERROR_LETTERS).split()))


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "which has no name"
