"""What is said of learning rates that were compared, as text and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from backproof import published
from backproof.comparison.axes import short
from backproof.comparison.rates import Rate, Rates
from backproof.notation import MODELS
from backproof.runs.summary import CLASSES, confusion

VERSION = 1


def exit_status(told: Rates) -> int:
    """0 where there is a best rate; 1 where runs of every rate diverged."""
    return 1 if told.best is None else 0


def as_text(told: Rates) -> str:
    """For people."""
    header, rows = table(told)
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [task(told), f"  {spent(told)}"]
    lines += [
        "  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        for row in (header, *rows)
    ]
    lines += [f"  {note}" for note in notes(told)]
    if told.best is not None and told.confusion.sum() and len(told.classes) <= CLASSES:
        judged = f"of learning rate {told.rates[told.best].rate:g}, all seeds and folds"
        lines += confusion(told.confusion, told.classes, judged)
    lines += conclusion(told)
    return "\n".join(lines)


def task(told: Rates) -> str:
    """What was trained on what, in a line."""
    tried, model = told.tried, MODELS[told.tried.model]
    hidden = ""
    if model.hidden_axes:
        units = ",".join(map(str, tried.hidden))
        hidden = f", {tried.activation}, hidden {units}"
    held = "nothing held out" if tried.folds is None else f"{tried.folds} folds"
    return (
        f"{tried.model}{hidden}, {tried.dtype}, on {told.examples:,} examples of {tried.data}: "
        f"{held}, {_counted(tried.seeds, 'seed')}"
    )


def spent(told: Rates) -> str:
    """How much was done and how long it took."""
    tried = told.tried
    count = len(told.rates) * tried.runs
    return f"{count:,} runs of {tried.steps:,} steps at once, in {told.seconds:.3g} s"


def table(told: Rates) -> tuple[list[str], list[list[str]]]:
    """The header and a row for each rate; columns of what cannot be had are left out."""
    columns = {
        "learning rate": [f"{one.rate:g}" for one in told.rates],
        "training loss": [_number(one.training_loss) for one in told.rates],
    }
    if told.tried.folds is not None:
        columns["held-out loss"] = [_number(one.held_loss) for one in told.rates]
    if len(told.rates) > 1:
        columns["above the best"] = [_above(told, one) for one in told.rates]
    if told.classes and told.tried.folds is not None:
        columns["accuracy"] = [_accuracy(one) for one in told.rates]
    columns["diverged"] = [f"{one.diverged:,} of {told.tried.runs:,}" for one in told.rates]
    return list(columns), [list(row) for row in zip(*columns.values(), strict=True)]


def notes(told: Rates) -> Iterator[str]:
    """How the columns of the table are to be read."""
    tried = told.tried
    yield "losses are means over all runs that stayed finite, before the last step" + (
        "" if tried.folds is None else " and, held out, after it"
    )
    if len(told.rates) > 1 and any(math.isfinite(one.margin) for one in told.rates):
        paired, number = ("folds", tried.folds) if tried.folds else ("seeds", tried.seeds)
        wider = ", widened because folds share examples" if tried.folds else ""
        yield (
            f"above the best: the mean over {number} {paired} of the difference within each, "
            f"± 95 % for all rates together{wider}"
        )
    if told.classes and tried.folds:
        yield (
            f"accuracy: the mean over {tried.folds} folds, ± its standard error "
            "(deviation between folds, each the mean of its seeds, over √folds)"
        )


def conclusion(told: Rates) -> Iterator[str]:
    """Which rate is best, and which others may be as good."""
    if told.best is None:
        yield "none is best: runs of each learning rate came to inf or NaN; take smaller ones"
        return
    if len(told.rates) == 1:
        return
    yield f"lowest {told.judged_by}: learning rate {told.rates[told.best].rate:g}"
    others = [one for at, one in enumerate(told.rates) if at != told.best]
    lost = [one for one in others if one.diverged]
    left = [one for one in others if not one.diverged]
    unsure = [one for one in left if not math.isfinite(one.margin)]
    if unsure:
        what = "seeds" if told.tried.folds is None else "folds"
        yield f"  whether it is better than {_listed(unsure)} takes 5 {what} at least to say"
    else:
        alike = [one for one in left if not one.is_worse]
        worse = [one for one in left if one.is_worse]
        if alike:
            yield f"  not shown to be worse: {_listed(alike)}"
        if worse:
            yield f"  worse, by more than chance explains: {_listed(worse)}"
    if lost:
        yield f"  left out, because runs diverged: {_listed(lost)}"


def _listed(some: list[Rate]) -> str:
    return ", ".join(f"{one.rate:g}" for one in some)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _number(value: float) -> str:
    return short(value, 4) if math.isfinite(value) else "none"


def _above(told: Rates, one: Rate) -> str:
    if told.best is not None and one is told.rates[told.best]:
        return "the best"
    if not math.isfinite(one.above):
        return "none"
    margin = f" ± {short(one.margin)}" if math.isfinite(one.margin) else ""
    return f"{short(one.above)}{margin}"


def _accuracy(one: Rate) -> str:
    if not math.isfinite(one.accuracy):
        return "none"
    return f"{one.accuracy:.3f} ± {one.accuracy_error:.3f}"


def as_json(told: Rates) -> str:
    """For programs; `rates.schema.json` beside this module describes it."""
    tried = told.tried
    content: dict[str, Any] = {
        "version": VERSION,
        "model": tried.model,
        "data": tried.data,
        "examples": told.examples,
        "classes": list(told.classes),
        "activation": tried.activation if MODELS[tried.model].hidden_axes else None,
        "hidden": list(tried.hidden) if MODELS[tried.model].hidden_axes else [],
        "precision": tried.dtype,
        "scale": tried.scale,
        "steps": tried.steps,
        "standardised": tried.standardise,
        "seeds": tried.seeds,
        "folds": tried.folds,
        "judged_by": told.judged_by,
        "best": None if told.best is None else told.rates[told.best].rate,
        "rates": [_rate(told, one) for one in told.rates],
        "confusion": told.confusion.tolist() if told.best is not None and tried.folds else [],
        "seconds": told.seconds,
    }
    return json.dumps(content, indent=2, allow_nan=False)


def _rate(told: Rates, one: Rate) -> dict[str, Any]:
    return {
        "learning_rate": one.rate,
        "runs": told.tried.runs,
        "diverged": one.diverged,
        "training_loss": published.finite(one.training_loss),
        "held_out_loss": published.finite(one.held_loss),
        "accuracy": published.finite(one.accuracy),
        "accuracy_error": published.finite(one.accuracy_error),
        "above_best": published.finite(one.above),
        "margin": published.finite(one.margin),
    }


def schema() -> Mapping[str, Any]:
    """The published schema of `as_json`, version 1."""
    return published.schema("backproof.comparison", "rates.schema.json")
