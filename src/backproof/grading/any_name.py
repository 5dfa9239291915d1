"""Functions of any name, arguments and layout, found as `backproof check` does, in isolation.

What reads a program stays out here. The program, and the child of `reading` that answers for it,
run where its `Run` runs everything else: one run for each request, so nothing lasts from one to the
next. What comes back is bytes, taken apart out here and believed no further than to be numbers.
"""

from __future__ import annotations

import functools
import importlib.resources
import marshal
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np

from backproof.checking import check_program
from backproof.grading.assignment import Function
from backproof.grading.calls import listed
from backproof.grading.exam import Exam
from backproof.grading.marking import Mark
from backproof.grading.outcome import Call, Limits, Outcome, Run
from backproof.reading import wire
from backproof.reading.live import Gone
from backproof.reading.program import Program
from backproof.reading.told import Settings
from backproof.verdict import FileReport, Quantity

_ANSWERS: Final = "answers"
# Modules of ours are handed over with each request: there are none otherwise.
_MAIN: Final = f"""
import importlib.util, marshal, sys, types
import numpy as np

class _Handed:
    def __init__(self, codes):
        self.codes = codes
    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_loader(name, self) if name in self.codes else None
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        module.__file__, code = self.codes[module.__name__]
        exec(marshal.loads(code), module.__dict__)

def {_ANSWERS}(codes, frames):
    for name in ("backproof", "backproof.reading"):
        if name not in sys.modules:
            sys.modules[name] = types.ModuleType(name)
            sys.modules[name].__path__ = []
    sys.meta_path.insert(0, _Handed(marshal.loads(codes.tobytes())))
    from backproof.reading import child
    return np.frombuffer(child.answers(frames.tobytes()), np.uint8)
"""
_KINDS: Final = "fiub"  # of arrays that hold numbers
_UNREADABLE: Final = "its answers cannot be read"


@functools.cache
def _codes() -> np.ndarray:
    """All that reads and its notation; what of it answers imports no more than NumPy."""
    package = importlib.resources.files("backproof")
    files = [package / "notation.py", *(package / "reading").iterdir()]
    found = {}
    for file in files:
        name, _, ending = file.name.rpartition(".")
        if ending == "py" and name != "__init__":
            within = "backproof" if name == "notation" else "backproof.reading"
            path = f"/{within.replace('.', '/')}/{file.name}"
            code = compile(file.read_bytes(), path, "exec", dont_inherit=True)
            found[f"{within}.{name}"] = path, marshal.dumps(code)
    return np.frombuffer(marshal.dumps(found), np.uint8)


class _Apart:
    """What `reading.live.Live` is to a file, by runs: what loads it is sent again with each."""

    counter = ""

    def __init__(self, run: Run, limits: Limits) -> None:
        self._run = run
        self._limits = limits
        self._left = limits.cpu_seconds
        self._load = b""
        self._ready = deque([wire.Frame({"ready": True}, {})])
        self._gone: Gone | None = None

    def begin(self) -> None:
        """Nothing is counted."""

    def begun(self) -> int:
        """The first, of those that brought no answer."""
        return 1

    def send(self, messages: Iterable[bytes]) -> None:
        """Have a run answer them."""
        request = b"".join(messages)
        first = not self._load
        self._load = self._load or request
        frames = np.frombuffer(self._load if first else self._load + request, np.uint8)
        outcome = self._run(_MAIN, [Call(_ANSWERS, (_codes(), frames))], self._limits)
        self._left -= outcome.cpu_seconds
        self._gone = _why_gone(outcome, self._limits, self._left)
        if self._gone is None:
            try:
                answered = _frames(outcome.answers[0].value)
            except Exception:  # what wrote them may be anything
                self._gone = Gone("crashed", _UNREADABLE)
                return
            # What it says of itself, and that it was loaded, has been told before.
            known = 1 if first else 2
            self._ready.extend(answered[known:] if len(answered) > known else answered[-1:])

    def receive(self, seconds: float) -> wire.Frame:  # noqa: ARG002 - a run has its own limits
        """The next frame."""
        if self._ready:
            return self._ready.popleft()
        raise self._gone or Gone("crashed", _UNREADABLE)

    def kill(self) -> None:
        """Nothing is left of a run."""

    def complaint(self) -> str:
        """Nothing is said but in answers."""
        return ""


def _why_gone(outcome: Outcome, limits: Limits, left: float) -> Gone | None:
    if outcome.status == "time" or left < 0:
        return Gone("hung", f"did not return within {limits.cpu_seconds:g} s")
    if outcome.status != "answered":
        return Gone("crashed", outcome.sentence)
    error = outcome.answers[0].error
    return None if error is None else Gone("crashed", error)


def _frames(value: object) -> list[wire.Frame]:
    """The frames in what came back; raises anything for what is none."""
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8 or value.ndim != 1:
        raise ValueError
    found = list(wire.Frames().feed(value.tobytes()))
    for frame in found:
        if any(array.dtype.kind not in _KINDS for array in frame.arrays.values()):
            raise ValueError
    return found


def marks(function: Function, read: Program, asked: Exam, run: Run) -> tuple[list[Mark], list[str]]:
    """The marks of what a program has of the function's parts, and what else is to be said."""
    assignment = asked.assignment
    model = assignment.model
    activation = assignment.activation if model.has_activation else None
    settings = Settings(model.name, activation, reduction="mean")  # as `quantities` has the loss
    try:
        report = check_program(
            read,
            settings,
            cases=assignment.cases,
            seed=asked.seed,
            memory=None,
            start=lambda _: _Apart(run, assignment.limits),
        )
    except Exception:  # it answers for itself, so what it says of itself may be anything
        report = FileReport(read.name, "unread", (), _UNREADABLE)
    said = [] if report.problem is None else [report.problem]
    return [_mark(function, part, report) for part in function.points], said


def missing(function: Function) -> list[Mark]:
    """The marks where there is nothing."""
    amiss = ({"code": "not_defined", "function": function.name},)
    return [
        Mark(function.name, part, "missing", 0.0, out_of, function.public, amiss, None)
        for part, out_of in function.points.items()
    ]


def _mark(function: Function, part: str, report: FileReport) -> Mark:
    found = [one.loss if part == "loss" else one.gradients.get(part) for one in report.functions]
    judged = [one for one in found if one is not None]
    out_of = function.points[part]
    for verdict in ("wrong", "undecided", "right"):
        of = [one for one in judged if one.verdict == verdict]
        if of:
            because, case = _told(of[0], verdict)
            points = out_of if verdict == "right" else 0.0
            return Mark(
                function.name, part, verdict, points, out_of, function.public, because, case
            )
    words = report.problem or f"nothing was found that gives {part}"
    said = {"code": "said", "words": words}
    return Mark(function.name, part, "undecided", 0.0, out_of, function.public, (said,), None)


def _told(
    quantity: Quantity, verdict: str
) -> tuple[tuple[Mapping[str, Any], ...], Mapping[str, Any] | None]:
    if verdict == "right":
        return (), None
    if verdict == "undecided":
        return ({"code": "said", "words": quantity.why or "it could not be decided"},), None
    shown = quantity.counterexample
    case = shown and {
        "arguments": [[name, listed(array)] for name, array in shown.arrays.items()],
        "expected": listed(shown.expected),
        "actual": None if shown.actual is None else listed(shown.actual),
    }
    return ({"code": "wrong_value"},), case
