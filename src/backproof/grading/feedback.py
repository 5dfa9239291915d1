"""What one student is told, as Markdown.

Made to read well as plain text and in any Markdown: CommonMark with the tables of GitHub's
(github.github.com/gfm). Nothing that a student wrote is markup in it: it stands in code spans
(CommonMark 0.31, 6.1), or with the characters that could begin any escaped (2.4), `<` and `&` as
entities, which also those Markdowns know in which a backslash does not escape them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from backproof.grading.disclosure import for_student
from backproof.grading.language import WORDS, Language, Piece
from backproof.grading.remarks import (
    Part,
    Remark,
    about_points,
    functions,
    printable,
    remarks,
    rows,
)

# An underscore within a word is one in every Markdown that is in use.
_MARKUP = re.compile(r"[\\`*{}\[\]#|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_AT_THE_START = re.compile(r"^( *\d*)(?=[-+=:.)])")  # of a line: a list, or a line below a heading
_NO_LINK = "\u2060"  # of no width; without it some Markdowns make links of addresses
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=\w)(?=@\w)", re.IGNORECASE)


def feedback(
    submission: Mapping[str, Any],
    assignment: Mapping[str, Any],
    language: Language,
    *,
    isolated: bool = True,
) -> str:
    """The feedback on one of the submissions of `results.json`.

    Points, and for each function a table of its parts; below it what is amiss, as far as the
    assignment's hint level lets a student see it: `none`, points and what is amiss with the file;
    `part`, for each part why it is not right; `case`, and for public parts the smallest case.
    Where it was not isolated, it says so.
    """
    shown = for_student(submission, assignment["hints"])
    blocks = [f"# {_line(assignment['title'])}"]
    if shown["name"]:
        blocks.append(_line(shown["name"]))
    points, *others = about_points(shown, language, isolated=isolated)
    blocks += [f"**{escaped(points)}**", *map(_line, others)]
    if shown["problems"]:
        said = [f"- {_sentence(language.sentence(one)).strip()}" for one in shown["problems"]]
        blocks += [f"## {language.text('feedback.problems')}", "\n".join(said)]
    for name, parts in functions(shown["parts"]):
        blocks += [f"## {code_span(name)}", _table(parts, language)]
        about = [_remark(one, language) for one in remarks(parts, language)]
        blocks += ["\n".join(about)] if about else []
    return "\n\n".join(blocks) + "\n"


def _line(text: str) -> str:
    return escaped(text).strip()


def _table(parts: Sequence[Part], language: Language) -> str:
    verdicts = any(part["verdict"] for part in parts)
    header = [language.text("feedback.part"), language.text("feedback.points_of_part")]
    lines = [header, ["---", "---:"]]
    if verdicts:
        header.append(language.text("feedback.verdict"))
        lines[1].append("---")
    for name, hidden, of, verdict in rows(parts, language):
        lines.append([f"{code_span(name, in_table=True)}{hidden}", of])
        if verdicts:
            lines[-1].append(verdict)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _remark(remark: Remark, language: Language) -> str:
    names = ", ".join(map(code_span, remark.parts))
    lines = [f"- {names}: {' '.join(map(_sentence, remark.sentences))}".rstrip()]
    if remark.case:
        fence = "`" * max(3, _longest_run(remark.case) + 1)
        case = [fence + "python", *remark.case.split("\n"), fence]
        lines += ["", language.text("feedback.case"), "", *case]
    return "\n".join([lines[0], *(f"  {line}".rstrip() for line in lines[1:])])


def _sentence(pieces: Iterable[Piece]) -> str:
    written = ""
    for piece in pieces:
        plain = piece.argument in (None, *WORDS)
        start = not written.strip()
        written += escaped(piece.text, at_start=start) if plain else code_span(piece.text)
    return written


def escaped(text: str, *, at_start: bool = True) -> str:
    """Plain text on one line, as Markdown that shows just that; for within a line and behind it.

    `at_start` is whether a line may begin with it.
    """
    text = _ADDRESS.sub(_NO_LINK, re.sub(" +", " ", printable(text)))
    text = _MARKUP.sub(lambda found: f"\\{found[0]}", html.escape(text, quote=False))
    return _AT_THE_START.sub(r"\1\\", text) if at_start else text


def code_span(text: str, *, in_table: bool = False) -> str:
    """A code span, with a fence that is longer than any in it."""
    text = " ".join(printable(text).split())
    if not text:
        return ""
    if in_table and "|" in text:
        return escaped(text)
    fence = "`" * (_longest_run(text) + 1)
    blank = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
