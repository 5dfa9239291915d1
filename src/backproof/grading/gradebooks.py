"""Points and comments, put into the files that a platform takes back.

Moodle's worksheet and Canvas's gradebook are the teacher's own, filled in: what is not ours to say
stays as it is, to the byte. Gradescope's `results.json` is written.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from backproof.grading import worksheets
from backproof.grading.cells import Row, Table, changed, table
from backproof.reading.told import Unreadable


class Filled(NamedTuple):
    """A file that was filled in.

    Attributes:
        content: its bytes.
        filled: the keys that have a row in it.
        missing: the keys that have none.
        problems: sentences for a person.
    """

    content: bytes
    filled: tuple[str, ...]
    missing: tuple[str, ...]
    problems: tuple[str, ...]


def moodle_worksheet(
    worksheet: bytes,
    points: Mapping[str, float],
    feedback: Mapping[str, str] | None = None,
    *,
    names: Mapping[str, str | None] | None = None,
    grade_column: str | None = None,
    feedback_column: str | None = None,
    out_of: float | None = None,
) -> Filled:
    """Fill in a worksheet that a teacher downloaded from a Moodle assignment, in any language.

    `points` and `feedback`, which is HTML, are by `Submission.joined_on`: the participant's number
    at the end of the identifier, `Participant 657693`. `names` are those that the zip shows:
    a row that has the number and another name is not filled in, and a key whose number no row has
    is looked for among the teams. Columns are found by what they hold: the identifiers share a
    word, grades stand left of the maximum grade, which is the same number in every row, and
    comments right of the time of grading; a header tells where that is not enough.

    Source: `mod/assign/gradingtable.php` of Moodle for the columns and
    `mod/assign/feedback/offline/importgradeslib.php` for what is taken back; comments are HTML
    (`set_editor_text` in `mod/assign/feedback/comments/locallib.php`), so none of ours begins like
    a formula. Grades above the maximum Moodle would skip without a word; they are reported.

    Raises `Unreadable` when it is no such worksheet, `ValueError` at feedback that is no HTML.
    """
    read = table(worksheet, "the worksheet")
    feedback = feedback or {}
    for key, comment_text in feedback.items():
        if not comment_text.startswith("<"):
            raise ValueError(f"the feedback of {key} is {comment_text[:20]!r}..., expected HTML")
    identifier = worksheets.identifier_column(read)
    grade = worksheets.grade_column(read, identifier, grade_column)
    most = read.rows[0].value(grade + 1)
    comment: int | None = None
    problems: list[str] = []
    if out_of is not None and worksheets.as_number(most) != out_of:
        problems.append(
            f"the worksheet's maximum grade is {most} and the assignment's {out_of:g}: points are "
            "written as they are; set the maximum in Moodle"
        )
    if feedback:
        comment = worksheets.feedback_column(read, grade, feedback_column)
        if comment is None:
            problems.append(
                "the worksheet has no column for comments; switch on feedback comments in the "
                "assignment's settings and download it again"
            )
    joined = _joined(read, identifier, grade, [*points, *feedback], names or {}, problems)
    changes: dict[tuple[int, int], str] = {}
    for key, indices in joined.items():
        amount = points.get(key)
        if amount is not None and not 0 <= amount <= worksheets.as_number(most):
            problems.append(f"{key}: {_written(amount)} points, and Moodle takes 0 to {most}")
            amount = None
        for index in indices:
            if amount is not None:
                changes[index, grade] = _written(amount, comma="," in most)
            if comment is not None and key in feedback:
                changes[index, comment] = feedback[key]
    return _filled(read, changes, joined, [*points, *feedback], problems)


def _joined(
    read: Table,
    identifier: int,
    grade: int,
    keys: Sequence[str],
    names: Mapping[str, str | None],
    problems: list[str],
) -> dict[str, list[int]]:
    """The indices of the rows of each key: its own, or those of a team's members."""
    own: dict[str, list[int]] = {}
    teams: dict[str, list[int]] = {}
    for index, row in enumerate(read.rows):
        found = worksheets.IDENTIFIER.fullmatch(row.value(identifier))
        assert found is not None  # the column was chosen for that
        own.setdefault(found["number"], []).append(index)
        for column in {grade - 1, grade - 2} - {0, 1}:  # 1 is a name, or the status
            if team := _letters(row.value(column)):
                teams.setdefault(team, []).append(index)
    joined: dict[str, list[int]] = {}
    for key in dict.fromkeys(keys):
        name = _letters(names.get(key) or "")
        here = [
            index
            for index in own.get(key, ())
            if not name or _has_name(read.rows[index], name, identifier)
        ]
        if not here and name in teams:
            here = teams[name]
        elif not here and key in own:
            problems.append(f"{key} is {names[key]} in the submissions, and not in the worksheet")
        if here:
            joined[key] = here
    return joined


def _has_name(row: Row, name: str, identifier: int) -> bool:
    """Whether the column right of the identifier says `name`; some put a user's name before it."""
    shown = _letters(row.value(identifier + 1))
    return bool(shown) and name.endswith(shown)


