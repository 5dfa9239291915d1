"""What the page plots of a comparison: losses, residuals, time and drift."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from backproof.comparison.axes import even, is_wide, logarithmic, short, steps
from backproof.comparison.compared import Compared
from backproof.comparison.own import Own, Run
from backproof.comparison.pairs import OUTSIDE, Pair
from backproof.comparison.plots import Border, Line, hue, mark, plot, text
from backproof.verdict import RIGHT_BELOW, WRONG_ABOVE

_SMALL = 420  # pixels, of plots that stand beside one another


def legend(runs: Sequence[Run]) -> str:
    """Which colour and mark is whose."""
    entries = "".join(f"<li>{mark(i)} {named(run)}</li>" for i, run in enumerate(runs))
    return f'<ul class="legend">{entries}</ul>'


def named(run: Run) -> str:
    """The run's name in its own direction of writing."""
    return f"<bdi>{text(run.name)}</bdi>"


def scrolled(content: str, said: str) -> str:
    """Content that may be wider than the screen; a keyboard can scroll it too."""
    return f'<div class="wide" tabindex="0" role="region" aria-label="{text(said)}">{content}</div>'


# --- losses ---------------------------------------------------------------------------------------


def losses(told: Compared) -> Iterator[str]:
    """The losses of all runs, as a plot and in a table."""
    every = np.concatenate([run.losses for run in told.runs])
    if not every.size:
        yield "<p>No run recorded a loss.</p>"
        return
    finite = every[np.isfinite(every)]
    wide = is_wide(finite)
    x = steps(max(len(run.losses) for run in told.runs) - 1, logarithm=False)
    y = logarithmic("loss (logarithmic)", finite) if wide else even("loss", finite)
    lines = [
        Line(run.name, np.arange(len(run.losses), dtype=np.float64), run.losses, (i,))
        for i, run in enumerate(told.runs)
    ]
    names = ", ".join(run.name for run in told.runs)
    said = f"Losses by step of {names}; the table below has the first, the lowest and the last"
    yield legend(told.runs)
    yield scrolled(plot(said, x, y, lines), "plot of the losses")
    rows = [
        (
            f"{mark(i)} {named(run)}",
            _loss(run.losses[:1]),
            _lowest(run),
            _loss(run.losses[-1:]),
            "always" if own.diverged is None else f"up to step {own.diverged:,}",
        )
        for i, (run, own) in enumerate(zip(told.runs, told.owns, strict=True))
    ]
    yield numbers("Losses", ("run", "first", "lowest", "last", "finite"), rows)


def _loss(some: np.ndarray) -> str:
    return short(float(some[0]), 6) if some.size else "none"


def _lowest(run: Run) -> str:
    finite = np.flatnonzero(np.isfinite(run.losses))
    if not finite.size:
        return "none"
    at = int(finite[np.argmin(run.losses[finite])])
    return f"{short(float(run.losses[at]), 6)} at step {at:,}"


