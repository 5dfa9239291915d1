"""What one student is told, as plain text: for a terminal, and where no Markdown is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backproof.grading.disclosure import for_student
from backproof.grading.language import Language, plainly
from backproof.grading.remarks import (
    Part,
    Remark,
    about_points,
    functions,
    printable,
    remarks,
    rows,
)


def as_text(
    submission: Mapping[str, Any],
    assignment: Mapping[str, Any],
    language: Language,
    *,
    isolated: bool = True,
) -> str:
    """What `feedback.feedback` says, without markup; nothing in it moves a terminal's cursor."""
    shown = for_student(submission, assignment["hints"])
    heading = [line for line in (assignment["title"], shown["name"]) if line]
    blocks = ["\n".join(map(_line, heading))]
    blocks.append("\n".join(map(_line, about_points(shown, language, isolated=isolated))))
    if about := problems(shown, language):
        blocks.append(f"{language.text('feedback.problems')}\n{about}")
    for name, parts in functions(shown["parts"]):
        lines = [_line(name), *_table(parts, language)]
        lines += [_remark(one, language) for one in remarks(parts, language)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def problems(shown: Mapping[str, Any], language: Language) -> str:
    """What is amiss with the file, a line each; empty where nothing is."""
    said = (plainly(language.sentence(one)) for one in shown["problems"])
    return "\n".join(f"- {_line(one)}" for one in said)


def about_part(part: Part, language: Language) -> str:
    """What there is to say of one part; empty where there is nothing."""
    return "\n\n".join(_said(one, language) for one in remarks([part], language))


def _line(text: str) -> str:
    return " ".join(printable(text).split())


def _table(parts: Sequence[Part], language: Language) -> Iterator[str]:
    cells = [(f"{_line(name)}{hidden}", *others) for name, hidden, *others in rows(parts, language)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(padded)}".rstrip()


def _remark(remark: Remark, language: Language) -> str:
    names = ", ".join(map(_line, remark.parts))
    first, *others = f"- {names}: {_said(remark, language)}".split("\n")
    return "\n".join([first.rstrip(), *(f"  {line}".rstrip() for line in others)])


def _said(remark: Remark, language: Language) -> str:
    lines = [" ".join(_line(plainly(one)) for one in remark.sentences)]
    if remark.case:
        lines += ["", language.text("feedback.case"), "", remark.case]
    return "\n".join(lines).strip("\n")
