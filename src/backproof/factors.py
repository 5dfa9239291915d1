"""What a candidate's gradients are gradients of, how it takes steps, and how it computes.

Its own loss says what its gradients are of; where it states none, only the sum passes for the mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np

from backproof.candidate import Candidate
from backproof.cases import Case
from backproof.error_bounds import FORMATS
from backproof.reading.call import Outcome
from backproof.witnesses import Truth

_COMPARED = 100  # mild cases, to see what the gradients are gradients of
_DIFFERENCED = 6  # of them, in which its own loss is differenced
_STEP = 1e-5
_CLOSE = 1e-3  # relative: as near as a loss must be to another to be meant for it


def lowest_of(precisions: Iterable[str]) -> str:
    """The lowest of these precisions and float64; what is no precision counts for nothing."""
    known = {"float64"} | (set(precisions) & FORMATS.keys())
    return max(known, key=lambda name: float(FORMATS[name].u))


Compared: TypeAlias = Sequence[tuple[Case, Outcome, Truth]]
NO_RATE = (
    "which learning rate its steps are taken with is not told by any name or number in the file, "
    "and what they are of the gradient is no constant; give the rate a name such as lr"
)


def several_of(
    candidate: Candidate,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    known: Sequence[Truth],
) -> Compared:
    """Mild cases of several examples, what was answered and what is true of the mean loss."""
    return [
        (case, outcome, truth)
        for case, outcome, truth in zip(cases, outcomes, known, strict=True)
        if case.scale == "mild"
        and (candidate.spec.single or case.arrays[candidate.model.target].shape[1] > 1)
    ][:_COMPARED]


def times_of(candidate: Candidate, compared: Compared, told: str | None) -> float | None:
    """What its steps are of the rate times the gradient, if that is one number in all cases.

    A constant says nothing of the gradient where nobody knows the rate. It has to be one and the
    same for every parameter that has one; the factor of a sum is none, because n differs. Guards
    move the steps by more than rounding does, so that it is looked for without them first.
    """
    if candidate.guards:
        bare = candidate.answers([case for case, _, _ in compared], without_guards=True)
        without = [
            (case, outcome, truth) for (case, _, truth), outcome in zip(compared, bare, strict=True)
        ]
        found = _one_constant(candidate, without, told)
        if found is not None:
            return found
    return _one_constant(candidate, compared, told)


def _one_constant(candidate: Candidate, compared: Compared, told: str | None) -> float | None:
    factors = (told,) if told else dict.fromkeys((candidate.spec.stated or "1", "1", "n"))
    for factor in factors:
        own = candidate._replace(factor=factor)
        found = [_constant(own, compared, name) for name in candidate.judged]
        constants = [one for one in found if one is not None and one > 0.0]
        if constants and max(constants) <= min(constants) * (1.0 + _CLOSE):
            short = float(f"{constants[0]:.6g}")
            return short if abs(short - constants[0]) <= 1e-13 * short else constants[0]
    return None


def _constant(candidate: Candidate, compared: Compared, name: str) -> float | None:
    """What a parameter's steps are of those expected, where that is one number in most cases."""
    found = [
        share
        for case, outcome, truth in compared
        if (share := _share(candidate, case, outcome, truth, name)) is not None
    ]
    if not found:
        return None
    middle = float(np.median([share for share, _ in found]))
    near = [pair for pair in found if abs(pair[0] - middle) <= _CLOSE * abs(middle)]
    return max(near, key=lambda pair: pair[1])[0] if len(near) > 0.9 * len(found) else None


def _share(
    candidate: Candidate, case: Case, outcome: Outcome, truth: Truth, name: str
) -> tuple[float, float] | None:
    """What the answer is of what was expected, at the largest entry, and how well that is known.

    None where nothing was expected.
    """
    if name not in outcome.values:
        return None
    given = candidate.gradient_given(case, name, outcome.values[name])
    expected = candidate.scale(case, name) * truth.values[name]
    entry = np.unravel_index(int(np.argmax(np.abs(expected))), expected.shape)
    largest = float(np.abs(expected[entry]))
    moved = float(np.abs(case.arrays[name[1:]][entry]))
    if largest <= 1e-6 * max(moved, 1e-3):
        return None
    share = float(given[entry]) / float(expected[entry])
    return (share, largest / (moved + largest)) if np.isfinite(share) else None


