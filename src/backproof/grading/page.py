"""The results of a class as one HTML page that needs nothing else: no network, no server.

Its security policy (CSP level 3, www.w3.org/TR/CSP3) lets nothing be loaded and runs only our own
script, known by its hash; so even text that got past the escaping could do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any, Final

from backproof.grading import page_markup
from backproof.grading.disclosure import anonymised, needs_a_person
from backproof.grading.distribution import Mistake, bars, median_and_mean, mistakes
from backproof.grading.language import Language, language, plainly
from backproof.grading.page_markup import text
from backproof.grading.remarks import functions

_LISTED: Final = 12  # mistakes; the search finds the others
_STATUSES: Final = ("review", "unread", "graded")  # in the order in which they are listed


def page(results: Mapping[str, Any], *, anonymous: bool = False) -> str:
    """`results.json` as a page for the teacher, in the assignment's language.

    All that is known is on it, whatever the hint level; see `anonymised` for what is left out of
    the anonymous one. Those that a person has to look at come first, then the order of the results.

    Raises `Unreadable` for a language that there is not.
    """
    said_in = language(results["assignment"]["language"])
    if anonymous:
        results = anonymised(results)
    ordered = sorted(
        results["submissions"],
        key=lambda one: (not needs_a_person(one), _STATUSES.index(one["status"])),
    )
    style, script = _file("page.css"), _file("page.js")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    title = text(results["assignment"]["title"])
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{text(said_in.code)}">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            '<meta name="robots" content="noindex">',
            f"<title>{title}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            f"<h1>{title}</h1>",
            *_head(results, said_in, anonymous),
            *_mistakes(mistakes(ordered, said_in), len(ordered), said_in),
            *_class(ordered, results["assignment"], said_in, anonymous),
            f"<script>{script}</script>",
            "</body>",
            "</html>\n",
        ]
    )


def _file(name: str) -> str:
    return resources.files("backproof.grading").joinpath(name).read_text("utf-8")


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _head(results: Mapping[str, Any], said_in: Language, anonymous: bool) -> Iterator[str]:
    """What there is, how it was run, and the distribution of points."""
    submissions, out_of = results["submissions"], results["assignment"]["out_of"]
    count = text(said_in.text("page.submissions", count=len(submissions)))
    date = text(said_in.text("page.date", date=results["date"]))
    yield f'<p class="soft">{count} · {date}</p>'
    if anonymous:
        yield f'<p class="soft">{text(said_in.text("page.anonymous"))}</p>'
    if results["isolation"] == "none":
        yield f'<p class="alert">{text(said_in.text("page.not_isolated"))}</p>'
    yield f"<h2>{text(said_in.text('page.distribution'))}</h2>"
    middle = median_and_mean(submissions)
    if middle is not None:
        median, mean = map(said_in.number, middle)
        of = said_in.number(out_of)
        said = said_in.text("page.summary", median=median, mean=mean, out_of=of)
        yield f"<p>{text(said)}</p>"
    yield page_markup.distribution(bars(submissions, out_of), said_in)
    yield (
        f'<p class="legend soft"><span class="decided"></span>{text(said_in.text("page.decided"))}'
        f'<span class="open"></span>{text(said_in.text("page.undecided"))}</p>'
    )


def _mistakes(found: Sequence[Mistake], of: int, said_in: Language) -> Iterator[str]:
    yield f"<h2>{text(said_in.text('page.mistakes'))}</h2>"
    if not found:
        yield f"<p>{text(said_in.text('page.no_mistakes'))}</p>"
        return
    keys = ("function", "part", "mistake", "count")
    header = "".join(f'<th scope="col">{text(said_in.text(f"page.{key}"))}</th>' for key in keys)
    yield f'<div class="wide"><table id="mistakes"><thead><tr>{header}</tr></thead><tbody>'
    for one in found[:_LISTED]:
        count = len(one.submissions)
        said = f"{one.function}, {one.part}: {plainly(one.sentence)}"
        only = text(said_in.text("page.only_mistake", mistake=said))
        who = " ".join(map(str, one.submissions))
        yield (
            f"<tr><td><code>{text(one.function)}</code></td><td><code>{text(one.part)}</code></td>"
            f'<td>{page_markup.sentence(one.sentence)}</td><td class="number">'
            f'<button type="button" class="filter" data-text="{only}" data-submissions="{who}">'
            f"{count} ({round(100 * count / of)} %)</button></td></tr>"
        )
    yield "</tbody></table></div>"


def _class(
    ordered: Sequence[Mapping[str, Any]],
    assignment: Mapping[str, Any],
    said_in: Language,
    anonymous: bool,
) -> Iterator[str]:
    """The table of all submissions, and what searches it."""
    said = said_in.text
    count = len(ordered)
    people = said("page.only_person", count=sum(map(needs_a_person, ordered)))
    yield f'<h2 id="class-heading">{text(said("page.class"))}</h2>'
    yield (
        f'<div class="controls"><label>{text(said("page.search"))} <input type="search" '
        f'id="search" placeholder="{text(said("page.search_hint"))}"></label>'
        f'<label><input type="checkbox" id="only-person"> {text(people)}</label>'
        f'<span id="shown" role="status" class="soft" '
        f'data-text="{text(said("page.shown", shown="{shown}", count=count))}"></span></div>'
    )
    yield (
        '<p class="controls" id="mistake-shown" hidden><span></span>'
        f'<button type="button" class="filter">{text(said("page.show_all"))}</button></p>'
    )
    of_function = functions(assignment["parts"])
    headers = [(said("table.name"), False)]
    headers += [] if anonymous else [(said("table.key"), False)]
    headers += [(said("table.points"), True), (said("table.status"), False)]
    headers += [(said("table.late"), False)]
    headers += [(name, True) for name, _ in of_function]
    columns = "".join(
        f'<th scope="col" class="{"number" if numeric else "words"}" aria-sort="none">'
        f'<button type="button">{text(header).replace("_", "_<wbr>")}</button></th>'
        for header, numeric in headers
    )
    yield f'<div class="wide"><table id="class"><thead><tr>{columns}</tr></thead>'
    for index, submission in enumerate(ordered):
        names = [name for name, _ in of_function]
        yield from _submission(index, submission, names, said_in, anonymous)
    yield "</table></div>"


def _submission(
    index: int,
    submission: Mapping[str, Any],
    names: Sequence[str],
    said_in: Language,
    anonymous: bool,
) -> Iterator[str]:
    """Two rows: what is in the columns, and what unfolds below."""
    key, status, late = submission["key"], submission["status"], submission["late"]
    shown = said_in.text("page.submission", number=key) if anonymous else submission["name"] or key
    person = " data-person" if needs_a_person(submission) else ""
    lateness = "" if late is None else said_in.text("table.yes" if late else "table.no")
    cells = [] if anonymous else [f"<td>{text(key)}</td>"]
    cells.append(page_markup.points(submission, said_in))
    cells.append(f'<td class="{status}">{text(said_in.text(f"statuses.{status}"))}</td>')
    cells.append(f"<td>{text(lateness)}</td>")
    own = dict(functions(submission["parts"]))
    cells += [page_markup.function_points(own.get(name, ()), said_in) for name in names]
    yield (
        f'<tbody data-index="{index}"{person}><tr class="main"><th scope="row">'
        f'<button type="button" aria-expanded="false" aria-controls="s{index}">{text(shown)}'
        f"</button></th>{''.join(cells)}</tr>"
    )
    span = len(cells) + 1
    yield f'<tr class="detail-row" id="s{index}" hidden><td colspan="{span}"><div class="detail">'
    yield page_markup.detail(submission, said_in)
    yield "</div></td></tr></tbody>"
