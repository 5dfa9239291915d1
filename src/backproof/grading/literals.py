"""Numbers from JSON as Python that a person can paste: `X = np.array([[1.0, 2.0]])`."""

from __future__ import annotations

import math
from typing import Any, Final

_INDENT: Final = 4


def assignment(name: str, value: Any) -> str:
    """Lines of Python that give `value` the name `name`.

    Nested lists of numbers become arrays, a row on each line; None in them is what JSON has no
    number for, and becomes `np.nan`. Other lists and objects become lists and dictionaries, an
    entry on each line.
    """
    start = f"{name} = "
    return start + _literal(value, column=len(start), margin=0)


def _literal(value: Any, column: int, margin: int) -> str:
    """`value` as it is written from `column` on, in a block indented by `margin`."""
    if isinstance(value, list) and _shape(value) is not None:
        return f"np.array({_rows(value, column + len('np.array('))})"
    if isinstance(value, list):
        return _block("[", [("", one) for one in value], "]", margin)
    if isinstance(value, dict):
        return _block("{", [(f"{key!a}: ", one) for key, one in value.items()], "}", margin)
    return _scalar(value)


def _block(opening: str, entries: list[tuple[str, Any]], closing: str, margin: int) -> str:
    inner = margin + _INDENT
    lines = [
        f"{' ' * inner}{start}{_literal(value, inner + len(start), inner)},\n"
        for start, value in entries
    ]
    return f"{opening}\n{''.join(lines)}{' ' * margin}{closing}"


def _rows(value: Any, column: int) -> str:
    """Nested lists with a line for each of the innermost."""
    if not isinstance(value, list):
        return _scalar(value)
    innermost = not value or not isinstance(value[0], list)
    between = ", " if innermost else ",\n" + " " * (column + 1)
    return f"[{between.join(_rows(one, column + 1) for one in value)}]"


def _scalar(value: Any) -> str:
    if value is None:
        return "np.nan"
    if isinstance(value, float) and not math.isfinite(value):
        return "np.nan" if math.isnan(value) else ("np.inf" if value > 0 else "-np.inf")
    return ascii(value)


def _shape(value: Any) -> tuple[int, ...] | None:
    """The shape of nested lists of numbers; None if they have none."""
    if not isinstance(value, list):
        return () if value is None or isinstance(value, int | float) else None
    shapes = {_shape(one) for one in value}
    if len(shapes) > 1:
        return None
    (inner,) = shapes or {()}
    return None if inner is None else (len(value), *inner)
