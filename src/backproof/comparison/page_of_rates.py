"""Learning rates compared, as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.comparison.figures import scrolled
from backproof.comparison.page import document
from backproof.comparison.page_of_run import confusion, curves_plot
from backproof.comparison.plots import Line, mark, text
from backproof.comparison.rates import Rates
from backproof.comparison.rates_told import conclusion, notes, spent, table, task

_WIDE = 640  # pixels


def page_of_rates(told: Rates) -> str:
    """The page: the table, the mean learning curve of each rate, the classes of the best one."""
    parts = [("rates", "Learning rates", _table(told)), ("curves", "Curves", _curves(told))]
    if told.best is not None and told.confusion.sum():
        rate = f"{told.rates[told.best].rate:g}"
        of = f"examples of all seeds and folds of learning rate {rate}"
        parts.append(("classes", "Classes held out", confusion(told.confusion, told.classes, of)))
    return document("Learning rates compared", "Learning rates compared", _head(told), parts)


def _head(told: Rates) -> Iterator[str]:
    yield f'<p>{text(task(told))}. <span class="soft">{text(spent(told))}.</span></p>'
    for line in conclusion(told):
        yield f"<p>{text(line.strip())}</p>"


def _table(told: Rates) -> Iterator[str]:
    header, rows = table(told)
    head = "".join(f'<th scope="col">{text(name)}</th>' for name in header)
    body = "".join(
        f'<tr><th scope="row">{mark(at)} {text(first)}</th>'
        + "".join(f'<td class="number">{text(cell)}</td>' for cell in rest)
        + "</tr>"
        for at, (first, *rest) in enumerate(rows)
    )
    yield scrolled(
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>", "learning rates"
    )
    for note in notes(told):
        yield f'<p class="soft">{text(note)}</p>'


def _curves(told: Rates) -> Iterator[str]:
    yield "<p>The loss of training, the mean over all seeds and folds of a learning rate.</p>"
    names = "".join(f"<li>{mark(at)} {one.rate:g}</li>" for at, one in enumerate(told.rates))
    yield f'<ul class="legend">{names}</ul>'
    number = np.arange(told.tried.steps, dtype=np.float64)
    lines = [
        Line(f"learning rate {one.rate:g}", number, one.curve, (at,))
        for at, one in enumerate(told.rates)
    ]
    said = "Mean loss of training by step of each learning rate; the table has the last ones"
    yield curves_plot(said, "loss", told.tried.steps - 1, lines, _WIDE)
