"""A class graded: every submission alone, in a sandbox, against the same secret cases."""

from __future__ import annotations

import concurrent.futures
import itertools
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from backproof.grading import pools, results
from backproof.grading.assignment import Assignment
from backproof.grading.exam import exam
from backproof.grading.judging import judge
from backproof.grading.papers import BUG, earned, modules, paper, running
from backproof.grading.pools import Pool
from backproof.grading.submissions import Collection, Submission, collected, submitted_program
from backproof.reading.program import SUFFIXES, program
from backproof.reading.told import Unreadable, nearest

_MOST_LEFT_OUT: Final = 10  # files that are named


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
    isolated: bool = True,
    scheduler: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> dict[str, Any]:
    """Grade the submissions in a folder or zip; what `results.json` holds.

    Args:
        path: as `submissions.collected` takes it.
        assignment: what is asked.
        out: the folder for the results; what is there already and still holds is kept.
        date: of the run, for the record.
        jobs: how many sandboxes at a time; one more than there are cores if None.
        platform: as `submissions.collected` takes it.
        only: the key of the one submission to grade; the others are as they were.
        shard: which part of how many to grade, for several machines.
        rerun: grade again what was graded before.
        isolated: grade in sandboxes; otherwise submissions run with all rights of this process, and
            the results say so.
        scheduler: the address of a Dask cluster that grades instead of this machine.
        tell: told in a line how the submissions and the cluster were understood.
        progress: told how many are graded and kept, of how many.

    Raises `Unreadable` where there is nothing to grade or no isolation to be had, saying why.
    """
    isolation = results.ISOLATED if isolated else results.NOT_ISOLATED
    own = results.overrides(out)
    with tempfile.TemporaryDirectory(prefix="backproof-") as folder:
        scratch = Path(folder)
        (scratch / "unpacked").mkdir()
        collection = collected(path, scratch / "unpacked", platform=platform)
        tell(collection.line)
        _told_of_left_out(collection, tell)
        _overridden(own, collection)
        named = {
            one.key: results.name_of(one.digest, assignment.digest, one.key, isolation)
            for one in collection.submissions
        }
        if only is not None:
            _with_results(collection, named, out, only)
        number, of = shard
        chosen = _chosen(collection, only)[number - 1 :: of]
        before = {} if rerun else _kept(chosen, named, out)
        left = [one for one in chosen if one.key not in before]
        _told_of_others(left, assignment, isolation, out, tell)
        if before and left:
            tell(
                f"{len(before):,} of {len(chosen):,} are graded already; the others are graded now"
            )
        progress(len(before), len(chosen))
        found = dict(before)
        if left:
            with _pool(assignment, isolated, jobs, scheduler) as pool:
                if pool.line:
                    tell(pool.line)
                for submission, result in _graded(left, assignment.program, pool):
                    if all(one["code"] != BUG for one in result["problems"]):
                        results.keep(out, named[submission.key], result)
                    found[submission.key] = result
                    progress(len(found), len(chosen))
        others = [one for one in collection.submissions if one.key not in found]
        found |= _kept(others, named, out)
        records = {
            one.key: _record(one, assignment.program, found[one.key])
            for one in collection.submissions
            if one.key in found
        }
    submissions = [{**record, "override": own.get(key)} for key, record in sorted(records.items())]
    return _as_results(assignment, submissions, date, isolation)


def _pool(
    assignment: Assignment, isolated: bool, jobs: int | None, scheduler: str | None
) -> AbstractContextManager[Pool]:
    if scheduler is None:
        return pools.threads(assignment, isolated, jobs)
    return pools.cluster(assignment, isolated, scheduler)


def _kept(
    submissions: Iterable[Submission], named: Mapping[str, str], out: Path
) -> dict[str, dict[str, Any]]:
    """By key what was earned, of those of which it was kept under these names before."""
    found = {one.key: results.kept(out, named[one.key]) for one in submissions}
    return {key: result for key, result in found.items() if result is not None}


def _told_of_others(
    submissions: Sequence[Submission],
    assignment: Assignment,
    isolation: str,
    out: Path,
    tell: Callable[[str], None],
) -> None:
    """Say how many are graded anew only because they were isolated before, or were not."""
    (other,) = {results.ISOLATED, results.NOT_ISOLATED} - {isolation}
    named = {
        one.key: results.name_of(one.digest, assignment.digest, one.key, other)
        for one in submissions
    }
    count = len(_kept(submissions, named, out))
    if count:
        how = "without isolation" if other == results.NOT_ISOLATED else "in isolation"
        tell(f"{out} holds {count:,} results of submissions graded {how}; these are graded anew")


def _told_of_left_out(collection: Collection, tell: Callable[[str], None]) -> None:
    """Say which files are nobody's submission; of many the first ones, and how many more."""
    for one in collection.left_out[:_MOST_LEFT_OUT]:
        tell(f"  left out: {one.name} {one.reason}")
    more = len(collection.left_out) - _MOST_LEFT_OUT
    if more > 0:
        tell(f"  left out: {more:,} more files")