def _letters(name: str) -> str:
    """Letters and digits only: Moodle leaves others out of the names of files."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))


_EXCUSED: Final = {"EX": "is excused", "N/A": "is not assigned this"}


def canvas_gradebook(
    gradebook: bytes, assignment: str, points: Mapping[str, float], *, out_of: float | None = None
) -> Filled:
    """Fill in one assignment's column of a gradebook that a teacher exported from Canvas.

    `assignment` is the id in the column's header, `Homework 3 (12345)`; `points` are by
    `Submission.joined_on`, the user's id, which is in the column `ID`. Rows without an id (points
    possible, manual posting) stay as they are, as do cells of students who are excused.

    Source: `lib/gradebook_exporter.rb` and `lib/gradebook_importer.rb` of canvas-lms. Both separate
    cells by commas or semicolons; numbers may have a decimal comma, and ours have it then too.

    Raises `Unreadable` when it is no gradebook, or has no such column.
    """
    read = table(gradebook, "the gradebook")
    headers = [cell.value.strip() for cell in read.header.cells]
    if "ID" not in headers[:3]:
        raise Unreadable("the gradebook has no column 'ID'; export it again from Canvas")
    ids = headers.index("ID")
    columns = [at for at, header in enumerate(headers) if header.endswith(f"({assignment})")]
    if len(columns) != 1:
        known = [header for header in headers if re.search(r"\(\d+\)$", header)]
        raise Unreadable(
            f"the gradebook has no column for assignment {assignment}; it has "
            f"{', '.join(known) or 'none at all'}"
        )
    (column,) = columns
    comma = _has_comma(read, ids, column)
    by_id: dict[str, list[int]] = {}
    for index, row in enumerate(read.rows):
        by_id.setdefault(row.value(ids), []).append(index)
    problems: list[str] = []
    possible = next((row.value(column) for row in read.rows if _is_possible(row, ids)), "")
    if out_of is not None and worksheets.as_number(possible) != out_of:
        problems.append(
            f"the gradebook's points possible are {possible or 'not told'} and the assignment's "
            f"{out_of:g}: points are written as they are; set the points in Canvas"
        )
    changes: dict[tuple[int, int], str] = {}
    joined = {key: by_id[key] for key in points if key and key in by_id}
    for key, indices in joined.items():
        for index in indices:
            excuse = _EXCUSED.get(read.rows[index].value(column).upper())
            if excuse is not None:
                problems.append(f"{key} {excuse} in Canvas; the points are not filled in")
            else:
                changes[index, column] = _written(points[key], comma=comma)
    if any(key.startswith("anon_") for key in points):
        problems.append("Canvas hid the names in the zip, and no gradebook knows who they are")
    return _filled(read, changes, joined, list(points), problems)


def _is_possible(row: Row, ids: int) -> bool:
    """Whether it is the row of the points possible."""
    return "points possible" in row.value(0).casefold() and not row.value(ids)


def _has_comma(read: Table, ids: int, column: int) -> bool:
    """Whether numbers have a decimal comma; the points possible are read-only where ours are."""
    for row in read.rows:
        if _is_possible(row, ids):
            if "read only" in row.value(column):
                raise Unreadable(f"the column {read.header.value(column)!r} is read only")
            return any(re.fullmatch(r"\d+,\d+", cell.value.strip()) for cell in row.cells)
    raise Unreadable("the gradebook has no row 'Points Possible'; export it again from Canvas")


def _filled(
    read: Table,
    changes: Mapping[tuple[int, int], str],
    joined: Mapping[str, object],
    keys: Sequence[str],
    problems: Sequence[str],
) -> Filled:
    missing = tuple(key for key in dict.fromkeys(keys) if key not in joined)
    return Filled(changed(read, changes), tuple(joined), missing, tuple(problems))


def _written(points: float, *, comma: bool = False) -> str:
    """Points as digits, to five places, which is what Moodle keeps."""
    if not math.isfinite(points):
        raise ValueError(f"points are {points}, expected a finite number")
    text = f"{points:.5f}".rstrip("0").rstrip(".")
    text = "0" if text == "-0" else text
    return text.replace(".", ",") if comma else text


Visibility = Literal["visible", "hidden", "after_due_date", "after_published"]
VISIBILITIES: Final = ("visible", "hidden", "after_due_date", "after_published")


class Part(NamedTuple):
    """One of Gradescope's test cases: points for one thing that was asked.

    `output` is plain text; nobody sees a part before its `visibility` allows.
    """

    name: str
    score: float
    max_score: float
    output: str = ""
    visibility: Visibility = "visible"


def gradescope_results(
    parts: Sequence[Part],
    *,
    score: float | None = None,
    output: str = "",
    visibility: Visibility = "visible",
    extra: Mapping[str, Any] | None = None,
) -> bytes:
    """The `results.json` of one submission.

    `score` stands for the sum of the parts where it is given, and has to be where there are none.
    `extra` is kept by Gradescope beside it. No format is told of the outputs: plain text is usual.

    Source: "Autograder Specifications", output format, in Gradescope's documentation
    (gradescope-autograders.readthedocs.io/en/latest/specs).

    Raises `ValueError` at a number or a visibility that Gradescope would not take.
    """
    numbers = [score, *(number for part in parts for number in (part.score, part.max_score))]
    if not all(number is None or math.isfinite(number) for number in numbers):
        raise ValueError(f"points are {numbers}, expected finite numbers")
    if score is None and not parts:
        raise ValueError("there is neither a score nor a part that has one")
    for one in (visibility, *(part.visibility for part in parts)):
        if one not in VISIBILITIES:
            raise ValueError(f"visibility={one!r}: expected one of {', '.join(VISIBILITIES)}")
    results: dict[str, Any] = {} if score is None else {"score": score}
    results |= {"output": output, "visibility": visibility}
    if extra:
        results["extra_data"] = dict(extra)
    results["tests"] = [part._asdict() for part in parts]
    text = json.dumps(results, ensure_ascii=False, indent=2, allow_nan=False)
    return text.encode("utf-8", "replace") + b"\n"
