"""Who is behind each submission of a Gradescope export: `submission_metadata.yml`.

It is YAML as Ruby's Psych writes it, two spaces a level, keys that are symbols:

    submission_123456:
      :submitters:
      - :name: Ana Silva
        :sid: '2023001'
        :email: ana@example.edu
      :created_at: 2024-03-01 12:00:00.000000000 Z

Gradescope documents no format; the keys are those that public programs which read exports take.
Three strings of each submitter are all that is wanted, and everything else is skipped by its
indentation, so this is a reader of lines and no dependency on a YAML library. Where a wanted line
is not written as above, it is refused, and grading does without names: numbers are enough.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from backproof.reading.told import Unreadable


class Submitter(NamedTuple):
    """One of those who handed a submission in; None is not told."""

    name: str | None = None
    sid: str | None = None
    email: str | None = None


_TOP = re.compile(r"(?P<quote>['\"]?)(?P<key>[\w.\- ]+)(?P=quote):\s*(?P<value>\{\})?")
_SECOND = re.compile(r"  (?P<key>:?[\w.\-]+):(?P<value>.*)")
_FIELD = re.compile(r"  (?P<first>-| ) (?P<key>:?[\w.\-]+):(?:\s+(?P<value>.*))?")
_WANTED: Final = {":name": "name", ":sid": "sid", ":email": "email"}
_NULL: Final = ("", "~", "null", "''", '""')
_ESCAPES: Final = {"\\": "\\", '"': '"', "/": "/", "n": "\n", "t": "\t", " ": " ", "e": "\x1b"}
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")


def submitters(text: str) -> dict[str, tuple[Submitter, ...]]:
    """The submitters of each submission, by the name of its folder, in the order of the file.

    Raises `Unreadable` with the line that is not understood.
    """
    found: dict[str, list[Submitter]] = {}
    key = ""
    inside = False  # of `:submitters:`
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        bare = line.rstrip()
        if not bare or bare in ("---", "...") or bare.lstrip().startswith("#"):
            continue
        if not line.startswith(" "):
            top = _TOP.fullmatch(bare)
            if top is None or top["key"] in found:
                raise _not_understood(number, bare)
            key, inside = top["key"], False
            found[key] = []
        elif not key:
            raise _not_understood(number, bare)
        elif (second := _SECOND.fullmatch(bare)) and not line.startswith("   "):
            inside = second["key"] == ":submitters"
            if inside and second["value"].strip() not in ("", "[]"):
                raise _not_understood(number, bare)
        elif inside:
            _read(bare, number, found[key])
    return {folder: tuple(people) for folder, people in found.items()}


def _read(line: str, number: int, people: list[Submitter]) -> None:
    field = _FIELD.fullmatch(line)
    if field is None or (field["first"] == " " and not people):
        raise _not_understood(number, line)
    if field["first"] == "-":
        people.append(Submitter())
    name = _WANTED.get(field["key"])
    if name is not None:
        value = _scalar(field["value"] or "", number)
        people[-1] = people[-1]._replace(**{name: value})


def _scalar(written: str, number: int) -> str | None:
    """A string in one of YAML's three ways to write it on one line."""
    if written in _NULL:
        return None
    if written[0] == "'":
        body = written[1:-1]
        if len(written) < 2 or written[-1] != "'" or "'" in body.replace("''", ""):
            raise _not_understood(number, written)
        return body.replace("''", "'")
    if written[0] == '"':
        body = written[1:-1]
        rest = _ESCAPE.sub("", body)
        if len(written) < 2 or written[-1] != '"' or '"' in rest or "\\" in rest:
            raise _not_understood(number, written)
        return _ESCAPE.sub(lambda found: _unescaped(found, number), body)
    if written[0] in "&*!|>%@`{[,#?-" or ": " in written or " #" in written or written[-1] == ":":
        raise _not_understood(number, written)
    return written


def _unescaped(found: re.Match[str], number: int) -> str:
    if found[4] is not None:
        if found[4] not in _ESCAPES:
            raise _not_understood(number, found[0])
        return _ESCAPES[found[4]]
    code = int(found[1] or found[2] or found[3], 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise _not_understood(number, found[0])
    return chr(code)


def _not_understood(number: int, line: str) -> Unreadable:
    return Unreadable(f"line {number} is not understood: {line.strip()[:60]!r}")
