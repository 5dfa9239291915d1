"""Somebody's CSV, of which single cells are changed and every other byte is kept.

RFC 4180, with commas, semicolons or tabs, in UTF-8, UTF-16 or an encoding of one byte a letter.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from backproof.reading.told import Unreadable

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DELIMITERS: Final = ",;\t"
_NEWLINE = re.compile(r"\r\n|\n|\r")


class Cell(NamedTuple):
    """A cell: where in the text it stands, quotes included, and what it says."""

    start: int
    end: int
    value: str


class Row(NamedTuple):
    """A row: the line it begins on, counted from 1, and its cells."""

    line: int
    cells: list[Cell]

    def value(self, column: int) -> str:
        """What the cell in `column` says, without blanks around it."""
        return self.cells[column].value.strip()


class Table(NamedTuple):
    """A CSV: its header, the rows below, none of them empty and all as long, and how it is written.

    `bom` and `encoding` make the same bytes of `text` again.
    """

    header: Row
    rows: list[Row]
    text: str
    delimiter: str
    bom: bytes
    encoding: str


def table(content: bytes, called: str) -> Table:
    """The table of a CSV file; raises `Unreadable` with the line where it is none."""
    bom, encoding = next((one for one in _BOMS if content.startswith(one[0])), (b"", ""))
    try:
        text = content[len(bom) :].decode(encoding or "utf-8")
        encoding = encoding or "utf-8"
    except UnicodeDecodeError:
        if bom:
            raise Unreadable(f"{called} is not in {encoding}, which it begins as") from None
        encoding = "latin-1"  # any byte is a letter of it, so that all of them come back
        text = content.decode(encoding)
    delimiter = max(_DELIMITERS, key=lambda one: _width(text, one))
    rows: list[Row] = []
    at, line = 0, 1
    while at < len(text):
        row, after = _row(text, at, line, delimiter, called)
        line += len(_NEWLINE.findall(text, at, after))
        at = after
        if len(row.cells) > 1 or row.cells[0].value:
            rows.append(row)
    if len(rows) < 2 or len(rows[0].cells) < 2:
        raise Unreadable(f"{called} holds no table of a header and rows")
    header, *rows = rows
    for row in rows:
        if len(row.cells) != len(header.cells):
            raise Unreadable(
                f"{called}, line {row.line}: {len(row.cells)} cells, and the header has "
                f"{len(header.cells)}; download it again"
            )
    return Table(header, rows, text, delimiter, bom, encoding)


def _width(text: str, delimiter: str) -> int:
    """How many cells the first row has with this delimiter; 0 when it is none with it."""
    try:
        return len(_row(text, 0, 1, delimiter, "")[0].cells)
    except Unreadable:
        return 0


def _row(text: str, at: int, line: int, delimiter: str, called: str) -> tuple[Row, int]:
    """The row that begins at `at`, and where the next one does."""
    cell = _CELLS[delimiter]
    cells: list[Cell] = []
    while True:
        found = cell.match(text, at)
        if found is None:
            raise _bad_quote(called, line)
        value = found[0] if found[1] is None else found[1].replace('""', '"')
        cells.append(Cell(found.start(), found.end(), value))
        at = found.end()
        if text[at : at + 1] == delimiter:
            at += 1
            continue
        newline = _NEWLINE.match(text, at)
        if newline is None and at < len(text):
            raise _bad_quote(called, line)
        return Row(line, cells), newline.end() if newline else at


def _bad_quote(called: str, line: int) -> Unreadable:
    return Unreadable(f"{called}, line {line}: a quote that does not end, or ends too early")


_CELLS: Final = {
    one: re.compile(rf'"([^"]*(?:""[^"]*)*)"|(?!")[^{one}\r\n]*') for one in _DELIMITERS
}


def changed(read: Table, changes: Mapping[tuple[int, int], str]) -> bytes:
    """The file with new text in cells, by the index of their row and column; the rest as it was.

    A letter that the file's encoding has not becomes a character reference, as HTML writes it.
    """
    pieces: list[str] = []
    at = 0
    for row, column in sorted(changes):
        cell = read.rows[row].cells[column]
        value = changes[row, column]
        quoted = read.text[cell.start : cell.start + 1] == '"'
        if quoted or re.search(rf'["\r\n{read.delimiter}]|^\s|\s$', value):
            value = '"' + value.replace('"', '""') + '"'
        pieces += [read.text[at : cell.start], value]
        at = cell.end
    text = "".join([*pieces, read.text[at:]])
    return read.bom + text.encode(read.encoding, "xmlcharrefreplace")
