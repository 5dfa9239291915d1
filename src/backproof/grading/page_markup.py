"""HTML for the pieces of the page: text, sentences, the bars, and what unfolds for a submission."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from backproof.grading.disclosure import counted
from backproof.grading.distribution import Bar
from backproof.grading.language import WORDS, Language, Piece
from backproof.grading.remarks import Part, Remark, functions, printable, remarks

_HEIGHT: Final = 100  # of the tallest bar
_WIDTH: Final = 40


def text(words: object) -> str:
    """Text on one line as HTML, fit for attributes too."""
    return html.escape(printable(str(words)))


def lines(words: str) -> str:
    """Text as HTML that keeps its lines."""
    return "\n".join(map(text, words.splitlines()))


def sentence(pieces: Iterable[Piece]) -> str:
    """A sentence; what is code in it is marked as such."""
    return "".join(
        text(piece.text) if piece.argument in (None, *WORDS) else f"<code>{text(piece.text)}</code>"
        for piece in pieces
    )


def detail(submission: Mapping[str, Any], language: Language) -> str:
    """All that is known of a submission."""
    return "\n".join(_detail(submission, language))


def _detail(submission: Mapping[str, Any], language: Language) -> Iterator[str]:
    override = submission["override"]
    if override is not None:
        instead = language.number(submission["points"])
        yield f"<p>{text(language.text('feedback.override', points=instead))}</p>"
        if override["reason"].strip():
            yield f"<p>{text(language.text('feedback.reason', reason=override['reason']))}</p>"
    elif submission["status"] != "graded":
        yield f"<p>{text(language.text('feedback.' + submission['status']))}</p>"
    if submission["program"]:
        label = text(language.text("page.file"))
        yield f"<p>{label}: <code>{text(submission['program'])}</code></p>"
    if submission["problems"]:
        yield f"<h3>{text(language.text('page.problems'))}</h3>"
        said = (sentence(language.sentence(one)) for one in submission["problems"])
        yield f"<ul>{''.join(f'<li>{one}</li>' for one in said)}</ul>"
    yield '<div class="functions">'
    for name, parts in functions(submission["parts"]):
        yield f"<section><h3><code>{text(name)}</code></h3>{_parts(parts, language)}"
        about = [_remark(one, language) for one in remarks(parts, language)]
        yield f"<ul>{''.join(about)}</ul></section>" if about else "</section>"
    yield "</div>"
    if submission["printed"].strip():
        yield f"<h3>{text(language.text('page.printed'))}</h3>"
        yield f"<pre>{lines(submission['printed'])}</pre>"


def _parts(parts: Sequence[Part], language: Language) -> str:
    rows = []
    for part in parts:
        hidden = "" if part["public"] else f" ({text(language.text('feedback.hidden'))})"
        points, out_of = language.number(part["points"]), language.number(part["out_of"])
        of = text(language.text("feedback.of", points=points, out_of=out_of))
        verdict = part["verdict"]
        rows.append(
            f'<tr><th scope="row"><code>{text(part["part"])}</code>{hidden}</th>'
            f'<td class="number">{of}</td>'
            f'<td class="{verdict}">{text(language.text(f"verdicts.{verdict}"))}</td></tr>'
        )
    return f"<table><tbody>{''.join(rows)}</tbody></table>"


def _remark(remark: Remark, language: Language) -> str:
    names = ", ".join(f"<code>{text(part)}</code>" for part in remark.parts)
    said = " ".join(map(sentence, remark.sentences))
    case = ""
    if remark.case:
        label = text(language.text("feedback.case"))
        case = f"<p>{label}</p><pre>{lines(remark.case)}</pre>"
    return f"<li>{names}: {said}{case}</li>"


def distribution(bars: Sequence[Bar], language: Language) -> str:
    """The bars as a drawing; each says in words what it shows."""
    most = max((bar.decided + bar.undecided for bar in bars), default=0) or 1
    bottom = _HEIGHT + 20
    parts = []
    for at, bar in enumerate(bars):
        left, count = at * _WIDTH + 10, bar.decided + bar.undecided
        low, high = language.number(bar.low), language.number(bar.high)
        said = text(language.text("page.bar", low=low, high=high, count=count))
        upper = float(bottom)
        drawn = []
        for kind, of_kind in (("decided", bar.decided), ("open", bar.undecided)):
            height = round(of_kind / most * _HEIGHT, 1)
            upper -= height
            if of_kind:
                drawn.append(
                    f'<rect class="{kind}" x="{left + 2}" y="{upper:.1f}" '
                    f'width="{_WIDTH - 4}" height="{height}"/>'
                )
        label = f'<text x="{left + _WIDTH / 2}" y="{upper - 4:.1f}">{count}</text>' if count else ""
        edge = f'<text x="{left}" y="{bottom + 14}">{text(low)}</text>'
        parts.append(f"<g><title>{said}</title>{''.join(drawn)}{label}{edge}</g>")
    right = len(bars) * _WIDTH + 10
    last = text(language.number(bars[-1].high)) if bars else ""
    title = text(language.text("page.distribution"))
    return (
        f'<svg class="distribution" viewBox="0 0 {right + 12} {bottom + 20}" role="img" '
        f'aria-label="{title}">{"".join(parts)}<line x1="10" y1="{bottom}" x2="{right}" '
        f'y2="{bottom}"/><text x="{right}" y="{bottom + 14}">{last}</text></svg>'
    )


def points(submission: Mapping[str, Any], language: Language) -> str:
    """The cell with the points that count; a star stands by those that a teacher gave."""
    count = counted(submission)
    title = star = ""
    if submission["override"] is not None:
        title, star = f' title="{text(language.text("page.set_by_teacher"))}"', "*"
    shown = language.number(count)
    return f'<td class="number" data-number="{count}"{title}>{shown}{star}</td>'


def function_points(parts: Sequence[Part], language: Language) -> str:
    """The cell with the points for one function; a question mark if a part is not decided."""
    if not parts:
        return "<td></td>"
    total = sum(part["points"] for part in parts)
    shown = language.number(total)
    if any(part["verdict"] == "undecided" for part in parts):
        title = text(language.text("verdicts.undecided"))
        return f'<td class="number undecided" data-number="{total}" title="{title}">{shown}?</td>'
    return f'<td class="number" data-number="{total}">{shown}</td>'
