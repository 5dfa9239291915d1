"""Plots as SVG that a page holds within itself (w3.org/TR/SVG2); their colours are the page's.

Every run has a hue and a shape of mark throughout. Curves that lie on one another are told apart by
their marks, which stand at different places, and by their widths: the later ones are thinner.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backproof.comparison.axes import Axis

HUES = 8
_MARKS = (
    "M1 0A1 1 0 1 1-1 0A1 1 0 1 1 1 0Z",
    "M-.9-.9H.9V.9H-.9Z",
    "M0-1.3L1.3 0 0 1.3-1.3 0Z",
    "M0-1.2L1.2.9H-1.2Z",
    "M0 1.2L1.2-.9H-1.2Z",
    "M-.4-1.2H.4V-.4H1.2V.4H.4V1.2H-.4V.4H-1.2V-.4H-.4Z",
    "M-1.1-1.1H1.1L-1.1 1.1H1.1Z",
    "M-.6-1.1L0-.6.6-1.1 1.1-.6.6 0 1.1.6.6 1.1 0 .6-.6 1.1-1.1.6-.6 0-1.1-.6Z",
)
_LEFT, _RIGHT, _TOP, _BOTTOM = 88, 16, 14, 48
_HALF_LETTER = 4  # pixels, of the labels of ticks
_FEW = 12  # points of a curve that are all marked
_MARKED = 4  # of a curve of more
_LINES, _DOTS = (4.5, 1.6), (5.0, 2.5)  # the widest and the narrowest


class Line(NamedTuple):
    """A curve; `runs` are the places of those that it is of. What is not finite leaves a gap."""

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    runs: tuple[int, ...]


class Border(NamedTuple):
    """A level with its words; with `beyond` all that is above it is shaded."""

    level: float
    words: str
    beyond: bool = False


def text(words: object) -> str:
    """Text on one line as HTML, fit for attributes too; what cannot be seen is shown as such."""
    seen = (one if one.isprintable() or one in "\u200c\u200d" else "\ufffd" for one in str(words))
    return html.escape("".join(seen))


def hue(run: int) -> str:
    """The class that gives a run's colour."""
    return f"h{run % HUES}"


def mark(run: int) -> str:
    """A run's mark, for legends and tables."""
    return (
        f'<svg class="key" viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true">'
        f'<path class="mark {hue(run)}" transform="scale(5)" d="{_shape(run)}"/></svg>'
    )


