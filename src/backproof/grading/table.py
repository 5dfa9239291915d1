"""The results as a table for spreadsheets: a row for each submission, a column for each part."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from backproof.grading.disclosure import counted
from backproof.grading.language import Language, language, plainly
from backproof.grading.remarks import printable

# What spreadsheets take for the beginning of a formula, at the beginning of a cell or of what is
# one to a spreadsheet that separates cells by something else: OWASP, "CSV Injection".
_FORMULA = re.compile(r"(^|[,;])(?=[\s\"']*[=+\-@＝＋－＠])")
_COLUMNS = ("key", "name", "status", "late", "points", "out_of", "reason", "problems", "isolation")


def as_csv(results: Mapping[str, Any]) -> bytes:
    """`results.json` as CSV in the assignment's language, in the order of the submissions.

    RFC 4180 in UTF-8 with a byte order mark, by which spreadsheets know the encoding; commas
    between cells, or semicolons where numbers have a decimal comma. A part that is not decided is
    an empty cell. An apostrophe stands before text that a spreadsheet would take for a formula.

    Raises `Unreadable` for a language that there is not.
    """
    said_in = language(results["assignment"]["language"])
    parts = results["assignment"]["parts"]
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=said_in.separator, quoting=csv.QUOTE_ALL)
    writer.writerow([*_header(said_in), *(_part(part, said_in) for part in parts)])
    isolated = "table.not_isolated" if results["isolation"] == "none" else "table.isolated"
    for submission in results["submissions"]:
        decided = {
            (part["function"], part["part"]): said_in.number(part["points"])
            for part in submission["parts"]
            if part["verdict"] != "undecided"
        }
        points = [decided.get((part["function"], part["part"]), "") for part in parts]
        isolation = said_in.text(isolated)
        writer.writerow([*_about(submission, said_in), isolation, *points])
    return codecs.BOM_UTF8 + file.getvalue().encode()


def _header(said_in: Language) -> list[str]:
    return [said_in.text(f"table.{column}") for column in _COLUMNS]


def _part(part: Mapping[str, Any], said_in: Language) -> str:
    out_of = said_in.number(part["out_of"])
    names = {"function": part["function"], "part": part["part"]}
    return guarded(said_in.text("table.part", **names, out_of=out_of))


def _about(submission: Mapping[str, Any], said_in: Language) -> list[str]:
    late, override = submission["late"], submission["override"]
    problems = " ".join(plainly(said_in.sentence(one)) for one in submission["problems"])
    return [
        guarded(submission["key"]),
        guarded(submission["name"] or ""),
        said_in.text(f"statuses.{submission['status']}"),
        "" if late is None else said_in.text("table.yes" if late else "table.no"),
        said_in.number(counted(submission)),
        said_in.number(submission["out_of"]),
        guarded(override["reason"] if override else ""),
        guarded(problems),
    ]


def guarded(text: str) -> str:
    """Text on one line that no spreadsheet takes for a formula."""
    return _FORMULA.sub(r"\1'", " ".join(printable(text).split()))
