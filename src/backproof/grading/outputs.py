"""The files that a run of grading leaves, and what it says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backproof.grading import results
from backproof.grading.gradebooks import Filled, canvas_gradebook, moodle_worksheet
from backproof.reading.told import Unreadable


def points_of(submission: Mapping[str, Any]) -> float:
    """What counts: the teacher's own points where there are some."""
    override = submission["override"]
    return float(submission["points"] if override is None else override["points"])


def write(
    graded: Mapping[str, Any],
    out: Path,
    moodle: str | None = None,
    canvas: str | None = None,
    canvas_assignment: str | None = None,
) -> str:
    """Write the results into a folder; what was written, and what has to be looked at.

    `moodle` and `canvas` are the paths of the teacher's own files, which stay as they are: filled
    in they are written into the folder under the same names.
    """
    results.written(out / "results.json", results.as_json(graded))
    submissions = graded["submissions"]
    status = Counter(one["status"] for one in submissions)
    lines = [
        f"{len(submissions):,} submissions: {status['graded']:,} graded, "
        f"{status['review']:,} to be looked at by a person, {status['unread']:,} unread",
        f"  {out / 'results.json'}",
    ]
    lines += [
        f"  look at {one['key']}: {_why(one)}" for one in submissions if one["status"] == "review"
    ]
    joined = {one["joined_on"]: one for one in submissions if one["status"] != "review"}
    points = {key: points_of(one) for key, one in joined.items()}
    if moodle is not None:
        names = {key: one["name"] for key, one in joined.items()}
        filled = moodle_worksheet(_content(moodle), points, names=names)
        lines += _filled(out / Path(moodle).name, filled)
    if canvas is not None:
        filled = canvas_gradebook(_content(canvas), str(canvas_assignment), points)
        lines += _filled(out / Path(canvas).name, filled)
    return "\n".join(lines)


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
    return "; ".join(parts)


def _content(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}") from None


def _filled(path: Path, filled: Filled) -> list[str]:
    results.written(path, filled.content)
    lines = [f"  {path}: {len(filled.filled):,} filled in"]
    lines += [f"    not in it: {key}" for key in filled.missing]
    return [*lines, *(f"    {problem}" for problem in filled.problems)]
