"""What submissions are asked: the functions' calls on secret cases, the same for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from backproof.grading.assignment import Assignment, Function
from backproof.grading.calls import call_of
from backproof.grading.outcome import Call
from backproof.grading.quantities import Known, drawn, known
from backproof.grading.trials import Trials, trials

_FEWEST: Final = 4  # cases of a function, however many there are of these


class Exam(NamedTuple):
    """An assignment with its secret cases, and the calls that are the same for all submissions."""

    assignment: Assignment
    known: Mapping[str, Sequence[Known]]  # by precision
    calls: tuple[Call, ...]
    asked: tuple[tuple[Function, int], ...]  # of each call: the function, and the place of its case
    trials: tuple[Trials, ...] = ()


def exam(assignment: Assignment, *, public: bool = False) -> Exam:
    """Draw the cases and compute the truth, once for all submissions; or only the public part."""
    among = [one for one in assignment.functions if one.public or not public]
    functions = [one for one in among if one.training is None]
    share = max(_FEWEST, -(-assignment.cases // max(1, len(functions))))
    # No function is asked on another's cases: what one is given is what another should answer.
    count = share * len(functions)
    cases = drawn(assignment.model, count, assignment.seed + public, assignment.sizes)
    truths = {
        precision: known(assignment.model, cases, assignment.activation, precision) if cases else []
        for precision in ("float64", "float32")
    }
    asked = tuple(
        (function, which * share + place)
        for which, function in enumerate(functions)
        for place in range(share)
    )
    calls = tuple(
        call_of(function, truths["float64"][place], assignment) for function, place in asked
    )
    return Exam(assignment, truths, calls, asked, trials(assignment, public=public))


def only(exam: Exam, name: str) -> Exam:
    """The part of an exam that asks one function."""
    kept = [
        (call, asked)
        for call, asked in zip(exam.calls, exam.asked, strict=True)
        if asked[0].name == name
    ]
    return exam._replace(
        calls=tuple(call for call, _ in kept),
        asked=tuple(asked for _, asked in kept),
        trials=tuple(one for one in exam.trials if one.function.name == name),
    )
