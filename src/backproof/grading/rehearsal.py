"""An assignment tried before students see it: a right program gets full marks, a wrong one not.

The right program is made of the lecture's lines (`solution`), each wrong one of the same lines with
one of them mistaken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from backproof.grading import any_name
from backproof.grading.assignment import Assignment
from backproof.grading.exam import Exam, exam
from backproof.grading.language import language, plainly
from backproof.grading.marking import Mark, marks
from backproof.grading.outcome import Call, Limits, Outcome
from backproof.grading.papers import MAIN
from backproof.grading.prepared import CALLING
from backproof.grading.sandbox import Sandbox
from backproof.grading.selftest import self_test
from backproof.grading.solution import Rule, rules, solution
from backproof.grading.trained import trained
from backproof.grading.trials import Trial
from backproof.reading.program import of_content
from backproof.reading.told import Unreadable

# What is mistaken: in lines that have the first text the second stands instead.
MISTAKES: Final[Sequence[tuple[str, str, str]]] = (
    (" / {n}", "", "not divided by n"),
    ("yhat - y", "y - yhat", "the sign of the error"),
    ("yhat - y", "yhat", "the label left out"),
    (" * (1 - ", " * (2 - ", "the slope of the sigmoid"),
    ("1 - a", "1 + a", "the slope of tanh"),
    (" > 0", " < 0", "the slope of ReLU on the wrong side"),
    ("np.maximum", "np.minimum", "ReLU upside down"),
    ("-np.log", "np.log", "the sign of the logarithm"),
    ("-(y", "(y", "the sign of the loss"),
    ("np.exp(-", "np.exp(", "the sign in the exponential"),
    (".sum(axis=1, keepdims=True)", ".mean(axis=1, keepdims=True)", "a mean for a sum"),
    (" + b", " - b", "the sign of the bias"),
    (" - rate", " + rate", "a step up"),
    (">= 0.5", ">= 0.0", "the threshold"),
    ("argmax", "argmin", "the least likely class"),
)


# The same of what shows at an edge alone, as patterns: for assignments that ask for it.
EDGE_MISTAKES: Final[Mapping[str, Sequence[tuple[str, str, str]]]] = {
    "one_example": [(r"(\w+)\.T$", r"np.squeeze(\1).T", "an array squeezed to a vector")],
    "one_label": [
        (
            r" / \{n\}$",
            r" / {n} * y.sum(axis=1, keepdims=True) / y.sum(axis=1, keepdims=True)",
            "a division by a number of labels",
        )
    ],
    "zero_weights": [
        (r"^(W\w*|w) @", r"\1 / np.abs(\1).max() * np.abs(\1).max() @", "a division by the weights")
    ],
    "saturated": [
        (r"np\.where\(y == 0, 1, (yhat)\)", r"\1", "0 times the logarithm of 0"),
        (r"np\.where\(y == 1, 1, (1 - yhat)\)", r"\1", "0 times the logarithm of 0"),
        (r" - \w+\.max\(axis=0\)", "", "a softmax that overflows"),
        (r"1 / \(1 \+ np\.exp\(-(\w+)\)\)", r"np.exp(\1) / (1 + np.exp(\1))", "inf / inf"),
    ],
    "kink": [(r"\((\w+) > 0\)", r"np.maximum(\1, 0) / \1", "a division by 0 at the kink")],
}


_ENGLISH: Final = language("en")


class Rehearsed(NamedTuple):
    """What came of it, in words, and whether the assignment tells right from wrong."""

    text: str
    sound: bool


def rehearsed(assignment: Assignment) -> Rehearsed:
    """Grade a right program and wrong ones.

    Raises `Unreadable` where submissions cannot be isolated, or a quantity that a function is to
    give does not follow from what it takes.
    """
    reason = self_test()
    if reason is not None:
        raise Unreadable(f"submissions cannot be isolated: {reason}")
    known = rules(assignment.model, assignment.activation)
    try:
        right = solution(assignment)
    except LookupError as error:
        raise Unreadable(
            f"{assignment.title}: no right program could be written: {error}"
        ) from None
    asked = exam(assignment)
    lines = [f"{assignment.title}: {assignment.out_of:g} points, {len(asked.calls)} calls"]
    if asked.trials:
        lines[0] += f", {len(asked.trials)} of training"
    if asked.found:
        lines[0] += f", {len(asked.found)} found by what it is, on {assignment.cases} cases"
    with Sandbox(assignment.limits) as sandbox:
        lost = [mark for mark in _marks(sandbox, asked, right) if mark.verdict != "right"]
        caught, missed = 0, []
        wrong = list(_wrong(assignment, known, right))
        if asked.trials:
            wrong += _wrong_training(assignment, known)
        for words, text in wrong:
            if not any(map(_costs, _marks(sandbox, asked, text))):
                missed.append(words)
            else:
                caught += 1
    lines.append(f"  a right program {'does not get' if lost else 'gets'} full marks")
    for one in lost:
        said = " ".join(plainly(_ENGLISH.sentence(because)) for because in one.because)
        lines.append(f"    {one.function}, {one.part}: {said}")
    lines.append(f"  {caught} of {caught + len(missed)} mistakes cost points")
    lines += [f"  not found: {words}" for words in missed]
    return Rehearsed("\n".join(lines), not lost and not missed)


def _costs(mark: Mark) -> bool:
    return mark.points < mark.out_of


def _marks(sandbox: Sandbox, asked: Exam, text: str) -> list[Mark]:
    defined = frozenset(function.name for function in asked.assignment.functions)
    whole = text + CALLING

    def run(text: str, calls: Sequence[Call], limits: Limits) -> Outcome:
        return sandbox.run({MAIN: text.encode()}, MAIN, calls, limits)

    answers = run(whole, asked.calls, sandbox.limits).answers if asked.calls else ()
    found = marks(asked, answers, defined)
    for one in asked.found:
        read = of_content(Path(MAIN), text.encode())
        found += any_name.marks(one, read, asked, run)[0]
    if any(map(_costs, found)):
        return found  # training takes longer, and would say nothing more

    def ask(trial: Trial) -> Outcome:
        return run(whole, [trial.call], trial.limits)

    return [*found, *(trained(asked.assignment, one, ask) for one in asked.trials)]


def _wrong_training(assignment: Assignment, known: Sequence[Rule]) -> Iterator[tuple[str, str]]:
    """Programs whose training is mistaken, and how."""
    names = list(assignment.model.parameters)
    rate = next((one.training.rate for one in assignment.functions if one.training), 0.0)
    mistakes = [
        ("nothing is trained", names, " - rate * d{name}", ""),
        ("biases are not trained", names[1::2], " - rate * d{name}", ""),
        ("the first layer alone is trained", names[2:], " - rate * d{name}", ""),
        ("training steps up", names, " - rate", " + rate"),
    ]
    if rate:
        words = "training does not use the rate that it is given"
        mistakes.append((words, names, " - rate", f" - {rate}"))
    for words, of, text, instead in mistakes:
        mistaken = [
            rule._replace(line=rule.line.replace(text.format(name=rule.symbol[:-1]), instead))
            if rule.symbol[:-1] in of and rule.symbol.endswith("'")
            else rule
            for rule in known
        ]
        if of:
            yield words, solution(assignment, training=mistaken)


def _wrong(assignment: Assignment, known: Sequence[Rule], right: str) -> Iterator[tuple[str, str]]:
    """Every program with one mistaken line that it uses, and which that is.

    A mistake that shows at an edge alone is made in each function that is asked there.
    """
    for place, rule in enumerate(known):
        for text, instead, words in MISTAKES:
            mistaken = rule._replace(line=rule.line.replace(text, instead))
            among = [*known[:place], mistaken, *known[place + 1 :]]
            program = solution(assignment, among)
            if program != right:
                yield f"{words}, in {rule.symbol} = {rule.line}", program
    for function in assignment.functions:
        own = {function.name, *function.makers}
        alone = replace(
            assignment, functions=tuple(one for one in assignment.functions if one.name in own)
        )
        for edge in function.edges:
            for pattern, instead, words in EDGE_MISTAKES[edge]:
                among = [one._replace(line=re.sub(pattern, instead, one.line)) for one in known]
                program = solution(alone, among)
                if program != solution(alone):
                    yield f"{edge}: {words}, in {function.name}", f"{right}\n\n{program}"
