"""One run as an HTML page that needs nothing else: its curves, and how classes were told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backproof.comparison.axes import even, is_wide, logarithmic, short, steps
from backproof.comparison.figures import duration, scrolled
from backproof.comparison.page import document
from backproof.comparison.plots import Line, plot, text
from backproof.runs.reader import Run

_SMALL = 420  # pixels, of plots that stand beside one another


def page_of_run(run: Run) -> str:
    """The page of a record: curves, the classes of what was held out, the settings.

    A record of another loop has a loss for each step, and of the rest what it kept.
    """
    parts = [("curves", "Curves", _curves(run))]
    counts, classes = run.curves.get("confusion"), run.description.get("classes", ())
    if counts is not None and counts.sum():
        parts.append(("classes", "Classes held out", confusion(counts, classes, "examples")))
    parts.append(("settings", "Settings", _settings(run)))
    name = text(run.folder.absolute().name)
    return document(f"Run {name}", f"Run <bdi>{name}</bdi>", _head(run), parts)


def _head(run: Run) -> Iterator[str]:
    told, losses = run.description, run.losses
    accuracy = run.curves.get("accuracy", np.empty(0))
    of = "the last loss" if told["batch_size"] is None else "the loss of the last batch"
    ended = f", {of} {short(float(losses[-1]), 6)}" if len(losses) else ""
    held = ""
    if len(accuracy) and np.isfinite(accuracy[-1]):
        held = f", {accuracy[-1]:.1%} of what was held out right"
    yield f"<p>{text(told['model'])}, {len(losses):,} steps{ended}{held}.</p>"
    if told["status"] != "complete":
        reason = f": {told['reason']}" if told["reason"] else ""
        yield f'<p class="wrong">{text(told["status"] + reason)}</p>'


def _curves(run: Run) -> Iterator[str]:
    count, curves = len(run.losses), run.curves
    if not count:
        yield "<p>No loss was recorded.</p>"
        return
    number = np.arange(count, dtype=np.float64)
    last = max(count - 1, *curves.get("evaluated", (0,)))
    yield '<div class="beside">'
    yield _figure("Loss of training", "loss", last, number, run.losses)
    norms = curves.get("gradient_norms")
    if norms is not None and len(norms):
        yield _figure("Norm of the gradient", "norm", last, number[: len(norms)], norms)
    accuracy = curves.get("accuracy")
    if accuracy is not None and np.isfinite(accuracy).any():
        at = curves["evaluated"].astype(np.float64)
        yield _figure("Accuracy on what is held out", "accuracy", last, at, accuracy)
    yield "</div>"


def _figure(title: str, name: str, last: int, x: np.ndarray, y: np.ndarray) -> str:
    ends = f"from {short(float(y[0]), 4)} to {short(float(y[-1]), 4)}"
    said = f"{title} by step, {ends}"
    drawn = curves_plot(said, name, last, [Line(name, x, y, (0,))], _SMALL)
    caption = f"<figcaption>{text(title)}: {text(ends)}</figcaption>"
    return f"<figure>{caption}{drawn}</figure>"


def curves_plot(said: str, name: str, last: int, lines: Sequence[Line], width: int) -> str:
    """Curves by step up to the last, on a logarithmic axis where their numbers are far apart."""
    every = np.concatenate([line.y for line in lines])
    finite = every[np.isfinite(every)]
    y = logarithmic(f"{name} (logarithmic)", finite) if is_wide(finite) else even(name, finite)
    drawn = plot(said, steps(int(last), logarithm=False), y, lines, width=width)
    return scrolled(drawn, f"plot of the {name}")


def confusion(counts: np.ndarray, classes: Sequence[str], of: str) -> Iterator[str]:
    """How many `of` each class (row) are taken for each (column), as a table."""
    right = float(np.trace(counts) / counts.sum())
    yield (
        f"<p>Each class (row) as it was taken (column): {right:.1%} of {counts.sum():,} {of} are "
        "right.</p>"
    )
    head = "".join(f'<th scope="col"><bdi>{text(name)}</bdi></th>' for name in classes)
    rows = "".join(
        f'<tr><th scope="row"><bdi>{text(name)}</bdi></th>'
        + "".join(_count(count, i == j) for j, count in enumerate(row))
        + "</tr>"
        for i, (name, row) in enumerate(zip(classes, counts.tolist(), strict=True))
    )
    table = f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>"
    yield scrolled(table, "how classes were taken")


def _count(count: int, is_right: bool) -> str:
    kind = " right" if is_right else " wrong" if count else ""
    return f'<td class="number{kind}">{count:,}</td>'


def _settings(run: Run) -> Iterator[str]:
    rows = "".join(
        f'<tr><th scope="row">{text(name)}</th><td>{text(value)}</td></tr>'
        for name, value in _rows(run)
    )
    yield scrolled(f'<table id="of-runs"><tbody>{rows}</tbody></table>', "settings of the run")


def _rows(run: Run) -> Iterator[tuple[str, object]]:
    told = run.description
    seconds: Mapping[str, Any] = told["seconds"]
    yield "record", run.folder
    yield "made", told["created"]
    yield "data", told["data"]["path"] or "in the record"
    yield "model", told["model"]
    if run.model.has_activation:
        yield "activation", told["activation"]
    yield "sizes", ", ".join(f"{axis} {size}" for axis, size in told["sizes"].items())
    if "held_out" in told:
        yield "examples held out", told["held_out"]
    yield "parameters", told["dtype"] or "none"
    yield "matrix products", told["products"]
    yield "learning rate", f"{told['learning_rate']:.9g}"
    yield "examples in a step", told["batch_size"] or "all"
    yield "seeds", ", ".join(f"{name} {seed}" for name, seed in told["seeds"].items()) or "none"
    yield "backend", told["backend"]
    yield "device", told["device"]
    if seconds["steps"] and len(run.losses):
        yield "time of a step", duration(seconds["steps"] / len(run.losses))
    if seconds["compile"]:
        yield "compiling", duration(seconds["compile"])
    versions = told["environment"]["versions"]
    yield "versions", ", ".join(f"{name} {version}" for name, version in versions.items())
