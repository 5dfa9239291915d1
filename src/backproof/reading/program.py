"""Somebody's file as a syntax tree: scripts, notebooks, and what is mended before it parses.

Nothing is run here. Lines keep their numbers; for a notebook, `places` says which cell each line of
the joined text stands in.
"""

from __future__ import annotations

import ast
import io
import json
import re
import stat
import textwrap
import tokenize
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from backproof.reading import syntax
from backproof.reading.told import Unreadable

SUFFIXES = (".py", ".ipynb")
_LARGEST = 50 << 20  # bytes of a file

_PRINT = re.compile(r"^(?P<indent>\s*(?:[^#'\"]*:\s*)?)print(?P<rest>\s+[^(\s=.,)\[].*|\s*)$")
_MAGIC = re.compile(r"^(?P<indent>\s*)(?:[%!?].*|(?:[\w.]+\s*)\?{1,2}\s*|(?:cd|ls|pwd)\s.*)$")
_ASSIGNED_MAGIC = re.compile(r"^(?P<before>\s*[\w, ]+=\s*)[%!].*$")
_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\(?=[UuNx])")  # which Python 3 reads on, and 2 did not
_REFUSED = (SyntaxError, ValueError, RecursionError, MemoryError)  # what Python's parser raises
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=]")
_TIMED = re.compile(r"^\s*%%(?:time|timeit|capture|prun)\b.*$")


class Program(NamedTuple):
    """A file that parses.

    Attributes:
        path: of the file.
        text: what the line numbers of `tree` refer to.
        tree: its syntax.
        places: for a notebook, where each line stands: `cell 3, line 2`; empty for a script.
        notes: what was mended or left out, in words.
    """

    path: Path
    text: str
    tree: ast.Module
    places: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the file, without its folder."""
        return self.path.name

    def where(self, line: int) -> str:
        """`line 12`, or `cell 3, line 2`."""
        return self.places[line - 1] if 0 < line <= len(self.places) else f"line {line}"


def program(path: Path) -> Program:
    """The file at `path`; raises `Unreadable` where it cannot be read, saying why and where."""
    return of_content(path, _content(path) if path.suffix in SUFFIXES else b"")


def of_content(path: Path, content: bytes) -> Program:
    """The program that a file at `path` with these bytes is; raises `Unreadable` as `program`."""
    if path.suffix not in SUFFIXES:
        raise Unreadable(f"{path.name} is no .py or .ipynb file")
    if len(content) > _LARGEST:
        raise _too_large(path.name)
    if path.suffix == ".ipynb":
        try:
            return of_notebook(path, content.decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise Unreadable(f"{path.name} is not UTF-8, which notebooks are") from None
    text, notes = _decoded(path.name, content)
    read = of_script(path, text)
    return read._replace(notes=(*notes, *read.notes))


def _content(path: Path) -> bytes:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # reading a pipe waits for whoever writes on it
            raise Unreadable(f"{path.name} cannot be read: it is not a file")
        if found.st_size > _LARGEST:
            raise _too_large(path.name)
        return path.read_bytes()
    except FileNotFoundError:
        raise Unreadable(f"there is no file {path}") from None
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from None


def _too_large(name: str) -> Unreadable:
    return Unreadable(f"{name} has more than {_LARGEST >> 20} MB; clear its outputs")


def _decoded(name: str, content: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of a script, and what there is to say of how it was saved."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return content.decode(encoding), ()
    except (UnicodeDecodeError, SyntaxError, LookupError):
        declared = any(_CODING.match(line) for line in content.split(b"\n", 2)[:2])
        if declared or b"\0" in content:
            words = "in the encoding that it declares" if declared else "a text"
            raise Unreadable(f"{name} is not {words}; save it as UTF-8") from None
    # Every byte is a letter of it; old editors wrote it, and the comments are all that has any.
    return content.decode("latin-1"), (f"{name} is not UTF-8; read as Latin-1",)


def of_script(path: Path, text: str) -> Program:
    """The program of a script's text."""
    mended, tree, notes = _mended(text, path.name)
    if tree is None:
        plain = _without_magics(text)
        tree = _tree(plain)
        if tree is not None:  # cells, copied into a script
            mended, notes = plain, ()
    return Program(path, mended, tree or _parsed(mended, path.name), (), notes)


def of_notebook(path: Path, text: str) -> Program:
    """The program of a notebook: its code cells one after the other, without magics."""
    try:
        cells = _cells(json.loads(text))
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        raise Unreadable(f"{path.name} is no notebook: it holds no JSON with cells") from None
    return of_cells(path, cells)


def of_cells(path: Path, cells: Sequence[tuple[int, str]]) -> Program:
    """The program of numbered cells of code."""
    lines: list[str] = []
    places: list[str] = []
    notes: list[str] = []
    for number, cell in cells:
        plain = _without_magics(cell)
        where = f"{path.name}, cell {number}"
        try:
            plain, tree, mended = _mended(plain, where)
            if tree is None:
                _parsed(plain, where)
        except Unreadable as error:
            notes.append(f"left out: {error}".split("\n", 1)[0])
            continue
        notes += mended
        own = plain.split("\n")
        lines += own
        places += [f"cell {number}, line {line}" for line in range(1, len(own) + 1)]
    joined = "\n".join(lines)
    if not joined.strip():
        raise Unreadable("; ".join([f"{path.name} has no cell of code that can be read", *notes]))
    return Program(path, joined, _parsed(joined, path.name), tuple(places), tuple(notes))