def _shape(run: int) -> str:
    return _MARKS[(run + run // HUES) % len(_MARKS)]


def plot(
    said: str,
    x: Axis,
    y: Axis,
    lines: Sequence[Line],
    borders: Sequence[Border] = (),
    width: int = 640,
    height: int = 300,
    *,
    dots: bool = False,
) -> str:
    """A drawing of lines, or of their points as `dots`. Sizes in pixels.

    `said` is for those who do not see it.
    """
    frame = _Frame(x, y, width, height)
    return "\n".join(
        [
            f'<svg class="plot" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-label="{text(said)}">',
            *_grid(frame),
            *(part for border in borders for part in _border(frame, border)),
            *(part for i in range(len(lines)) for part in _line(frame, lines, i, dots)),
            *(_words(frame, border) for border in borders),  # to be read over many dots
            "</svg>",
        ]
    )


class _Frame(NamedTuple):
    x: Axis
    y: Axis
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.width - _RIGHT

    @property
    def bottom(self) -> int:
        return self.height - _BOTTOM

    def across(self, share: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return np.asarray(_LEFT + share * (self.right - _LEFT))

    def down(self, share: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return np.asarray(self.bottom - share * (self.bottom - _TOP))


def _grid(frame: _Frame) -> Iterator[str]:
    for share, label in frame.y.ticks:
        at = frame.down(share)
        yield f'<line class="grid" x1="{_LEFT}" y1="{at:.1f}" x2="{frame.right}" y2="{at:.1f}"/>'
        yield f'<text class="end" x="{_LEFT - 6}" y="{at + 4:.1f}">{text(label)}</text>'
    for share, label in frame.x.ticks:
        at, below = frame.across(share), frame.bottom
        yield f'<line class="axis" x1="{at:.1f}" y1="{below}" x2="{at:.1f}" y2="{below + 5}"/>'
        # The last one may stand at the very end, where there is no room for all of it to its right.
        middle = min(float(at), frame.width - _HALF_LETTER * len(label))
        yield f'<text class="middle" x="{middle:.1f}" y="{below + 19}">{text(label)}</text>'
    yield (
        f'<line class="axis" x1="{_LEFT}" y1="{frame.bottom}" x2="{frame.right}" '
        f'y2="{frame.bottom}"/>'
    )
    middle = (_LEFT + frame.right) / 2
    yield f'<text class="middle" x="{middle}" y="{frame.height - 8}">{text(frame.x.name)}</text>'
    middle = (_TOP + frame.bottom) / 2
    yield (
        f'<text class="middle" transform="translate(14 {middle}) rotate(-90)">'
        f"{text(frame.y.name)}</text>"
    )


def _border(frame: _Frame, border: Border) -> Iterator[str]:
    at = _height(frame, border)
    if border.beyond:
        yield (
            f'<rect class="beyond" x="{_LEFT}" y="{_TOP}" width="{frame.right - _LEFT}" '
            f'height="{max(at - _TOP, 0.0):.1f}"/>'
        )
    yield f'<line class="border" x1="{_LEFT}" y1="{at:.1f}" x2="{frame.right}" y2="{at:.1f}"/>'


def _words(frame: _Frame, border: Border) -> str:
    at = _height(frame, border) - 4
    return f'<text class="end level" x="{frame.right}" y="{at:.1f}">{text(border.words)}</text>'


def _height(frame: _Frame, border: Border) -> float:
    return float(frame.down(float(frame.y.at(border.level))))


def _line(frame: _Frame, lines: Sequence[Line], place: int, dots: bool) -> Iterator[str]:
    line, count = lines[place], len(lines)
    kept = thinned(frame.x.at(line.x), line.y, frame.right - _LEFT)
    steps, y = line.x[kept], line.y[kept]
    across, down = frame.across(frame.x.at(steps)), frame.down(frame.y.at(y))
    finite = np.isfinite(y)
    drawn = _path(across, down, finite, dots)
    thickest, thinnest = _DOTS if dots else _LINES
    wide = thickest - (thickest - thinnest) * (place / (count - 1) if count > 1 else 1.0)
    title = f"<title>{text(line.name)}</title>"
    for part, run in enumerate(line.runs if drawn else ()):
        # The second of two runs is laid over the first in dashes.
        dashes = ' stroke-dasharray="9 9"' if part else ""
        yield (
            f'<path class="line {hue(run)}" stroke-width="{wide:.1f}"{dashes} d="{drawn}">'
            f"{title}</path>"
        )
    for i, at in enumerate(_marked(across, finite, place, count)):
        run = line.runs[i % len(line.runs)]
        yield _mark(across[at], down[at], run, line.name, steps[at], y[at])
    yield from _lost(line, steps, across, finite)


def _lost(
    line: Line, steps: NDArray[np.float64], across: NDArray[np.float64], finite: NDArray[np.bool_]
) -> Iterator[str]:
    """A cross at the top where a curve begins not to be finite, in a row for each run."""
    level = _TOP + 6 + 10 * (line.runs[0] % HUES)
    for at in np.flatnonzero(~finite & np.append(True, finite)[: finite.size]):
        words = f"{line.name}: not finite from step {steps[at]:,.0f} on"
        yield (
            f'<path class="lost {hue(line.runs[0])}" d="M{across[at] - 4:.1f} {level - 4}'
            f'l8 8m0-8l-8 8"><title>{text(words)}</title></path>'
        )


def _path(
    across: NDArray[np.float64],
    down: NDArray[np.float64],
    finite: NDArray[np.bool_],
    dots: bool,
) -> str:
    """The curve, or its points, as SVG's path data, interrupted where it is not finite."""
    parts, pen = [], "M"
    for at in range(len(across)):
        if finite[at]:
            point = f"{across[at]:.1f} {down[at]:.1f}"
            parts.append(f"M{point}h0" if dots else f"{pen}{point}")
        pen = "L" if finite[at] else "M"
    return "".join(parts)


def _marked(
    across: NDArray[np.float64], finite: NDArray[np.bool_], place: int, count: int
) -> list[int]:
    """Which points get a mark, each curve's at other places, and every one that stands alone."""
    there = np.flatnonzero(finite)
    if there.size <= _FEW:
        return there.tolist()
    alone = ~np.append(False, finite[:-1]) & ~np.append(finite[1:], False) & finite
    chosen = set(np.flatnonzero(alone)[:_FEW].tolist())
    ends = across[there[0]], across[there[-1]]
    for number in range(_MARKED):
        share = (number + (place + 0.5) / count) / _MARKED
        wanted = ends[0] + share * (ends[1] - ends[0])
        chosen.add(int(there[np.argmin(np.abs(across[there] - wanted))]))
    return sorted(chosen)


def _mark(x: float, y: float, run: int, name: str, step: float, value: float) -> str:
    words = f"{name}: {value:.4g} at step {step:,.0f}"
    return (
        f'<path class="mark {hue(run)}" transform="translate({x:.1f} {y:.1f}) scale(4)" '
        f'd="{_shape(run)}"><title>{text(words)}</title></path>'
    )


def thinned(
    across: NDArray[np.float64], y: NDArray[np.float64], columns: int
) -> NDArray[np.integer]:
    """Places of points that draw the same as all of them, a few for each of so many columns.

    The first, last, lowest and highest of a column, and the first that is not finite.
    """
    if len(y) <= 5 * columns:
        return np.arange(len(y))
    column = np.floor(across * columns)
    starts = np.flatnonzero(np.diff(column, prepend=-1.0))
    kept: set[int] = set()
    for start, end in zip(starts, [*starts[1:], len(y)], strict=True):
        part = y[start:end]
        finite = np.isfinite(part)
        kept |= {int(start), int(end) - 1}
        if not finite.all():
            kept.add(int(start + np.argmin(finite)))
        if finite.any():
            kept.add(int(start + np.argmin(np.where(finite, part, np.inf))))
            kept.add(int(start + np.argmax(np.where(finite, part, -np.inf))))
    return np.array(sorted(kept))
