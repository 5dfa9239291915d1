"""What there is to say of a submission, part by part: the plain data of which reports are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from backproof.grading import literals
from backproof.grading.disclosure import counted
from backproof.grading.language import Language, Piece

Part = Mapping[str, Any]


class Remark(NamedTuple):
    """What is amiss with some parts of a function, which all have it in common.

    Attributes:
        parts: their names.
        sentences: what is amiss.
        case: lines of Python that show it; empty where none is shown.
    """

    parts: tuple[str, ...]
    sentences: tuple[tuple[Piece, ...], ...]
    case: str


def functions(parts: Sequence[Part]) -> list[tuple[str, list[Part]]]:
    """The functions in their order, and the parts of each."""
    order = {name: at for at, name in enumerate(dict.fromkeys(part["function"] for part in parts))}
    ordered = sorted(parts, key=lambda part: order[part["function"]])
    return [(name, list(own)) for name, own in groupby(ordered, lambda part: part["function"])]


def about_points(
    shown: Mapping[str, Any], language: Language, *, isolated: bool = True
) -> list[str]:
    """What there is to say of all points together: first how many they are."""
    out_of, points = language.number(shown["out_of"]), language.number(counted(shown))
    said = [language.text("feedback.points", points=points, out_of=out_of)]
    override = shown["override"]
    if override is not None:
        instead = language.number(shown["points"])
        said.append(language.text("feedback.override", points=instead))
        if override["reason"].strip():
            said.append(language.text("feedback.reason", reason=override["reason"]))
    elif shown["status"] != "graded":
        said.append(language.text(f"feedback.{shown['status']}"))
    if not isolated:
        said.append(language.text("feedback.not_isolated"))
    return said


def rows(parts: Sequence[Part], language: Language) -> list[tuple[str, str, str, str]]:
    """Of each part its name, " (hidden)" or nothing, the points and the verdict, or nothing."""
    found = []
    for part in parts:
        hidden = "" if part["public"] else f" ({language.text('feedback.hidden')})"
        points, out_of = language.number(part["points"]), language.number(part["out_of"])
        of = language.text("feedback.of", points=points, out_of=out_of)
        verdict = language.text(f"verdicts.{part['verdict']}") if part["verdict"] else ""
        found.append((part["part"], hidden, of, verdict))
    return found


def remarks(parts: Sequence[Part], language: Language) -> list[Remark]:
    """The remarks on the parts of one function; parts without a case share theirs."""
    found: dict[object, Remark] = {}
    for part in parts:
        sentences = tuple(language.sentence(said) for said in part["because"])
        case = _case(part["case"], language)
        if sentences or case:
            alike = part["part"] if case else sentences
            earlier = found[alike].parts if alike in found else ()
            found[alike] = Remark((*earlier, part["part"]), sentences, case)
    return list(found.values())


def _case(case: Mapping[str, Any] | None, language: Language) -> str:
    if case is None:
        return ""
    lines = [literals.assignment(printable(name), value) for name, value in case["arguments"]]
    lines.append(literals.assignment(language.text("feedback.expected"), case["expected"]))
    if case["actual"] is not None:
        lines.append(literals.assignment(language.text("feedback.actual"), case["actual"]))
    return "\n".join(lines)


def printable(text: str, otherwise: str = " ") -> str:
    """`text` on one line, without what is not to be seen.

    Controls, lone surrogates and marks that turn the direction of writing become `otherwise`;
    joiners stay, which some alphabets need.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in "\u200c\u200d" else otherwise for one in text)
