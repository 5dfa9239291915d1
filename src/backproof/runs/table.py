"""Tables of examples, from wherever they come: features, and a label for each row.

CSV (RFC 4180, with commas, semicolons or tabs), NPZ, the ones that come with backproof, two that
are made, and scikit-learn's. What cannot be read is said with its line and column.
"""

from __future__ import annotations

import array
import csv
import importlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np

from backproof.reading.told import Unreadable, nearest
from backproof.runs import arrays

_MISSING: Final = frozenset({"", "?", "na", "n/a", "nan", "null"})
_SCIKIT: Final = ("breast_cancer", "diabetes", "digits", "iris", "wine")


@dataclass(frozen=True)
class Table:
    """Rows of finite features and their labels.

    Attributes:
        x: features (n, d), one example per row, float64.
        labels: (n,), float64 if all of them are numbers, else texts.
        features: the names of the columns of x; made up where they have none.
        whole: whether it is no sample but all there is, of which nothing can be held out.
    """

    x: np.ndarray
    labels: np.ndarray
    features: tuple[str, ...]
    whole: bool = False


def table(source: str, label: str | None = None, seed: int = 0) -> Table:
    """Read or make a table.

    Args:
        source: a path ending in .csv, .tsv, .txt or .npz; one of `NAMES`; or `sklearn:NAME`.
        label: of CSV: the name of the column with the labels; None for the last one.
        seed: of what is made.

    Raises:
        Unreadable: naming the file, and the line and column where there is one.
    """
    if label is not None and (source in NAMES or not source.endswith((".csv", ".tsv", ".txt"))):
        raise Unreadable(f"--label {label}: only CSV has columns with names, not {source}")
    if source in NAMES:
        return NAMES[source](seed)
    if source.startswith("sklearn:"):
        return _of_scikit(source.removeprefix("sklearn:"))
    if source.endswith(".npz"):
        return _of_npz(Path(source))
    if source.endswith((".csv", ".tsv", ".txt")):
        try:
            text = Path(source).read_text("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Unreadable(f"{source} is not UTF-8 text: {error.reason}") from None
        except OSError as error:
            raise Unreadable(f"{source} cannot be read: {error.strerror or error}") from None
        return parsed(text, source, label)
    expected = f"a .csv or .npz file, sklearn:NAME, or one of {', '.join(NAMES)}"
    raise Unreadable(f"--data {source}: {nearest(source, tuple(NAMES), (expected,))}")


def parsed(text: str, name: str, label: str | None = None) -> Table:
    """The table in a CSV text; the first line is a header if a feature in it is no number."""
    rows = _rows(text, name)
    first_line, first = next(rows, (0, []))
    if len(first) < 2:
        raise Unreadable(f"{name}: {len(first)} columns; expected features and a label")
    place = _place(first, label, name)
    headed = any(not _is_number(cell) for at, cell in enumerate(first) if at != place)
    if label is not None and not headed:
        raise Unreadable(f"{name}: --label {label}, but its first line is no header")
    names = first if headed else [str(at + 1) for at in range(len(first))]
    numbers, labels, lines = array.array("d"), list[str](), list[int]()
    for line, cells in rows if headed else _again(first_line, first, rows):
        if len(cells) != len(first):
            came = f"{len(cells)} columns; expected {len(first)}, as in line {first_line}"
            raise Unreadable(f"{name}, line {line}: {came}")
        told = cells.pop(place).strip()
        try:
            numbers.extend(map(float, cells))
        except ValueError:
            at = next(at for at, cell in enumerate(cells) if not _is_float(cell))
            raise Unreadable(_amiss(name, line, _but(names, place)[at], cells[at])) from None
        if told.lower() in _MISSING:
            raise Unreadable(_amiss(name, line, names[place], told))
        labels.append(told)
        lines.append(line)
    if not labels:
        raise Unreadable(f"{name}: a header, and no rows below it")
    x = np.frombuffer(numbers, np.float64).reshape(len(labels), len(first) - 1)
    features = _but(names, place)
    for row, column in np.argwhere(~np.isfinite(x))[:1]:
        raise Unreadable(_amiss(name, lines[row], features[column], str(x[row, column])))
    return Table(x, _labels(labels), tuple(features))


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        raise Unreadable(f"{name}, line {reader.line_num}: {error}") from None


def _again(
    line: int, first: list[str], rows: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, list[str]]]:
    yield line, list(first)
    yield from rows


def _place(first: list[str], label: str | None, name: str) -> int:
    if label is None:
        return len(first) - 1
    names = [cell.strip() for cell in first]
    if label not in names:
        raise Unreadable(f"{name}: no column {label!r}; {nearest(label, names)}")
    return names.index(label)


