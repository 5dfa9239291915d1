"""What a candidate takes g'(0) for, where its activation has a kink: one number for all cases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backproof.candidate import Candidate
from backproof.cases import Case
from backproof.explain import explain, is_inside
from backproof.notation import slope_below
from backproof.reading.call import Outcome
from backproof.witnesses import Truth, truths

_NEAR_A_SLOPE = 1e-2  # a share is known to 1e-3: there a kink's step is 1e3 error bounds


def with_kink(
    candidate: Candidate,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    truth: list[Truth],
) -> tuple[Candidate, list[Truth]]:
    """The candidate with the g'(0) that explains its kinks, and what is true with it."""
    usual = slope_below(candidate.activation)
    if usual is None or not candidate.model.has_activation:
        return candidate, truth
    places = [i for i, case in enumerate(cases) if case.scale == "integer"]
    kink = find_kink(candidate, [cases[i] for i in places], [outcomes[i] for i in places])
    if kink is None or kink == usual:
        return candidate, truth
    candidate = candidate._replace(kink=kink)
    for i, known in zip(places, candidate.truths([cases[i] for i in places]), strict=True):
        truth[i] = known
    return candidate, truth


def find_kink(
    candidate: Candidate, cases: Sequence[Case], outcomes: Sequence[Outcome]
) -> float | None:
    """The one number g'(0) in [0, 1] that explains all kinks in these cases.

    None where no case meets a kink or no such number exists.
    """
    if candidate.guards:  # which move nearly every case
        outcomes = candidate.answers(cases, without_guards=True)
    at_zero, at_one = (
        truths(candidate.model, cases, candidate.activation, candidate.precision, kink)
        for kink in (0.0, 1.0)
    )
    for name in candidate.judged:
        shares: list[NDArray] = []
        for case, outcome, zero, one in zip(cases, outcomes, at_zero, at_one, strict=True):
            if name in outcome.values:
                step = one.values[name] - zero.values[name]
                given = candidate.gradient_given(case, name, outcome.values[name])
                value = given / candidate.scale(case, name)
                share = value - zero.values[name]
                kinked = (np.abs(step) > 1e3 * zero.bounds[name]) & np.isfinite(share)
                shares.append(share[kinked] / step[kinked])
        for kink in _slopes(shares):
            if _explains(candidate._replace(kink=kink), cases, outcomes, name):
                return kink
    return None


def _slopes(shares: Sequence[NDArray]) -> list[float]:
    """What g'(0) may be: the number in [0, 1] that most shares are near, short if it can be."""
    together = np.concatenate(shares).astype(np.float64) if shares else np.empty(0)
    if together.size == 0:
        return []
    middle = float(np.median(together))
    if np.mean(np.abs(together - middle) < _NEAR_A_SLOPE) < 0.5:
        return []
    tried = dict.fromkeys((round(middle, 2), round(middle, 6), middle))
    return [kink for kink in tried if 0.0 <= kink <= 1.0]


def _explains(
    candidate: Candidate, cases: Sequence[Case], outcomes: Sequence[Outcome], name: str
) -> bool:
    """Whether, with the candidate's `kink`, no case is left in which `name` is a mistake."""
    known = candidate.truths(cases)
    outside = [
        case
        for case, outcome, truth in zip(cases, outcomes, known, strict=True)
        if name in outcome.values and not is_inside(outcome, truth, name)
    ]
    return not outside or "mistake" not in explain(candidate, outside, name)
