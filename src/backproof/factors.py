"""What a candidate's gradients are gradients of, how it takes steps, and how it computes.

Its own loss says what its gradients are of; where it states none, only the sum passes for the mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from backproof.candidate import Candidate
from backproof.cases import Case
from backproof.error_bounds import FORMATS
from backproof.reading.call import Outcome
from backproof.witnesses import Truth, truths

_COMPARED = 100  # mild cases, to see what the gradients are gradients of
_DIFFERENCED = 6  # of them, in which its own loss is differenced
_ZEROED = 6  # of them, in which parameters are put to 0
_STEP = 1e-5
_KNOWN = 1e-8  # relative: of a constant that is less certain too little could be said
_ROUNDED = 16.0  # units of rounding, of a constant that has few digits
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


def times_of(candidate: Candidate, compared: Compared, told: str | None) -> Share | None:
    """What its steps are of the rate times the gradient, if that is one number in all cases.

    A constant says nothing of the gradient where nobody knows the rate. It has to be one and the
    same for every parameter that has one; the factor of a sum is none, because n differs. Guards
    move the steps by more than rounding does, so that it is looked for without them first.

    None where there is no such number, or where too few of its digits are left in the parameters.
    """
    if candidate.spec.portion:  # of all examples, with which a step is what it is meant to be
        candidate = candidate._replace(spec=candidate.spec._replace(portion=0.0))
        answers = candidate.answers([case for case, _, _ in compared])
        compared = [(c, one, truth) for (c, _, truth), one in zip(compared, answers, strict=True)]
    compared = [*compared, *_from_zero(candidate, [case for case, _, _ in compared])]
    if candidate.guards:
        bare = candidate.answers([case for case, _, _ in compared], without_guards=True)
        without = [
            (case, outcome, truth) for (case, _, truth), outcome in zip(compared, bare, strict=True)
        ]
        found = _one_constant(candidate, without, told)
        if found is not None:
            return found
    return _one_constant(candidate, compared, told)


def _from_zero(candidate: Candidate, cases: Sequence[Case]) -> Compared:
    """Some of the cases with biases of 0, and with parameters of 0, of which a step keeps all."""
    parameters = candidate.model.parameters
    biases = [name for name in parameters if name.startswith("b")]
    moved = [
        Case({n: np.zeros_like(a) if n in zero else a for n, a in case.arrays.items()}, case.scale)
        for case in cases[:_ZEROED]
        for zero in (biases, parameters)
    ]
    known = truths(candidate.model, moved, candidate.activation, candidate.precision)
    return list(zip(moved, candidate.answers(moved), known, strict=True))


class Share(NamedTuple):
    """What a step is of the one expected, and by how much of itself that may be off."""

    share: float
    error: float


def _one_constant(candidate: Candidate, compared: Compared, told: str | None) -> Share | None:
    factors = (told,) if told else dict.fromkeys((candidate.spec.stated or "1", "1", "n"))
    for factor in factors:
        own = candidate._replace(factor=factor)
        each = [_constant(own, compared, name) for name in candidate.judged]
        constants = [one for one in each if one is not None and one.share > 0.0]
        shares = [one.share for one in constants]
        if shares and max(shares) <= min(shares) * (1.0 + _CLOSE):
            found = min(constants, key=lambda one: one.error)
            short = float(f"{found.share:.6g}")
            if abs(short - found.share) <= max(1e-13, found.error) * short:
                return Share(short, _ROUNDED * float(FORMATS[candidate.precision].u))
            return found if found.error < _KNOWN else None
    return None


def _constant(candidate: Candidate, compared: Compared, name: str) -> Share | None:
    """What a parameter's steps are of those expected, where that is one number in most cases."""
    found = [
        share
        for case, outcome, truth in compared
        if (share := _share(candidate, case, outcome, truth, name)) is not None
    ]
    if not found:
        return None
    middle = float(np.median([one.share for one in found]))
    near = [one for one in found if abs(one.share - middle) <= _CLOSE * abs(middle)]
    return min(near, key=lambda one: one.error) if len(near) > 0.9 * len(found) else None


def _share(
    candidate: Candidate, case: Case, outcome: Outcome, truth: Truth, name: str
) -> Share | None:
    """At the largest entry; None where nothing was expected."""
    if name not in outcome.values:
        return None
    given = candidate.gradient_given(case, name, outcome.values[name])
    expected = candidate.scale(case, name) * truth.values[name]
    entry = np.unravel_index(int(np.argmax(np.abs(expected))), expected.shape)
    largest = float(np.abs(expected[entry]))
    before = float(np.abs(case.arrays[name[1:]][entry]))
    if largest <= 1e-6 * max(before, 1e-3):
        return None
    share = float(given[entry]) / float(expected[entry])
    if not np.isfinite(share) or share == 0.0:
        return None
    u = float(FORMATS[candidate.precision].u)
    step = abs(share) * candidate.rate(case) * largest
    bound = abs(candidate.scale(case, name)) * float(truth.bounds[name][entry])
    return Share(share, u * (2.0 * before / step + _ROUNDED) + bound / largest)


def factor_of(candidate: Candidate, compared: Compared, told: str | None) -> tuple[str, bool]:
    """What the gradients are of, and whether the candidate's own loss said so."""
    if told is not None:
        return told, False
    losses = [
        (
            case,
            outcome.values["loss"] - candidate.penalty(case, "loss", outcome.values),
            truth.values["loss"],
        )
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
    near = {factor: _gradients_near(candidate, compared, factor) for factor in tried}
    # Of as many, those of the file's own measure.
    return max(tried, key=lambda factor: (near[factor], factor == candidate.spec.measured)), False


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
