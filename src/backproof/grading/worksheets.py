"""Where in a Moodle grading worksheet what stands, in any language: by what the columns hold.

Source: `mod/assign/gradingtable.php` of Moodle. The identifiers come first; names, status and team;
then the grade, and right of it the maximum grade; times of handing in and of grading, `-` for
never; comments last.
"""

from __future__ import annotations

import math
import re

from backproof.grading.cells import Table
from backproof.reading.told import Unreadable

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
IDENTIFIER = re.compile(r"(?P<word>.*?\D)(?P<number>\d+)")
# `userdate` in any language: a year and a time of day.
_DATE = re.compile(r"(?=.*\d{4}).*\d{1,2}\s?[:.h]\s?\d{2}.*", re.DOTALL)


def identifier_column(read: Table) -> int:
    """The column of `Participant 657693`: one word for all, and a number for each."""
    found: list[int] = []
    for column in range(len(read.header.cells)):
        matches = [IDENTIFIER.fullmatch(row.value(column)) for row in read.rows]
        words = {match["word"] if match else "" for match in matches}
        if len(words) == 1 and any(map(str.isalpha, words.pop())):
            found.append(column)
    if found[:1] == [0] or len(found) == 1:
        return found[0]
    raise Unreadable(
        "the worksheet has no column of identifiers, such as 'Participant 657693'; download the "
        "grading worksheet of the assignment (not the gradebook)"
    )


def grade_column(read: Table, identifier: int, told: str | None) -> int:
    """The column of grades, empty or numbers; the header that is `told` decides among several."""
    found = []
    for column in range(identifier + 1, len(read.header.cells) - 1):
        right = {row.value(column + 1) for row in read.rows}
        numbers = all(_NUMBER.fullmatch(row.value(column) or "0") for row in read.rows)
        if numbers and len(right) == 1 and as_number(right.pop()) > 0:
            found.append(column)
    # Equal grades look like a maximum to an empty column left of them.
    found = [column for column in found if column + 1 not in found]
    if told is not None:
        found = [column for column in found if read.header.value(column) == told]
    if len(found) == 1:
        return found[0]
    if found:
        headers = ", ".join(repr(read.header.value(column)) for column in found)
        raise Unreadable(
            f"the worksheet has several columns that may be the grade ({headers}): tell which"
        )
    called = "" if told is None else f" called {told!r}"
    raise Unreadable(
        f"the worksheet has no column of grades{called} left of one with the maximum grade; an "
        "assignment that is graded on a scale takes no points"
    )


def feedback_column(read: Table, grade: int, told: str | None) -> int | None:
    """The column of comments, right of the time of grading, or with the header that is `told`."""
    headers = [cell.value.strip() for cell in read.header.cells]
    if told is not None:
        if told not in headers:
            raise Unreadable(f"the worksheet has no column {told!r}")
        return headers.index(told)
    timed = [
        column
        for column in range(grade + 2, len(headers))
        if all(row.value(column) == "-" or _DATE.fullmatch(row.value(column)) for row in read.rows)
    ]
    after = range(timed[-1] + 1, len(headers)) if timed else range(0)
    if len(after) > 1:
        raise Unreadable(
            f"the worksheet has several columns that may be for comments "
            f"({', '.join(repr(headers[column]) for column in after)}): tell which"
        )
    return after[0] if after else None


def as_number(text: str) -> float:
    """The number that a cell holds, with a point or a comma; NaN where it holds none."""
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else math.nan