def factor_of(candidate: Candidate, compared: Compared, told: str | None) -> tuple[str, bool]:
    """What the gradients are of, and whether the candidate's own loss said so."""
    if told is not None:
        return told, False
    losses = [
        (case, outcome.values["loss"] - candidate.penalty(case, "loss"), truth.values["loss"])
        for case, outcome, truth in compared
        if "loss" in outcome.values and np.isfinite(outcome.values["loss"]).all()
    ]
    for factor in _factors(candidate) if losses else ():
        scale = candidate._replace(factor=factor).scale
        apart = [
            float(abs(loss - scale(case, "loss") * true))
            / max(abs(float(scale(case, "loss") * true)), 1e-300)
            for case, loss, true in losses
        ]
        if np.median(apart) < _CLOSE:
            return factor, True
    if candidate.spec.stated is not None and not losses:
        return candidate.spec.stated, True
    squared = candidate.model.output not in ("sigmoid", "softmax")
    tried = ("1", "n", "2", "2n") if squared and not losses else ("1", "n")
    if candidate.model.piece is not None:
        averaged = ("1/n of dW and db",) if "W" in candidate.model.parameters else ()
        tried = (*averaged, "1")
    return max(tried, key=lambda factor: _gradients_near(candidate, compared, factor)), False


def _factors(candidate: Candidate) -> tuple[str, ...]:
    model = candidate.model
    if model.output in ("sigmoid", "softmax"):
        ascent = ("-1", "-n") if candidate.spec.likelihood else ()
        return ("1", "n", *ascent, *(("1/k",) if model.several else ()))
    return ("1", "n", "2", "2n", *(("1/k", "2/k") if model.output_axis == "k" else ()))


def _gradients_near(candidate: Candidate, compared: Compared, factor: str) -> int:
    """How many gradients are near `factor` times the mean's. Near, because guards move them."""
    near = 0
    for name in candidate.judged:
        apart = []
        for case, outcome, truth in compared:
            if name in outcome.values and np.isfinite(outcome.values[name]).all():
                given = candidate.gradient_given(case, name, outcome.values[name])
                scale = candidate._replace(factor=factor).scale(case, name)
                expected = scale * truth.values[name]
                largest = max(float(np.max(np.abs(expected), initial=0.0)), 1e-300)
                apart.append(float(np.max(np.abs(given - expected), initial=0.0)) / largest)
        near += bool(apart) and float(np.median(apart)) < _CLOSE
    return near


def is_of_its_own_loss(candidate: Candidate, compared: Compared) -> bool:
    """Whether, in all of a few cases, its gradients are the differences of its own loss.

    Asked where both are wrong: then it may be right about another loss than any of the models'.
    Central differences at one step; a mistake in a gradient is far larger than their error.
    """
    agreed = 0
    for case, outcome, _ in compared[:_DIFFERENCED]:
        for name in candidate.judged:
            tensor = name[1:]
            if name not in outcome.values or "loss" not in outcome.values:
                return False
            given = candidate.gradient_given(case, name, outcome.values[name])
            step = _STEP * max(1.0, float(np.max(np.abs(case.arrays[tensor]))))
            place = np.unravel_index(int(np.argmax(np.abs(given))), given.shape)
            losses = []
            for sign in (1.0, -1.0):
                moved = case.arrays[tensor].copy()
                moved[place] += sign * step
                answer = candidate.answers([Case({**case.arrays, tensor: moved}, case.scale)])[0]
                losses.append(float(answer.values.get("loss", np.nan)))
            slope = (losses[0] - losses[1]) / (2.0 * step)
            if not abs(slope - given[place]) <= _CLOSE * abs(given[place]) + 1e-7:
                return False
            agreed += abs(given[place]) > 1e-4
    return agreed > 0