def _cells(notebook: Any) -> list[tuple[int, str]]:
    holders = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
    found = []
    for number, cell in enumerate(holders, start=1):
        if cell.get("cell_type") == "code":
            source = cell.get("source", cell.get("input", ""))
            found.append((number, source if isinstance(source, str) else "".join(source)))
    return found


def _without_magics(cell: str) -> str:
    lines = cell.replace("\r\n", "\n").split("\n")
    first = next((place for place, line in enumerate(lines) if line.strip()), 0)
    if lines[first].lstrip().startswith("%%"):
        if not _TIMED.match(lines[first]):
            return ""
        lines[first] = ""
    kept = []
    for line in lines:
        magic, assigned = _MAGIC.match(line), _ASSIGNED_MAGIC.match(line)
        if magic:
            line = f"{magic['indent']}pass"
        elif assigned:
            line = f"{assigned['before']}None"
        kept.append(line)
    # IPython takes the first line's indent from all of them.
    return textwrap.dedent("\n".join(kept))


# --- what does not parse -----------------------------------------------------------------------


def _parsed(text: str, name: str) -> ast.Module:
    try:
        return syntax.parsed(text)
    except SyntaxError as error:
        line = (error.text or "").strip()
        shown = f"\n    {line}" if line else ""
        where = f", line {error.lineno}" if error.lineno else ""
        raise Unreadable(f"{name}{where}: {error.msg}{shown}") from None
    except (RecursionError, MemoryError):
        raise too_deep(name) from None
    except ValueError as error:
        raise Unreadable(f"{name} is no Python that can be read: {error}") from None


def too_deep(name: str) -> Unreadable:
    """What to raise where Python's or our own recursion ends before somebody's syntax does."""
    return Unreadable(
        f"{name} has an expression of too many terms, or nested too deeply, to be read"
    )


def _mended(text: str, name: str) -> tuple[str, ast.Module | None, tuple[str, ...]]:
    """The text, mended where one repair makes it parse, its tree then, and what was done."""
    tree = _tree(text)
    if tree is not None:
        return text, tree, ()
    for written in dict.fromkeys((text, _printed(text))):
        for mended, words in _repairs(written):
            tree = _tree(mended)
            if tree is not None:
                python2 = mended != text and _printed(text) != text
                said = [words] if words else []
                said += ["written for Python 2, read as Python 3"] if python2 else []
                return mended, tree, tuple(f"{name}: {word}" for word in said)
    return text, None, ()


def _tree(text: str) -> ast.Module | None:
    try:
        return syntax.parsed(text)
    except _REFUSED:
        return None


def _repairs(text: str) -> Iterator[tuple[str, str]]:
    yield text, ""
    if "\t" in text:
        for width in (8, 4):
            yield text.expandtabs(width), f"tabs and spaces are mixed; a tab was taken for {width}"
    yield from _reindented(text.expandtabs(4))
    yield from _unescaped(text)


def _unescaped(text: str) -> Iterator[tuple[str, str]]:
    r"""With a backslash that begins no escape taken for itself: `open('C:\Users\me\a.csv')`."""

    def mend(lines: list[str], error: SyntaxError) -> int | None:
        place = (error.lineno or 0) - 1
        if "unicode error" not in str(error.msg) or place < 0:
            return None
        # A text of several lines is told by the first of them.
        found = (later for later in range(place, len(lines)) if _ESCAPE.search(lines[later]))
        place = next(found, len(lines))
        if place == len(lines):
            return None
        lines[place] = _ESCAPE.sub(r"\1\\\\", lines[place])
        return place

    yield from _line_by_line(text, mend, "a backslash in a text was taken for itself")


def _reindented(text: str) -> Iterator[tuple[str, str]]:
    """With a block that is indented for no reason moved to where its neighbours stand."""

    def mend(lines: list[str], error: SyntaxError) -> int | None:
        place = (error.lineno or 0) - 1
        if error.msg != "unexpected indent" or not 0 <= place < len(lines):
            return None
        before = next((line for line in reversed(lines[:place]) if line.strip()), "")
        extra = _indent(lines[place]) - _indent(before)
        if extra <= 0:
            return None
        end = place
        while end < len(lines) and (
            not lines[end].strip() or _indent(lines[end]) >= _indent(before) + extra
        ):
            lines[end] = lines[end][extra:] if lines[end].strip() else lines[end]
            end += 1
        return place

    yield from _line_by_line(text, mend, "a stray indent was taken out")


def _line_by_line(
    text: str, mend: Callable[[list[str], SyntaxError], int | None], words: str
) -> Iterator[tuple[str, str]]:
    """With each error mended in turn; nothing where there is none, or one that is not `mend`'s.

    `mend` changes the lines and gives the place, or None.
    """
    lines = text.split("\n")
    moved: list[int] = []
    for _ in range(20):
        try:
            syntax.parsed("\n".join(lines))
        except SyntaxError as error:
            place = mend(lines, error)
            if place is None:
                return
            moved.append(place + 1)
        except _REFUSED:
            return
        else:
            break
    if moved:
        yield "\n".join(lines), f"{words} at line {', '.join(map(str, moved))}"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _printed(text: str) -> str:
    """`print x, y` as `print(x, y)`, and the other words of Python 2 that are easily told."""
    lines = []
    for line in text.split("\n"):
        match = _PRINT.match(line)
        if match:
            rest = match["rest"].strip().rstrip(",")
            rest = re.sub(r"\s+#[^'\"]*$", "", rest)
            line = f"{match['indent']}print({rest})"
        line = re.sub(r"^(\s*except\s+[\w.]+),\s*(\w+)\s*:", r"\1 as \2:", line)
        lines.append(line)
    return "\n".join(lines)
