"""What one student is told, as HTML on one line: for Moodle's column of feedback comments.

Moodle keeps that column as HTML (`set_editor_text` in `mod/assign/feedback/comments/locallib.php`,
FORMAT_HTML) and shows it among its own headings, cleaned of what is not harmless: so there are no
styles in it, no headings above the fourth, and only elements that HTML 4 has. The classes of its
tables are Bootstrap's, which Moodle's themes have; elsewhere they do nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backproof.grading.disclosure import for_student
from backproof.grading.language import Language
from backproof.grading.page_markup import sentence, text
from backproof.grading.remarks import Part, Remark, about_points, functions, remarks, rows


def as_html(
    submission: Mapping[str, Any],
    assignment: Mapping[str, Any],
    language: Language,
    *,
    isolated: bool = True,
) -> str:
    """What `feedback.feedback` says, without title and name, which Moodle shows beside it.

    It is one line that begins with `<`, so no spreadsheet takes it for a formula.
    """
    shown = for_student(submission, assignment["hints"])
    return "".join(_feedback(shown, language, isolated))


def _feedback(shown: Mapping[str, Any], language: Language, isolated: bool) -> Iterator[str]:
    points, *others = about_points(shown, language, isolated=isolated)
    yield f"<p><strong>{text(points)}</strong></p>"
    yield from (f"<p>{text(one)}</p>" for one in others)
    if shown["problems"]:
        yield f"<h4>{text(language.text('feedback.problems'))}</h4>"
        said = (sentence(language.sentence(one)) for one in shown["problems"])
        yield f"<ul>{''.join(f'<li>{one}</li>' for one in said)}</ul>"
    for name, parts in functions(shown["parts"]):
        yield f"<h4><code>{text(name)}</code></h4>{_table(parts, language)}"
        if about := "".join(_remark(one, language) for one in remarks(parts, language)):
            yield f"<ul>{about}</ul>"


def _table(parts: Sequence[Part], language: Language) -> str:
    verdicts = any(part["verdict"] for part in parts)
    names = ["part", "points_of_part", *(["verdict"] if verdicts else [])]
    header = "".join(
        f'<th scope="col">{text(language.text(f"feedback.{one}"))}</th>' for one in names
    )
    lines = []
    for name, hidden, of, verdict in rows(parts, language):
        last = f"<td>{text(verdict)}</td>" if verdicts else ""
        first = f'<th scope="row"><code>{text(name)}</code>{text(hidden)}</th>'
        lines.append(f"<tr>{first}<td>{text(of)}</td>{last}</tr>")
    return (
        f'<table class="table table-sm w-auto"><thead><tr>{header}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table>"
    )


def _remark(remark: Remark, language: Language) -> str:
    names = ", ".join(f"<code>{text(part)}</code>" for part in remark.parts)
    said = " ".join(map(sentence, remark.sentences))
    if not remark.case:
        return f"<li>{names}: {said}</li>"
    lines = "<br>".join(map(text, remark.case.split("\n")))  # a cell of a CSV is best one line
    case = f"<p>{text(language.text('feedback.case'))}</p><pre>{lines}</pre>"
    return f"<li>{names}: {said}{case}</li>"
