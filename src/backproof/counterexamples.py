"""What is shown of a wrong gradient: a case, what was expected, what came, as the file has it.

And what is said where nothing came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backproof.candidate import Candidate, is_arithmetic
from backproof.cases import Arrays, Case
from backproof.reading.call import Outcome
from backproof.reading.convention import laid_out, to_theirs
from backproof.verdict import Counterexample, Quantity, Verdict, distances
from backproof.witnesses import Truth


def counterexample(candidate: Candidate, case: Case, name: str) -> Counterexample:
    """What `name` should be in the case, and what it is, at the entry that is furthest off."""
    outcome, truth = candidate.answers([case])[0], candidate.truths([case])[0]
    actual = outcome.values.get(name)
    if actual is None or is_arithmetic(outcome.problem):
        return _without_answer(candidate, case, truth, name, outcome)
    ratio = distances(actual, truth.values[name], truth.bounds[name])
    ratio = _as_they_type_it(candidate, name, ratio)
    entry = np.unravel_index(int(np.argmax(np.nan_to_num(ratio, nan=np.inf))), ratio.shape)
    return Counterexample(
        case_as_they_type_it(candidate, case),
        _as_they_type_it(candidate, name, truth.values[name]),
        _as_they_type_it(candidate, name, actual),
        tuple(int(i) for i in entry),
        float(ratio[entry]),
    )


def _without_answer(
    candidate: Candidate, case: Case, truth: Truth, name: str, outcome: Outcome
) -> Counterexample:
    expected = truth.values[name]
    return Counterexample(
        case_as_they_type_it(candidate, case),
        _as_they_type_it(candidate, name, expected),
        None,
        (),
        float("nan"),
        outcome.faults.get(name) or outcome.problem,
    )


def case_as_they_type_it(candidate: Candidate, case: Case) -> Arrays:
    """The case in the candidate's own layout, and the learning rate of an update."""
    spec = candidate.spec
    shown: Arrays = {
        tensor: laid_out(case.arrays, tensor, spec.ours, spec.layouts)
        for tensor in case.arrays
        if tensor in spec.layouts and not spec.layouts[tensor].startswith("+")
    }
    if spec.updates:
        rate = candidate.rate(case)
        shown["rate"] = np.array(rate)
    return shown


def _as_they_type_it(candidate: Candidate, name: str, array: NDArray) -> NDArray:
    """A gradient has its parameter's layout; a bias inside of its weight is shown by itself."""
    tensor = name.removeprefix("d")
    layout = candidate.spec.layouts.get(tensor, "+")
    if name == "loss" or "+" in layout:
        return array
    return to_theirs(array, candidate.spec.ours[tensor], layout)


def malformed(
    candidate: Candidate,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    truth: Sequence[Truth],
    name: str,
) -> Quantity:
    """The verdict on a value that has no number or not the shape of its parameter."""
    faulty = [i for i, outcome in enumerate(outcomes) if name in outcome.faults]
    smallest = min(faulty, key=lambda i: (cases[i].scale != "integer", cases[i].numbers()))
    case, outcome = cases[smallest], outcomes[smallest]
    shown = _without_answer(candidate, case, truth[smallest], name, outcome)
    return Quantity("wrong", float("nan"), f"in {len(faulty):,} of {len(cases):,} cases", shown)


def most_common_problem(outcomes: Sequence[Outcome]) -> str:
    """What stands in the way when nothing at all could be judged."""
    words = [
        outcome.problem or next(iter(outcome.faults.values()), "returned nothing to judge")
        for outcome in outcomes
        if outcome.problem != "not run"
    ]
    return Counter(words).most_common(1)[0][0]


def failures_of(
    candidate: Candidate, cases: Sequence[Case], outcomes: Sequence[Outcome]
) -> tuple[str | None, list[Verdict]]:
    """What it did instead of answering, in words, and what that makes of the verdict."""
    # Arithmetic that raises has been judged with the gradients, as NaN.
    answered = ("returned", "malformed")
    unrun = sum(outcome.problem == "not run" for outcome in outcomes)
    failed = [
        (case, outcome)
        for case, outcome in zip(cases, outcomes, strict=True)
        if outcome.kind not in answered
        and outcome.problem not in (None, "not run")
        and not is_arithmetic(outcome.problem)
    ]
    if not failed:
        return None, []
    problem = Counter(outcome.problem for _, outcome in failed).most_common(1)[0][0]
    smallest = min((case for case, o in failed if o.problem == problem), key=Case.numbers)
    theirs = case_as_they_type_it(candidate, smallest)
    shapes = ", ".join(f"{tensor} {a.shape}" for tensor, a in theirs.items() if a.shape)
    text = f"in {len(failed):,} of {len(outcomes):,} cases it gave no answer: {problem}"
    text += f"\nthe smallest of them has the shapes {shapes}"
    if unrun:
        text += f"\nthe {unrun:,} cases after it were not run"
    # Raising on valid input is a mistake; hanging or dying may be the machine's doing.
    died = any(outcome.kind in ("hung", "crashed") for _, outcome in failed)
    return text, ["undecided" if died else "wrong"]
