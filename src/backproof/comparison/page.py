"""A comparison as one HTML page that needs nothing else: no network, no server, no script.

Its security policy (CSP level 3, www.w3.org/TR/CSP3) lets nothing be loaded or run; so even text
that got past the escaping could do nothing.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import resources
from typing import Any, Final

from backproof.comparison import figures
from backproof.comparison.axes import short
from backproof.comparison.compared import Compared
from backproof.comparison.figures import named, scrolled
from backproof.comparison.own import Own, Run
from backproof.comparison.pairs import Pair
from backproof.comparison.plots import mark, text

# The class that gives a verdict its colour, and the sign beside it.
_SHOWN: Final = {
    "bitwise equal": ("right", "="),
    "rounding": ("right", "≈"),
    "lower precision": ("wrong", "↓"),
    "systematic": ("wrong", "✗"),
    "diverged": ("wrong", "∞"),
    "inconclusive": ("open", "?"),
}
_PARTS: Final = (
    ("pairs", "Pairs"),
    ("losses", "Losses"),
    ("residuals", "Recorded steps"),
    ("time", "Time"),
    ("settings", "Settings"),
)


def page(told: Compared) -> str:
    """The page: the verdicts, why, what each pair could have shown, the plots, the settings."""
    contents = (
        _pairs(told),
        figures.losses(told),
        _residuals(told),
        _times(told),
        _settings(told),
    )
    parts = [(*part, content) for part, content in zip(_PARTS, contents, strict=True)]
    return document(_title(told), "Runs compared", _head(told), parts)


def document(
    title: str, heading: str, head: Iterable[str], parts: Sequence[tuple[str, str, Iterable[str]]]
) -> str:
    """A page of parts, each with its identifier, its title and its content; all of them HTML."""
    style = resources.files("backproof.comparison").joinpath("page.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    links = " · ".join(f'<a href="#{key}">{words}</a>' for key, words, _ in parts)
    sections = []
    for key, words, content in parts:
        sections += [f'<section id="{key}"><h2>{words}</h2>', *content, "</section>"]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
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
            "<main>",
            f"<h1>{heading}</h1>",
            *head,
            f'<nav aria-label="parts of this page">{links}</nav>',
            *sections,
            "</main>",
            "</body>",
            "</html>\n",
        ]
    )


def _title(told: Compared) -> str:
    names = [run.name for run in told.runs]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return text(f"Runs compared: {', '.join(names[:3])}{more}")


def _head(told: Compared) -> Iterator[str]:
    """How many there are of each verdict, and the matrix of them."""
    counted = Counter(pair.verdict for pair in told.pairs.values())
    listed = ", ".join(f"{counted[one]} {one}" for one in _SHOWN if counted[one])  # type: ignore[index]
    pairs = "pair" if len(told.pairs) == 1 else "pairs"
    yield f"<p>{len(told.runs)} runs, {len(told.pairs)} {pairs}: {listed}.</p>"
    columns = "".join(f'<th scope="col">{mark(i)} {named(run)}</th>' for i, run in _placed(told))
    rows = []
    for i, run in _placed(told):
        cells = "".join(_cell(told, i, j) for j, _ in _placed(told))
        rows.append(f'<tr><th scope="row">{mark(i)} {named(run)}</th>{cells}</tr>')
    table = (
        f'<table id="matrix"><thead><tr><td></td>{columns}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
    yield scrolled(table, "verdicts on the pairs")


def _placed(told: Compared) -> list[tuple[int, Run]]:
    return list(enumerate(told.runs))


def _cell(told: Compared, i: int, j: int) -> str:
    if i == j:
        return '<td class="same"></td>'
    one, other = min(i, j), max(i, j)
    return f'<td><a href="#pair-{one}-{other}">{_verdict(told.pairs[one, other])}</a></td>'


def _verdict(pair: Pair) -> str:
    kind, sign = _SHOWN[pair.verdict]
    return f'<span class="{kind}"><span aria-hidden="true">{sign}</span> {pair.verdict}</span>'


def _pairs(told: Compared) -> Iterator[str]:
    yield '<div class="beside">'
    for (i, j), pair in told.pairs.items():
        names = " and ".join(f"{mark(at)} {named(told.runs[at])}" for at in (i, j))
        words = "".join(f"<li>{text(one)}</li>" for one in pair.words)
        yield f'<article id="pair-{i}-{j}" tabindex="-1"><h3>{names}: {_verdict(pair)}</h3>'
        yield f'<ul class="why">{words}</ul>'
        yield _floors(pair)
        yield figures.drift(told, (i, j), pair)
        yield "</article>"
    yield "</div>"


def _floors(pair: Pair) -> str:
    """What size of fault the records could have shown."""
    gradients, decays = (
        ", ".join(
            f"<code>{before}{text(name)}</code> {short(floor) if math.isfinite(floor) else 'none'}"
            for name, floor in floors.items()
        )
        for before, floors in (("d", pair.floors), ("", pair.decay_floors))
    )
    return (
        f"<p>Smallest fault that would have shown, as a share of the gradient: {gradients}; as "
        f"the strength of a decay: {decays}.</p>"
    )


def _residuals(told: Compared) -> Iterator[str]:
    yield (
        "<p>Each recorded step was taken again in float64 from its own beginning. A residual is "
        "how far the run ended from there, in units of how far rounding can move it.</p>"
    )
    yield from figures.residuals(told)


def _times(told: Compared) -> Iterator[str]:
    yield (
        "<p>As the records say: from the first step on, less what recording took; the mean of all "
        "steps.</p>"
    )
    yield from figures.times(told)


# --- settings -------------------------------------------------------------------------------------


def _settings(told: Compared) -> Iterator[str]:
    """What each run says of itself; a row in which they differ is marked."""
    yield '<p>Rows in which the runs differ are marked <span class="differs">≠</span>.</p>'
    columns = "".join(f'<th scope="col">{mark(i)} {named(run)}</th>' for i, run in _placed(told))
    rows = []
    for label, values in _rows(told):
        differ = len(set(values)) > 1 and label not in ("record", "made")
        sign = '<span class="differs" title="differs">≠</span> ' if differ else ""
        cells = "".join(f"<td>{text(one)}</td>" for one in values)
        rows.append(f'<tr><th scope="row">{sign}{text(label)}</th>{cells}</tr>')
    yield scrolled(
        f'<table id="of-runs"><thead><tr><td></td>{columns}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>",
        "settings of the runs",
    )


_Shown = Callable[[Run, Own, Mapping[str, Any]], object]
_ROWS: Final[Mapping[str, _Shown]] = {
    "record": lambda run, _own, _told: run.folder,
    "made": lambda _run, _own, told: told.get("created", ""),
    "status": lambda _run, _own, told: ": ".join(
        str(one) for one in (told.get("status"), told.get("reason")) if one
    ),
    "model": lambda run, _own, _told: run.rule.model.name,
    "activation": lambda run, _own, _told: (
        run.rule.activation if run.rule.model.has_activation else "none"
    ),
    "sizes": lambda _run, _own, told: _listed(told.get("sizes")),
    "parameters": lambda run, _own, _told: run.rule.precision,
    "matrix products": lambda _run, _own, told: told.get("products", ""),
    "learning rate": lambda run, _own, told: f"{told.get('learning_rate', run.rule.rate):.9g}",
    "examples in a step": lambda run, _own, _told: f"{figures.examples(run):,}",
    "seeds": lambda _run, _own, told: _listed(told.get("seeds")),
    "steps": lambda run, _own, _told: f"{len(run.losses):,}",
    "of them replayed": lambda _run, own, _told: f"{own.steps:,}",
    "backend": lambda _run, _own, told: told.get("backend", ""),
    "device": lambda _run, _own, told: told.get("device", ""),
}
_MACHINE: Final = {
    "system": "system",
    "machine": "machine",
    "processor": "processor",
    "processors": "processors",
    "python": "Python",
}


def _rows(told: Compared) -> Iterator[tuple[str, list[str]]]:
    both = list(zip(told.runs, told.owns, strict=True))
    for label, shown in _ROWS.items():
        yield label, [str(shown(run, own, run.description)) for run, own in both]
    environments = [_mapping(run.description.get("environment")) for run in told.runs]
    for key, label in _MACHINE.items():
        yield label, [str(one.get(key, "")) for one in environments]
    versions = [_mapping(one.get("versions")) for one in environments]
    for name in _keys(versions):
        yield name, [str(one.get(name, "not loaded")) for one in versions]
    flags = [_mapping(one.get("flags")) for one in environments]
    for name in _keys(flags):
        values = [str(one.get(name, "not set")) for one in flags]
        # Those that are the same everywhere explain nothing, and there are many.
        if len(set(values)) > 1:
            yield name, values


def _keys(some: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for one in some for name in one))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: object) -> str:
    return ", ".join(f"{name} {one}" for name, one in _mapping(value).items()) or "none"
