"""What one student is told, as Markdown.

Made to read well as plain text and in any Markdown: CommonMark with the tables of GitHub's
(github.github.com/gfm). Nothing that a student wrote is markup in it: it stands in code spans
(CommonMark 0.31, 6.1), or with the characters that could begin any escaped (2.4), `<` and `&` as
entities, which also those Markdowns know in which a backslash does not escape them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from backproof.grading.disclosure import counted, for_student
from backproof.grading.language import WORDS, Language, Piece
from backproof.grading.remarks import Part, Remark, functions, printable, remarks

_MARKUP = re.compile(r"[\\`*_{}\[\]#|~$]")
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
    blocks += _points(shown, language)
    if not isolated:
        blocks.append(_line(language.text("feedback.not_isolated")))
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


def _points(shown: Mapping[str, Any], language: Language) -> Iterator[str]:
    out_of = language.number(shown["out_of"])
    points = language.number(counted(shown))
    yield f"**{escaped(language.text('feedback.points', points=points, out_of=out_of))}**"
    override = shown["override"]
    if override is not None:
        instead = language.number(shown["points"])
        yield _line(language.text("feedback.override", points=instead))
        if override["reason"].strip():
            yield _line(language.text("feedback.reason", reason=override["reason"]))
    elif shown["status"] != "graded":
        yield _line(language.text(f"feedback.{shown['status']}"))


def _table(parts: Iterable[Part], language: Language) -> str:
    verdicts = any(part["verdict"] for part in parts)
    text = language.text
    header = [text("feedback.part"), text("feedback.points_of_part")]
    rows = [header, ["---", "---:"]]
    for part in parts:
        hidden = "" if part["public"] else f" ({text('feedback.hidden')})"
        points, out_of = language.number(part["points"]), language.number(part["out_of"])
        name = f"{code_span(part['part'], in_table=True)}{hidden}"
        rows.append([name, text("feedback.of", points=points, out_of=out_of)])
        if verdicts:
            rows[-1].append(text(f"verdicts.{part['verdict']}"))
    if verdicts:
        header.append(text("feedback.verdict"))
        rows[1].append("---")
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _remark(remark: Remark, language: Language) -> str:
    names = ", ".join(map(code_span, remark.parts))
    lines = [f"- {names}: {' '.join(map(_sentence, remark.sentences))}".rstrip()]
    if remark.case:
        fence = "`" * max(3, _longest_run(remark.case) + 1)
        case = [fence + "python", *remark.case.split("\n"), fence]
        lines += ["", language.text("feedback.case"), "", *case]
    return "\n".join([lines[0], *(f"  {line}".rstrip() for line in lines[1:])])


def _sentence(pieces: Iterable[Piece]) -> str:
    return "".join(
        escaped(piece.text) if piece.argument in (None, *WORDS) else code_span(piece.text)
        for piece in pieces
    )


def escaped(text: str) -> str:
    """Plain text on one line, as Markdown that shows just that; for within a line and behind it."""
    text = _ADDRESS.sub(_NO_LINK, re.sub(" +", " ", printable(text)))
    text = _MARKUP.sub(lambda found: f"\\{found[0]}", html.escape(text, quote=False))
    return _AT_THE_START.sub(r"\1\\", text)


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
