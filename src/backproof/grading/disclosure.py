"""What of the results is shown to whom: results in, results with less in them out.

The reports print all that they are given, so what nobody may see is taken out here and nowhere
else. Sentences whose arguments are taken out say what they can without.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

# Of each code the arguments that are ours; all others may hold what a student wrote.
_OURS: Final[Mapping[str, tuple[str, ...]]] = {
    "not_defined": ("function",),
    "shape": ("actual", "expected"),
    "factor": ("factor",),
    "guarded": ("constant",),
    "not_reached": ("loss", "wanted"),
    "not_moved": ("parameter",),
    "no_parameters": ("parameters",),
    "carried": ("functions",),
    "own_cache": ("functions",),
    "edge_cases": ("cases",),
}


def counted(submission: Mapping[str, Any]) -> float:
    """The points that count: the teacher's own where there are any."""
    override = submission["override"]
    return float(submission["points"] if override is None else override["points"])


def needs_a_person(submission: Mapping[str, Any]) -> bool:
    """Whether something is open that only a person can settle, and nobody has."""
    return submission["status"] != "graded" and submission["override"] is None


def for_student(submission: Mapping[str, Any], hints: str) -> dict[str, Any]:
    """What the student may see of a submission at a hint level: `none`, `part` or `case`.

    Of a hidden part neither a case nor the text of an error, in which a program can put what it
    was called with; for the same reason nothing that it printed. At `none` only points.
    """
    parts = [_part_for_student(part, hints) for part in submission["parts"]]
    return {**submission, "parts": parts, "printed": ""}


def _part_for_student(part: Mapping[str, Any], hints: str) -> dict[str, Any]:
    if hints == "none":
        return {**part, "verdict": None, "because": [], "case": None}
    if not part["public"]:
        return {**part, "because": [_ours(said) for said in part["because"]], "case": None}
    return {**part, "case": part["case"] if hints == "case" else None}


def anonymised(results: Mapping[str, Any]) -> dict[str, Any]:
    """The results without anything that says whose a submission is, or that a student wrote.

    Names, keys, files, digests, printed text, errors and a teacher's reasons are taken out, and the
    cases of hidden parts, because such results are made to be handed on. Submissions are counted
    from 1 in the order of their points, which is not that of the keys; among equals that of
    digests, which nobody but us has of all.
    """
    known = sorted(results["submissions"], key=lambda one: (-counted(one), one["digest"]))
    return {
        **results,
        "submissions": [_anonymous(one, number) for number, one in enumerate(known, 1)],
    }


def _anonymous(submission: Mapping[str, Any], number: int) -> dict[str, Any]:
    override = submission["override"]
    return {
        **submission,
        "key": str(number),
        "name": None,
        "digest": "",
        "program": None,
        "override": override and {"points": override["points"], "reason": ""},
        "parts": [_anonymous_part(part) for part in submission["parts"]],
        "problems": [_ours(said) for said in submission["problems"]],
        "printed": "",
    }


def _anonymous_part(part: Mapping[str, Any]) -> dict[str, Any]:
    case = part["case"] if part["public"] else None
    if case is not None and not _numeric(case["actual"]):
        case = {**case, "actual": None}
    return {**part, "because": [_ours(said) for said in part["because"]], "case": case}


def _ours(said: Mapping[str, Any]) -> dict[str, Any]:
    """A code with those of its arguments in which nothing of a student's can be."""
    shown = ("code", *_OURS.get(said["code"], ()))
    return {name: value for name, value in said.items() if name in shown}


def _numeric(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_numeric, value))
    return value is None or isinstance(value, int | float)