def _overridden(own: Mapping[str, Any], collection: Collection) -> None:
    """Raises `Unreadable` for points that a teacher gave to nobody."""
    keys = [one.key for one in collection.submissions]
    for key in own:
        if key not in keys:
            raise Unreadable(f"overrides.toml: there is no submission {key}; {nearest(key, keys)}")


def _with_results(collection: Collection, named: Mapping[str, str], out: Path, only: str) -> None:
    """Raises `Unreadable` where the others have no results that could be kept."""
    others = [one for one in collection.submissions if one.key != only]
    lost = len(others) - len(_kept(others, named, out))
    if lost:
        raise Unreadable(
            f"{lost} other submissions have no results in {out}, or of another assignment, or with "
            "other isolation; grade all of them first"
        )


def _chosen(collection: Collection, only: str | None) -> Sequence[Submission]:
    if only is None:
        return collection.submissions
    chosen = [one for one in collection.submissions if one.key == only]
    if not chosen:
        raise Unreadable(f"there is no submission {only}; the keys are those of results.json")
    return chosen


def _as_results(
    assignment: Assignment,
    submissions: Sequence[Mapping[str, Any]],
    date: str,
    isolation: str,
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
    submissions: Sequence[Submission], pattern: str | None, pool: Pool
) -> Iterator[tuple[Submission, dict[str, Any]]]:
    """What each earns, as it comes.

    Whoever grades several may die of one of them, so these are tried again one by one. Raises
    `Unreadable` at the end where some could not be graded, naming them, and before where nobody is
    left to grade.
    """
    left = iter(submissions)
    again: deque[list[Submission]] = deque()
    pending: dict[Future[list[dict[str, Any]]], list[Submission]] = {}
    lost: list[str] = []
    while True:
        while len(pending) < pool.room():
            shard = again.popleft() if again else list(itertools.islice(left, pool.papers))
            if not shard:
                break
            names = [_program_of(one, pattern)[0] for one in shard]
            papers = [paper(one, name) for one, name in zip(shard, names, strict=True)]
            pending[pool.submit(papers)] = shard
        if not pending:
            break
        ended = concurrent.futures.wait(pending, pools.PATIENCE_SECONDS, FIRST_COMPLETED).done
        if not ended:
            pool.manned()
        for done in ended:
            shard = pending.pop(done)
            try:
                found = done.result()
            except pool.lost:
                if len(shard) > 1:
                    again.extend([one] for one in shard)
                else:
                    lost.append(shard[0].key)
                continue
            yield from zip(shard, found, strict=True)
    if lost:
        raise Unreadable(
            f"{len(lost)} could not be graded, because each worker that tried died: "
            f"{', '.join(sorted(lost)[:5])}; the others are graded and kept"
        )


def _program_of(
    submission: Submission, pattern: str | None
) -> tuple[str | None, list[dict[str, Any]]]:
    """The name of the program in it, and what is to be said before anything of it is run."""
    problems: list[dict[str, Any]] = [{"code": "said", "words": one} for one in submission.problems]
    if submission.late:
        problems.append({"code": "late"})
    try:
        return submitted_program(submission, pattern), problems
    except Unreadable as error:
        return None, [*problems, {"code": "no_program", "words": str(error)}]


def _record(
    submission: Submission, pattern: str | None, found: Mapping[str, Any]
) -> dict[str, Any]:
    """What a submission earned, with what the platform says of it now."""
    name, problems = _program_of(submission, pattern)
    review = submission.repeated or (name is None and _may_hold_one(submission))
    return {
        "key": submission.key,
        "joined_on": submission.joined_on,
        "name": submission.name,
        "late": submission.late,
        "digest": submission.digest,
        "program": name,
        **found,
        "status": "review" if review else found["status"],
        "problems": [*problems, *found["problems"]],
    }


def _may_hold_one(submission: Submission) -> bool:
    """Whether a submission of which no program is chosen may hold one all the same."""
    return submission.unread or any(one.lower().endswith(SUFFIXES) for one in submission.files)


def tried(path: Path, assignment: Assignment, date: str) -> dict[str, Any]:
    """The public part of an assignment, tried by a student on a file: what `results.json` holds.

    The file runs with the rights of whoever tries it. Raises `Unreadable` where it cannot be read.
    """
    read = program(path)
    asked = exam(assignment, public=True)
    if not (asked.calls or asked.trials or asked.found):
        raise Unreadable(f"{assignment.title} has no public part")
    beside = {
        other.name: other.read_bytes()
        for other in sorted(path.parent.glob("*.py"))
        if other != path
    }
    judged = judge(read, modules(beside), asked, running(beside, asked, isolated=False))
    about = {"key": path.name, "joined_on": path.name, "name": path.name, "late": None}
    record = {
        **about,
        "digest": "",
        "program": path.name,
        "override": None,
        **earned(judged.status, judged.marks, judged.problems, judged.printed),
    }
    public = replace(assignment, functions=tuple(one for one in assignment.functions if one.public))
    return _as_results(public, [record], date, results.NOT_ISOLATED)