def _but(names: list[str], place: int) -> list[str]:
    return [name.strip() for at, name in enumerate(names) if at != place]


def _is_number(cell: str) -> bool:
    return cell.strip().lower() in _MISSING or _is_float(cell)


def _is_float(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _amiss(name: str, line: int, column: str, cell: str) -> str:
    where = f"{name}, line {line}, column {column!r}"
    if cell.strip().lower() in _MISSING:
        return f"{where}: a missing value ({cell!r}); fill it in, or leave the line out"
    if _is_float(cell):
        return f"{where}: {cell}; expected a finite number"
    return f"{where}: {cell[:50]!r} is not a number; write categories as numbers, 0 or 1 for each"


def _labels(labels: list[str]) -> np.ndarray:
    try:
        numbers = np.array([float(told) for told in labels])
    except ValueError:
        return np.array(labels)
    return numbers if np.isfinite(numbers).all() else np.array(labels)


def _of_npz(path: Path) -> Table:
    found = {name.lower(): value for name, value in arrays.read_any(path).items()}
    if not {"x", "y"} <= set(found):
        raise Unreadable(f"{path} holds {', '.join(found) or 'nothing'}; expected x and y")
    x, y = found["x"], found["y"]
    for name, value in (("x", x), ("y", y)):
        if value.dtype.kind not in ("biuf" if name == "x" else "biufU"):
            raise Unreadable(f"{path}: {name} is {value.dtype}; expected numbers")
    if x.ndim == y.ndim == 2 and y.shape[0] > 1 and y.shape[1] == x.shape[1]:
        if not ((y == 0) | (y == 1)).all() or not (y.sum(axis=0) == 1).all():
            raise Unreadable(f"{path}: y is {list(y.shape)} and not one-hot; expected class labels")
        x, y = x.T, y.argmax(axis=0)
    elif x.ndim == y.ndim == 2 and y.shape == (1, x.shape[1]):
        x, y = x.T, y[0]
    elif y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if x.ndim != 2 or y.ndim != 1 or len(x) != len(y) or not x.size:
        expected = "x (n, d) with y (n,), or x (d, n) with y (1, n) or one-hot (k, n)"
        came = f"x {list(found['x'].shape)}, y {list(found['y'].shape)}"
        raise Unreadable(f"{path}: {came}; expected {expected}")
    return _of_arrays(x, y, str(path))


def _of_arrays(x: np.ndarray, y: np.ndarray, name: str) -> Table:
    x = np.ascontiguousarray(x, np.float64)
    for row, column in np.argwhere(~np.isfinite(x))[:1]:
        where = f"{name}, row {row}, column {column} of x"
        raise Unreadable(f"{where}: {x[row, column]}; expected a finite number")
    labels = y if y.dtype.kind == "U" else y.astype(np.float64)
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        row = int(np.flatnonzero(~np.isfinite(labels))[0])
        raise Unreadable(f"{name}, row {row} of y: {labels[row]}; expected a label")
    return Table(x, labels, tuple(str(at + 1) for at in range(x.shape[1])))


def _of_scikit(name: str) -> Table:
    if name not in _SCIKIT:
        raise Unreadable(f"--data sklearn:{name}: {nearest(name, _SCIKIT)}")
    try:
        datasets: Any = importlib.import_module("sklearn.datasets")
    except ImportError:
        advice = "pip install scikit-learn, or take one that comes with backproof"
        raise Unreadable(f"--data sklearn:{name}: scikit-learn is not here; {advice}") from None
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return _of_arrays(np.asarray(x), np.asarray(y), f"sklearn:{name}")


def _shipped(name: str) -> Table:
    file = resources.files("backproof.runs").joinpath("tables", f"{name}.csv")
    return parsed(file.read_text("utf-8"), name)


def _xor(_: int) -> Table:
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return Table(x, np.array([0.0, 1.0, 1.0, 0.0]), ("1", "2"), whole=True)


def _moons(seed: int) -> Table:
    """Two interleaved half circles of 200 points each, moved by normal noise of deviation 0.2."""
    rng, angle = np.random.default_rng(seed), np.linspace(0.0, np.pi, 200)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    points = np.vstack([upper, [1.0, 0.5] - upper]) + 0.2 * rng.standard_normal((400, 2))
    # Libraries differ in the last bit of a cosine; three decimals are the same everywhere.
    return Table(np.round(points, 3), np.repeat([0.0, 1.0], 200), ("1", "2"))


NAMES: Final[Mapping[str, Callable[[int], Table]]] = {
    "xor": _xor,
    "moons": _moons,
    "iris": lambda _: _shipped("iris"),
    "breast_cancer": lambda _: _shipped("breast_cancer"),
}
