"""A class graded: every submission alone, in a sandbox, against the same secret cases."""

from __future__ import annotations

import concurrent.futures
import os
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from backproof.grading import alone, results
from backproof.grading.assignment import Assignment
from backproof.grading.exam import Exam, exam
from backproof.grading.judging import judge, missing
from backproof.grading.marking import Mark
from backproof.grading.outcome import Call, Limits, Outcome
from backproof.grading.sandbox import Sandbox
from backproof.grading.selftest import self_test
from backproof.grading.submissions import Collection, Submission, collected, submitted_program
from backproof.reading.program import Program, program
from backproof.reading.told import Unreadable, nearest

MAIN: Final = "submission.py"


def grade(
    path: Path,
    assignment: Assignment,
    out: Path,
    *,
    date: str,
    jobs: int | None = None,
    platform: str | None = None,
    only: str | None = None,
    shard: tuple[int, int] = (1, 1),
    rerun: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Grade the submissions in a folder or zip; what `results.json` holds.

    Args:
        path: as `submissions.collected` takes it.
        assignment: what is asked.
        out: the folder for the results; what is there already and still holds is kept.
        date: of the run, for the record.
        jobs: how many sandboxes at a time; as many as there are cores if None.
        platform: as `submissions.collected` takes it.
        only: the key of the one submission to grade; the others are as they were.
        shard: which part of how many to grade, for several machines.
        rerun: grade again what was graded before.
        progress: told what is going on.

    Raises `Unreadable` where there is nothing to grade or no isolation to be had, saying why.
    """
    reason = self_test()
    if reason is not None:
        raise Unreadable(f"nothing is graded, because submissions cannot be isolated: {reason}")
    own = results.overrides(out)
    with tempfile.TemporaryDirectory(prefix="backproof-") as folder:
        scratch = Path(folder)
        (scratch / "unpacked").mkdir()
        collection = collected(path, scratch / "unpacked", platform=platform)
        progress(collection.line)
        _overridden(own, collection)
        if only is not None:
            _with_results(collection, assignment, out, only)
        number, of = shard
        chosen = _chosen(collection, only)[number - 1 :: of]
        asked = exam(assignment)
        found = _graded(chosen, asked, out, scratch, jobs, rerun, progress)
    submissions = [
        {**result, "override": own.get(result["key"])}
        for result in _with_others(found, collection, assignment, out)
    ]
    return _as_results(assignment, submissions, date)


def _overridden(own: Mapping[str, Any], collection: Collection) -> None:
    """Raises `Unreadable` for points that a teacher gave to nobody."""
    keys = [one.key for one in collection.submissions]
    for key in own:
        if key not in keys:
            raise Unreadable(f"overrides.toml: there is no submission {key}; {nearest(key, keys)}")


def _with_results(collection: Collection, assignment: Assignment, out: Path, only: str) -> None:
    """Raises `Unreadable` where the others have no results that could be kept."""
    others = [one for one in collection.submissions if one.key != only]
    lost = [one for one in others if results.kept(out, _name(one, assignment)) is None]
    if lost:
        raise Unreadable(
            f"{len(lost)} other submissions have no results in {out}, or of another assignment; "
            "grade all of them first"
        )


def _chosen(collection: Collection, only: str | None) -> Sequence[Submission]:
    if only is None:
        return collection.submissions
    chosen = [one for one in collection.submissions if one.key == only]
    if not chosen:
        raise Unreadable(f"there is no submission {only}; the keys are those of results.json")
    return chosen


def _name(submission: Submission, assignment: Assignment) -> str:
    return results.name_of(submission.digest, assignment.digest, submission.key)


def _with_others(
    found: Mapping[str, dict[str, Any]], collection: Collection, assignment: Assignment, out: Path
) -> list[dict[str, Any]]:
    """The results of all submissions by key: those just found, and those kept from before."""
    every = []
    for submission in collection.submissions:
        result = found.get(submission.key) or results.kept(out, _name(submission, assignment))
        if result is not None:
            every.append({key: value for key, value in result.items() if key != "version"})
    return sorted(every, key=lambda result: str(result["key"]))


def _as_results(
    assignment: Assignment,
    submissions: Sequence[Mapping[str, Any]],
    date: str,
    isolation: str = "bubblewrap",
) -> dict[str, Any]:
    parts = [
        {"function": f.name, "part": part, "out_of": points, "public": f.public}
        for f in assignment.functions
        for part, points in f.points.items()
    ]
    about = {
        "title": assignment.title,
        "digest": assignment.digest,
        "language": assignment.language,
        "hints": assignment.hints,
        "out_of": assignment.out_of,
        "parts": parts,
    }
    return {
        "version": results.VERSION,
        "assignment": about,
        "isolation": isolation,
        "date": date,
        "submissions": list(submissions),
    }


def _graded(
    submissions: Sequence[Submission],
    asked: Exam,
    out: Path,
    scratch: Path,
    jobs: int | None,
    rerun: bool,
    progress: Callable[[str], None],
) -> dict[str, dict[str, Any]]:
    """The results by key, each kept as soon as it is there."""
    sandboxes = threading.local()
    opened: list[Sandbox] = []

    def one(submission: Submission) -> dict[str, Any]:
        name = _name(submission, asked.assignment)
        before = None if rerun else results.kept(out, name)
        if before is not None:
            return before
        if not hasattr(sandboxes, "own"):
            sandboxes.own = Sandbox(asked.assignment.limits).__enter__()
            opened.append(sandboxes.own)
        result = _result(submission, asked, sandboxes.own, scratch)
        results.keep(out, name, result)
        return result

    found: dict[str, dict[str, Any]] = {}
    with concurrent.futures.ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        pending = {pool.submit(one, submission): submission for submission in submissions}
        try:
            for done in concurrent.futures.as_completed(pending):
                found[pending[done].key] = done.result()
                progress(f"{len(found):,} of {len(submissions):,}")
        finally:
            pool.shutdown(cancel_futures=True)
            for sandbox in opened:
                sandbox.close()
    return found


def _result(submission: Submission, asked: Exam, sandbox: Sandbox, scratch: Path) -> dict[str, Any]:
    """The result of one submission, whatever it holds."""
    assignment = asked.assignment
    problems: list[dict[str, Any]] = [{"code": "said", "words": one} for one in submission.problems]
    if submission.late:
        problems.append({"code": "late"})
    name, read = None, None
    try:
        name = submitted_program(submission, assignment.program)
    except Unreadable as error:
        problems.append({"code": "no_program", "words": str(error)})
    if name is not None:
        try:
            read = _program(submission.files[name].content(), Path(name).name, scratch)
        except Unreadable as error:
            problems.append({"code": "syntax", "words": str(error)})
    if read is None:
        nothing = [mark._replace(because=()) for mark in missing(asked)]  # the problem says it
        return _record(submission, name, "unread", nothing, problems, "")
    beside = _beside(submission, name)

    def run(text: str, calls: Sequence[Call], limits: Limits) -> Outcome:
        return sandbox.run({**beside, MAIN: text.encode()}, MAIN, calls, limits)

    judged = judge(read, {Path(one).stem for one in beside if one.endswith(".py")}, asked, run)
    problems += judged.problems
    return _record(submission, name, judged.status, judged.marks, problems, judged.printed)


def tried(path: Path, assignment: Assignment, date: str) -> dict[str, Any]:
    """The public part of an assignment, tried by a student on a file: what `results.json` holds.

    The file runs with the rights of whoever tries it. Raises `Unreadable` where it cannot be read.
    """
    read = program(path)
    asked = exam(assignment, public=True)
    if not asked.calls and not asked.trials:
        raise Unreadable(f"{assignment.title} has no public part")
    beside = {
        other.name: other.read_bytes()
        for other in sorted(path.parent.glob("*.py"))
        if other != path
    }

    def run(text: str, calls: Sequence[Call], limits: Limits) -> Outcome:
        return alone.run({**beside, MAIN: text.encode()}, MAIN, calls, limits)

    judged = judge(read, {Path(one).stem for one in beside}, asked, run)
    about = {"key": path.name, "joined_on": path.name, "name": path.name, "late": None}
    record = {
        **about,
        "digest": "",
        "program": path.name,
        "override": None,
        **_earned(judged.status, judged.marks, judged.problems, judged.printed),
    }
    public = replace(assignment, functions=tuple(one for one in assignment.functions if one.public))
    return _as_results(public, [record], date, isolation="none")


def _program(content: bytes, name: str, scratch: Path) -> Program:
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return program(path)


def _beside(submission: Submission, name: str | None) -> dict[str, bytes]:
    """What was handed in beside the program, laid where the program would find it."""
    folder = "" if name is None else name.rpartition("/")[0]
    return {
        other.removeprefix(f"{folder}/") if folder else other: stored.content()
        for other, stored in submission.files.items()
        if other != name and other not in submission.superseded and not other.endswith(".ipynb")
    }


def _record(
    submission: Submission,
    name: str | None,
    status: str,
    found: Sequence[Mark],
    problems: Sequence[Mapping[str, Any]],
    printed: str,
) -> dict[str, Any]:
    return {
        "key": submission.key,
        "joined_on": submission.joined_on,
        "name": submission.name,
        "late": submission.late,
        "digest": submission.digest,
        "program": name,
        **_earned(status, found, problems, printed),
    }


def _earned(
    status: str, found: Sequence[Mark], problems: Sequence[Mapping[str, Any]], printed: str
) -> dict[str, Any]:
    return {
        "status": status,
        "points": sum(mark.points for mark in found),
        "out_of": sum(mark.out_of for mark in found),
        "parts": [{**mark._asdict(), "because": list(mark.because)} for mark in found],
        "problems": list(problems),
        "printed": printed,
    }
