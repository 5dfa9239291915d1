"""What commands share: how they refuse what they are given, show how far they are, and print.

The start of every command imports this, so it imports nothing that takes time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

MISUSE: Final = 2


def refused(words: object) -> int:
    """Say on stderr what stands in the way; the exit status."""
    print(f"backproof: {words}", file=sys.stderr)
    return MISUSE


def printed(text: str, status: int) -> int:
    """Print the results; the exit status, which is another if they cannot be written."""
    try:
        print(text, flush=True)
    except OSError as error:
        # Flushing at exit would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # whoever read them has read enough
            return status
        return refused(f"cannot write the results: {error.strerror}")
    return status


def write_page(path: Path, text: str) -> None:
    """Write an HTML page. Raises `Unreadable`, saying why it cannot be."""
    from backproof.reading.told import Unreadable

    check_page(path)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unreadable(f"{path} cannot be written: {error.strerror or error}") from None


def check_page(path: Path | None) -> None:
    """Say what is amiss with `--html`, before work that may take minutes. Raises `Unreadable`."""
    from backproof.reading.told import Unreadable

    if path is not None and not path.parent.is_dir():
        raise Unreadable(f"--html {path}: there is no folder {path.parent}")
    if path is not None and path.is_dir():
        raise Unreadable(f"--html {path}: is a folder; expected a file to write")
    if path is not None and path.is_file() and not _may_be_replaced(path):
        raise Unreadable(
            f"--html {path}: is there already and is no HTML page; choose another name for the page"
        )


def _may_be_replaced(path: Path) -> bool:
    """Whether a file is empty or a page, and no data or record that somebody still needs."""
    try:
        with open(path, "rb") as file:
            start = file.read(15).lower()
    except OSError:  # which writing will meet and say
        return True
    return start in (b"", b"<!doctype html>")


def progress() -> tuple[Callable[[str], None], Callable[[], None]]:
    """To show a line and to clear it: on a terminal, rewritten in place; elsewhere nothing."""
    if not sys.stderr.isatty():
        return lambda _: None, lambda: None

    def show(text: str) -> None:
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    def clear() -> None:
        print("\r\033[K", end="", file=sys.stderr, flush=True)

    return show, clear
