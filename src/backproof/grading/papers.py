"""What is graded of a submission and what it earns, in whatever process that is found out.

A few papers at a time go to a thread of ours or to a worker on another machine. Whoever grades
them computes the truth once for an assignment, opens a sandbox once for each thread, and writes
nothing.
"""

from __future__ import annotations

import gc
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from backproof.grading import alone
from backproof.grading.assignment import Assignment, total
from backproof.grading.exam import Exam, exam
from backproof.grading.judging import judge, missing
from backproof.grading.marking import Mark
from backproof.grading.outcome import Call, Limits, Outcome, Run
from backproof.grading.sandbox import Sandbox, Unavailable
from backproof.grading.selftest import self_test
from backproof.grading.submissions import Submission
from backproof.reading.failure import described
from backproof.reading.program import of_content
from backproof.reading.told import Unreadable

MAIN: Final = "submission.py"
BUG: Final = "bug"  # the code of a problem that is ours
_MOST_EXAMS: Final = 8  # each takes some megabytes


class Paper(NamedTuple):
    """What is graded of a submission, as bytes, which can be sent to where that is done.

    Attributes:
        name: of its program, without folders; None where it has none.
        content: of its program.
        beside: what was handed in with it, by its name from where the program lies.
    """

    name: str | None
    content: bytes
    beside: Mapping[str, bytes]


def paper(submission: Submission, name: str | None) -> Paper:
    """The paper of a submission whose program is the file `name`; raises as `Stored.content`."""
    if name is None:
        return Paper(None, b"", {})
    folder = name.rpartition("/")[0]
    beside = {
        other.removeprefix(f"{folder}/") if folder else other: stored.content()
        for other, stored in submission.files.items()
        if other != name and other not in submission.superseded and not other.endswith(".ipynb")
    }
    return Paper(Path(name).name, submission.files[name].content(), beside)


def graded(papers: Sequence[Paper], assignment: Assignment, isolated: bool) -> list[dict[str, Any]]:
    """What each paper earns, as `earned` has it.

    Not isolated, they run with all rights of this process. Raises `Unreadable` where isolation is
    wanted and cannot be had, saying why.
    """
    if isolated:
        tested()
    asked = _exam(assignment)
    try:
        return [_graded(one, asked, isolated) for one in papers]
    except Unavailable as error:
        raise Unreadable(f"the isolation was lost: {error}") from None


_once = threading.Lock()  # for what the threads of a process share
_exams: dict[str, Exam] = {}
_isolates = threading.Event()
_own = threading.local()  # a thread's sandbox, which ends with it


def tested() -> None:
    """See once in this process that isolation holds; raises `Unreadable` saying why it does not."""
    with _once:
        if _isolates.is_set():
            return
        reason = self_test()
        if reason is not None:
            raise Unreadable(
                f"nothing is graded, because submissions cannot be isolated: {reason}; or run them "
                "with all your rights, and have each result say so: --without-isolation"
            )
        _isolates.set()


def _exam(assignment: Assignment) -> Exam:
    """The cases and the truth, computed once; an assignment is known again by its digest."""
    with _once:
        if assignment.digest not in _exams:
            if len(_exams) >= _MOST_EXAMS:
                _exams.clear()
            _exams[assignment.digest] = exam(assignment)
            gc.freeze()  # JAX's million objects, which every full collection would go through
        return _exams[assignment.digest]


def _sandbox() -> Sandbox:
    if not hasattr(_own, "sandbox"):
        _own.sandbox = Sandbox().__enter__()
    sandbox: Sandbox = _own.sandbox
    return sandbox


def _graded(told: Paper, asked: Exam, isolated: bool) -> dict[str, Any]:
    read, problems = None, []
    if told.name is not None:
        try:
            read = of_content(Path(told.name), told.content)
        except Unreadable as error:
            problems = [{"code": "syntax", "words": str(error)}]
    if read is None:
        nothing = [mark._replace(because=()) for mark in missing(asked)]  # the problem says it
        return earned("unread", nothing, problems, "")
    try:
        judged = judge(read, modules(told.beside), asked, running(told.beside, asked, isolated))
    except (Unavailable, Unreadable, OSError):
        raise
    except Exception as error:  # a bug of ours, which is to cost no other submission its grade
        return earned("review", missing(asked), [{"code": BUG, "error": _where(error)}], "")
    return earned(judged.status, judged.marks, judged.problems, judged.printed)


def _where(error: Exception) -> str:
    """An error of ours on one line, and the line of ours that it came from."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{described(error)} ({Path(place.filename).name}, {place.lineno})"


def modules(beside: Mapping[str, bytes]) -> set[str]:
    """The modules among what lies beside a program."""
    return {Path(one).stem for one in beside if one.endswith(".py")}


def running(beside: Mapping[str, bytes], asked: Exam, isolated: bool) -> Run:
    """What runs a program's text with these files beside it, and calls its functions."""
    ran = False

    def run(text: str, calls: Sequence[Call], limits: Limits) -> Outcome:
        files = {**beside, MAIN: text.encode()}
        if not isolated:
            return alone.run(files, MAIN, calls, limits)
        nonlocal ran
        again, ran = ran, True
        sandbox = _sandbox()
        sandbox.limits = asked.assignment.limits
        sandbox.keep((*asked.calls, *asked.bare))
        return sandbox.run(files, MAIN, calls, limits, again=again)

    return run


def earned(
    status: str, found: Sequence[Mark], problems: Sequence[Mapping[str, Any]], printed: str
) -> dict[str, Any]:
    """The part of a submission's result that comes from its program."""
    return {
        "status": status,
        "points": total(mark.points for mark in found),
        "out_of": total(mark.out_of for mark in found),
        "parts": [{**mark._asdict(), "because": list(mark.because)} for mark in found],
        "problems": list(problems),
        "printed": printed,
    }