def numbers(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that unfolds; cells are HTML, and the first of a row names it."""
    head = "".join(f'<th scope="col">{text(one)}</th>' for one in header)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{one}</td>" for one in rest)}</tr>'
        for first, *rest in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return (
        f"<details><summary>{text(title)} in numbers</summary>"
        f"{scrolled(table, f'{title} in numbers')}</details>"
    )


# --- residuals ------------------------------------------------------------------------------------


def residuals(told: Compared) -> Iterator[str]:
    """For each parameter the residuals of the recorded steps of all runs, in error bounds."""
    parameters = list(told.runs[0].rule.model.parameters)
    last = max((number for own in told.owns for number in own.residuals), default=None)
    if last is None:
        yield "<p>No recorded step could be taken again.</p>"
        return
    borders = (
        Border(RIGHT_BELOW, f"{RIGHT_BELOW:g}: rounding below this"),
        Border(WRONG_ABOVE, f"{WRONG_ABOVE:g}: not rounding above this", beyond=True),
    )
    x = steps(last, logarithm=True)
    every = [one for own in told.owns for step in own.residuals.values() for one in step.values()]
    y = logarithmic("residual (error bounds)", every, [RIGHT_BELOW, WRONG_ABOVE])
    yield legend(told.runs)
    yield '<div class="beside">'
    for name in parameters:
        lines = [
            Line(run.name, *_series({n: one[name] for n, one in own.residuals.items()}), (i,))
            for i, (run, own) in enumerate(zip(told.runs, told.owns, strict=True))
        ]
        said = f"Residuals of {name} by step, in error bounds; the table below has the largest"
        drawn = plot(said, x, y, lines, borders, width=_SMALL, dots=True)
        caption = f"<figcaption><code>{text(name)}</code></figcaption>"
        yield f"<figure>{caption}{scrolled(drawn, f'plot of the residuals of {name}')}</figure>"
    yield "</div>"
    rows = [
        (f"{mark(i)} {named(run)}", *(short(own.margins[name]) for name in parameters), _shown(own))
        for i, (run, own) in enumerate(zip(told.runs, told.owns, strict=True))
    ]
    yield numbers("Largest residuals", ("run", *parameters, "what its own steps show"), rows)


def _series(values: Mapping[int, float]) -> tuple[np.ndarray, np.ndarray]:
    ordered = sorted(values)
    return np.array(ordered, np.float64), np.array([values[one] for one in ordered], np.float64)


def _shown(own: Own) -> str:
    faults = " or ".join(fault.words for fault in own.faults)
    said = [one for one in (faults, own.unexplained, own.near) if one]
    replayed = f"{own.steps:,} replayed steps"
    return text("; ".join(said) if said else f"nothing but rounding in {replayed}")


# --- drift ----------------------------------------------------------------------------------------


def drift(told: Compared, two: tuple[int, int], pair: Pair) -> str:
    """How far apart two runs are, against how far two right ones may be."""
    if not pair.drift:
        decided = pair.verdict not in ("rounding", "inconclusive")
        why = "the verdict stands without it" if decided else (
            "no step that both recorded could be sampled, or the order of the examples is not known"
        )  # fmt: skip
        return f'<p class="soft">How far the runs drift apart was not looked at: {why}.</p>'
    one, other = (told.runs[i].name for i in two)
    x_values, y_values = _series(pair.drift)
    borders = (
        Border(1.0, "1: as far apart as sampled right runs"),
        Border(OUTSIDE, f"{OUTSIDE:g}: not rounding above this", beyond=True),
    )
    largest = max(pair.drift, key=lambda number: _or_infinite(pair.drift[number]))
    said = (
        f"Drift of {one} and {other} by step: at the most {short(pair.drift[largest])} of the "
        f"envelope, at step {largest:,}"
    )
    y = logarithmic("distance (envelopes)", y_values, [1.0, OUTSIDE])
    line = Line(f"{one} and {other}", x_values, y_values, two)
    drawn = plot(said, steps(max(pair.drift), logarithm=True), y, [line], borders, width=_SMALL)
    return scrolled(drawn, f"plot of the drift of {one} and {other}")


def _or_infinite(number: float) -> float:
    return math.inf if math.isnan(number) else number


# --- time -----------------------------------------------------------------------------------------


def times(told: Compared) -> Iterator[str]:
    """What a step took in each run, as bars, where the records say."""
    took = {i: seconds for i, run in enumerate(told.runs) if (seconds := per_step(run)) is not None}
    if not took:
        yield "<p>The records do not say how long the steps took.</p>"
        return
    longest = max(took.values())
    titles = ("run", "time of a step", "", "examples a second", "compiling")
    head = "".join(f'<th scope="col">{one}</th>' if one else "<td></td>" for one in titles)
    yield '<div class="wide" tabindex="0" role="region" aria-label="time of a step"><table>'
    yield f"<thead><tr>{head}</tr></thead><tbody>"
    for i, run in enumerate(told.runs):
        name = f'<th scope="row">{mark(i)} {named(run)}</th>'
        compiling = _number(_of(run, "seconds").get("compile"))
        compiled = "" if compiling is None else duration(compiling)
        if i not in took:
            yield f'<tr>{name}<td colspan="3">not recorded</td><td>{compiled}</td></tr>'
            continue
        rate = examples(run) / took[i]
        yield (
            f'<tr>{name}<td class="number">{duration(took[i])}</td><td>'
            f'{_bar(i, took[i] / longest)}</td><td class="number">{_large(rate)}</td>'
            f"<td>{compiled}</td></tr>"
        )
    yield "</tbody></table></div>"


def _bar(run: int, share: float) -> str:
    return (
        '<svg class="bar" viewBox="0 0 200 12" width="200" height="12" aria-hidden="true">'
        f'<rect class="{hue(run)}" width="{max(200 * share, 1):.1f}" height="12"/></svg>'
    )


def per_step(run: Run) -> float | None:
    """Seconds, if they are known."""
    seconds = _number(_of(run, "seconds").get("steps"))
    mean = seconds / len(run.losses) if seconds and len(run.losses) else 0.0
    return mean or None


def examples(run: Run) -> int:
    """How many a step sees."""
    size = run.description.get("batch_size")
    return size if isinstance(size, int) else run.x.shape[1]


def _of(run: Run, key: str) -> Mapping[str, object]:
    found = run.description.get(key)
    return found if isinstance(found, Mapping) else {}


def _number(value: object) -> float | None:
    is_one = isinstance(value, int | float) and math.isfinite(value) and value >= 0
    return float(value) if is_one else None  # type: ignore[arg-type]


def duration(seconds: float) -> str:
    """With the unit that fits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{_large(seconds / size)} {unit}"
    return f"{short(seconds / 1e-9, 3)} ns"


def _large(number: float) -> str:
    return f"{number:,.0f}" if 100 <= number < 1e15 else short(number, 3)
