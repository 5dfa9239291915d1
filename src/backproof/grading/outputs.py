"""The files that a run of grading leaves, and what it says of them."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from backproof.grading import results
from backproof.grading.disclosure import counted, needs_a_person
from backproof.grading.feedback import feedback
from backproof.grading.feedback_html import as_html
from backproof.grading.gradebooks import Filled, canvas_gradebook, moodle_worksheet
from backproof.grading.language import language
from backproof.grading.page import page
from backproof.grading.papers import BUG
from backproof.grading.table import as_csv
from backproof.reading.told import Unreadable

_WRITTEN: Final = ("results.json", "results.csv", "class.html", "class-anonymous.html")
_SHOWN: Final = 200  # characters of what a student's file made of a sentence


class Own(NamedTuple):
    """A file of the teacher's to be filled in: its name and its bytes."""

    name: str
    content: bytes


def own(path: str, out: Path) -> Own:
    """The worksheet or gradebook at `path`, of which the one filled in goes to the folder `out`.

    Raises `Unreadable` where it cannot be read, or would be written over something.
    """
    file = Path(path)
    if file.name in _WRITTEN or file.resolve().parent == out.resolve():
        raise Unreadable(
            f"{path} would be written over, because the one that is filled in goes to "
            f"{out / file.name}; copy it to another folder, under another name than our own files"
        )
    try:
        return Own(file.name, file.read_bytes())
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}") from None


def write(
    graded: Mapping[str, Any],
    out: Path,
    moodle: Own | None = None,
    canvas: Own | None = None,
    canvas_assignment: str | None = None,
) -> str:
    """Write the results into a folder; what was written, and what has to be looked at.

    `moodle` and `canvas` are the teacher's own files: filled in they are written into the folder
    under the same names.
    """
    submissions = graded["submissions"]
    said_in = language(graded["assignment"]["language"])
    isolated = graded["isolation"] != results.NOT_ISOLATED
    told = {
        one["key"]: feedback(one, graded["assignment"], said_in, isolated=isolated)
        for one in submissions
    }
    results.written(out / "results.json", results.as_json(graded))
    results.written(out / "results.csv", as_csv(graded))
    results.written(out / "class.html", page(graded).encode())
    results.written(out / "class-anonymous.html", page(graded, anonymous=True).encode())
    for key, text in told.items():
        results.written(out / "feedback" / f"{_file_name(key)}.md", text.encode(), lasting=False)
    status = Counter(one["status"] for one in submissions)
    counts = [f"{status['graded']:,} graded"]
    for kind, words in (("review", "to be looked at by a person"), ("unread", "unread")):
        counts += [f"{status[kind]:,} {words}"] if status[kind] else []
    lines = [
        f"{len(submissions):,} submissions: {', '.join(counts)}"
        f"{'' if isolated else '; no isolation'}",
        f"  {out / 'class.html'}, results.json, results.csv, class-anonymous.html, feedback/",
    ]
    lines += [
        f"  {'unread' if one['status'] == 'unread' else 'look at'} {one['key']}: {_why(one)}"
        for one in submissions
        if needs_a_person(one)
    ]
    left = [one for one in submissions if one["status"] == "review" and needs_a_person(one)]
    joined = {one["joined_on"]: one for one in submissions if one not in left}
    waiting = [one["key"] for one in left if one["joined_on"] not in joined]
    points = {key: counted(one) for key, one in joined.items()}
    if moodle is not None:
        comments = {key: as_html(one, graded["assignment"], said_in) for key, one in joined.items()}
        names = {key: one["name"] for key, one in joined.items()}
        filled = moodle_worksheet(
            moodle.content, points, comments, names=names, out_of=graded["assignment"]["out_of"]
        )
        lines += _filled(out / moodle.name, filled, waiting)
    if canvas is not None:
        filled = canvas_gradebook(
            canvas.content,
            str(canvas_assignment),
            points,
            out_of=graded["assignment"]["out_of"],
        )
        lines += _filled(out / canvas.name, filled, waiting)
    return "\n".join(lines)


def _file_name(key: str) -> str:
    """The key where that is a file's name on every system, else with its digest behind it."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", key)[:80]
    return plain if plain == key else f"{plain}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _why(submission: Mapping[str, Any]) -> str:
    parts = [
        f"{part['function']}, {part['part']} is undecided"
        for part in submission["parts"]
        if part["verdict"] == "undecided"
    ]
    parts += [
        f"{problem['line']} imports {problem['module']}"
        for problem in submission["problems"]
        if problem["code"] == "autodiff"
    ]
    parts += [
        " ".join(str(problem["words"]).split())
        for problem in submission["problems"]
        if problem["code"] in ("said", "no_program", "syntax")
    ]
    parts += [
        f"a bug of backproof's own, please report it: {problem['error']}"
        for problem in submission["problems"]
        if problem["code"] == BUG
    ]
    return "; ".join(one if len(one) <= _SHOWN else f"{one[:_SHOWN]} ..." for one in parts)


def _filled(path: Path, filled: Filled, waiting: Sequence[str]) -> list[str]:
    results.written(path, filled.content)
    lines = [f"  {path}: {len(filled.filled):,} filled in"]
    lines += [f"    not in it: {key}" for key in filled.missing]
    if waiting:
        lines.append(f"    left as they are until somebody has looked: {', '.join(waiting)}")
    return [*lines, *(f"    {problem}" for problem in filled.problems)]
