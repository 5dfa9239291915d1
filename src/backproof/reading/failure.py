"""What somebody's exception says, in one line, and which of their own lines it came from."""

from __future__ import annotations

import linecache
import os
import traceback
from functools import lru_cache

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
# For a notebook: where each line of its joined text stands, `cell 3, line 2`.
PLACES: dict[str, list[str]] = {}
_WORDS = 240  # of somebody's own error message


def described(error: BaseException) -> str:
    """The error as Python would print it, on one line and not too long."""
    name = "MemoryError" if isinstance(error, MemoryError) else type(error).__name__
    try:
        words = one_line(str(error))
    except BaseException:  # somebody's __str__
        words = ""
    return f"{name}: {words}" if words else name


def one_line(text: str) -> str:
    """The text on one line, cut where it gets long."""
    line = " ".join(text.split())
    return line if len(line) <= _WORDS else f"{line[:_WORDS]} ..."


def line_of(error: BaseException) -> str:
    """Where in somebody's own code it happened: ``, line 12: `dW1 = ...` ``; empty if nowhere."""
    own = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = frame.f_code.co_filename
        if _is_theirs(path):
            own = (path, line)
    if own is None:
        return ""
    path, line = own
    text = linecache.getline(path, line).strip()
    places = PLACES.get(path, [])
    where = places[line - 1] if 0 < line <= len(places) else f"line {line}"
    return f", {where}: `{text[:120]}`" if text else f", {where}"


@lru_cache
def _is_theirs(path: str) -> bool:
    if path.startswith(("<frozen", "<__array_function__")) or path.endswith(".pyx"):
        return False
    installed = "site-packages" in path or "dist-packages" in path
    ours = os.path.abspath(path).startswith(_PACKAGE)
    return not (installed or ours or path.startswith(os.path.dirname(os.__file__) + os.sep))
