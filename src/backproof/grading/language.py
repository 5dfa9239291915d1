"""What results are said in: one TOML file a language, `languages/NAME.toml`.

A further language is a further file, with the keys and the arguments of the others.
"""

from __future__ import annotations

import functools
import math
import re
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, NamedTuple

from backproof.reading.told import Unreadable, nearest

_PLACES: Final = 2  # of points, which are summed from weights that people choose
# Arguments that our own English is in.
_PHRASED: Final = ("actual", "error", "expected", "line", "words")
_SHAPES: Final = {
    **dict.fromkeys(("cell", "line", "count", "number"), r"\d+"),
    **dict.fromkeys(("seconds", "computed", "most"), r"[\d.e+-]+"),
    "type": r"\w+",
    "size": r"[\d.]+",
    "suffix": r"\.\w+",
    "place": r"(?:cell \d+, )?line \d+",
}
WORDS: Final = ("words", "reason")  # arguments that are sentences; the others are code


class Piece(NamedTuple):
    """A piece of a sentence: the language's own text, or what stands for a name in braces.

    `argument` is that name, and None for the language's own text.
    """

    text: str
    argument: str | None = None


@dataclass(frozen=True)
class Language:
    """The texts of one language, by table and key: `page.search`.

    Attributes:
        code: the name of its file, a BCP 47 tag: `en`.
        decimal: what stands before the fraction in a number.
        separator: what stands between the cells of a CSV.
        texts: the texts, with names of arguments in braces.
    """

    code: str
    decimal: str
    separator: str
    texts: Mapping[str, str]

    def text(self, key: str, **arguments: object) -> str:
        """The text of `key`, with its arguments put in as they are: plain text."""
        return self.texts[key].format(**arguments)

    def number(self, value: float) -> str:
        """Points, to two places and without zeros behind."""
        if not math.isfinite(value):
            return str(value)
        written = f"{value:.{_PLACES}f}".rstrip("0").rstrip(".")
        return ("0" if written == "-0" else written).replace(".", self.decimal)

    def sentence(self, said: Mapping[str, Any]) -> tuple[Piece, ...]:
        """What a code and its arguments say, `{"code": "factor", "factor": "n"}`.

        Where an argument is not there, the sentence that does without it. A code that has no
        sentence stands for itself.
        """
        code = str(said["code"])
        for table in ("sentences", "withheld"):
            template = self.texts.get(f"{table}.{code}")
            if template is not None:
                needed = arguments_of(template)
                if all(said.get(name) is not None for name in needed):
                    return _filled(template, {name: self._own(name, said) for name in needed})
        return (Piece(code, "code"),)

    def phrase(self, english: str) -> str:
        """A phrase of our own, as code that knows of no language says it, in this language.

        It is known again by the English file. What stands in it may be another; all else, what
        students and Python say, stays as it is.
        """
        for key, pattern in _phrases():
            found = pattern.fullmatch(english)
            if found is not None:
                inside = {name: self.phrase(text) for name, text in found.groupdict().items()}
                return self.texts[key].format(**inside)
        return english

    def _own(self, name: str, said: Mapping[str, Any]) -> Any:
        value = said[name]
        phrased = self.code != "en" and name in _PHRASED and isinstance(value, str)
        return self.phrase(value) if phrased else value

    def briefly(self, said: Mapping[str, Any]) -> tuple[Piece, ...]:
        """The same in the words that all have in common who made this mistake."""
        code = said["code"]
        return self.sentence({"code": code} if f"withheld.{code}" in self.texts else said)


def arguments_of(template: str) -> tuple[str, ...]:
    """The names in braces, in their order."""
    return tuple(name for _, name, _, _ in string.Formatter().parse(template) if name)


def _filled(template: str, arguments: Mapping[str, Any]) -> tuple[Piece, ...]:
    pieces = []
    for text, name, _, _ in string.Formatter().parse(template):
        pieces += [Piece(text)] if text else []
        pieces += [Piece(_written(arguments[name]), name)] if name else []
    return tuple(pieces)


def _written(argument: object) -> str:
    """An argument in Python's notation; shapes are lists in JSON."""
    if isinstance(argument, float):
        return f"{argument:.6g}"
    return str(tuple(argument) if isinstance(argument, list) else argument)


@functools.cache
def _phrases() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Of each phrase its key and what it looks like in English."""
    found = []
    for key, template in language("en").texts.items():
        if not key.startswith("phrases."):
            continue
        pattern = ""
        for text, name, _, _ in string.Formatter().parse(template):
            pattern += re.escape(text)
            pattern += f"(?P<{name}>{_SHAPES.get(name, '.+?')})" if name else ""
        found.append((key, re.compile(pattern, re.DOTALL)))
    return tuple(found)


def plainly(pieces: tuple[Piece, ...]) -> str:
    """A sentence without any markup."""
    return "".join(piece.text for piece in pieces)


def languages() -> tuple[str, ...]:
    """The codes of the languages there are."""
    files = resources.files("backproof.grading").joinpath("languages").iterdir()
    return tuple(sorted(one.name[:-5] for one in files if one.name.endswith(".toml")))


@functools.cache
def language(code: str) -> Language:
    """A language by its code; raises `Unreadable` where there is none of that code."""
    known = languages()
    if code not in known:
        raise Unreadable(f"there is no language {code!r}; {nearest(code, known)}")
    file = resources.files("backproof.grading").joinpath("languages", f"{code}.toml")
    tables = tomllib.loads(file.read_text("utf-8"))
    texts = {
        f"{table}.{key}": text
        for table, content in tables.items()
        if isinstance(content, dict)
        for key, text in content.items()
    }
    return Language(code, tables["decimal"], tables["separator"], texts)
