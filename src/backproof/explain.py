"""Why an answer lies outside of its error bound: rounding after all, a guard, or a mistake.

Mistakes do not care about precision, rounding does. An answer outside of the bound is run again in
long double: if its distance from the truth shrinks with u, the formula is right and loses digits
(unstable); if it stays, it is a mistake. Where the function does not compute in long double (it
stores into float64 arrays, say), its inputs are moved by a few units in the last place instead: an
unstable answer jumps about, a mistake stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.candidate import Candidate
from backproof.cases import Case
from backproof.error_bounds import FORMATS
from backproof.reading.call import Outcome
from backproof.verdict import RIGHT_BELOW, distances, margin
from backproof.witnesses import Truth, reference

Explanation: TypeAlias = Literal["rounding", "unstable", "guarded", "mistake", "unsure"]

_HAS_LONG_DOUBLE = bool(np.finfo(np.longdouble).eps < np.finfo(np.float64).eps)
# Between float64 and long double u shrinks by 2^11, and rounding with it, while a mistake stays:
# the border is half way, and within a factor 2 of it nothing is said.
_SHRINKING = 2.0**5.5
_JITTERS = 4
_HALVINGS = (2, 4, 6, 8, 10, 12)


def explain(candidate: Candidate, cases: Sequence[Case], name: str) -> list[Explanation]:
    """Why `name` ("dW1", "loss") is outside of its bound in each of the cases."""
    explanations = _by_precision(candidate, cases, name, without_guards=False)
    open_cases = [i for i, e in enumerate(explanations) if e in ("mistake", "unsure")]
    if open_cases and candidate.guards:
        twins = _by_precision(candidate, [cases[i] for i in open_cases], name, without_guards=True)
        for i, twin in zip(open_cases, twins, strict=True):
            if twin in ("rounding", "unstable"):
                explanations[i] = "guarded"
    return explanations


def _by_precision(
    candidate: Candidate, cases: Sequence[Case], name: str, *, without_guards: bool
) -> list[Explanation]:
    outcomes = candidate.answers(cases, without_guards=without_guards)
    known = candidate.truths(cases)
    explanations: list[Explanation] = ["mistake"] * len(cases)
    infinite: list[int] = []
    outside: list[tuple[int, float]] = []
    for i, (outcome, truth) in enumerate(zip(outcomes, known, strict=True)):
        if name not in outcome.values:
            continue
        m = _margin(outcome, truth, name)
        if m <= RIGHT_BELOW:
            explanations[i] = "rounding"
        elif np.isnan(m) or outcome.overflowed:  # an infinity on the way can end in any number
            infinite.append(i)
        else:
            outside.append((i, m))
    if outside:
        asked = [(cases[i], known[i], m) for i, m in outside]
        told = _noise(candidate, asked, name, without_guards)
        for (i, _), explanation in zip(outside, told, strict=True):
            explanations[i] = explanation
    for i, explanation in zip(
        infinite,
        _scaled_down(candidate, [cases[i] for i in infinite], name, without_guards),
        strict=True,
    ):
        explanations[i] = explanation
    return explanations


def is_inside(outcome: Outcome, known: Truth, name: str) -> bool:
    """Whether `name` was answered, and as near to the truth as rounding leaves it."""
    return name in outcome.values and _margin(outcome, known, name) <= RIGHT_BELOW


def _margin(outcome: Outcome, truth: Truth, name: str) -> float:
    return margin(outcome.values[name], truth.values[name], truth.bounds[name])


def _noise(
    candidate: Candidate,
    asked: Sequence[tuple[Case, Truth, float]],
    name: str,
    without_guards: bool,
) -> list[Explanation]:
    """In long double where the function computes in it, by moving its inputs where it does not.

    `asked` are cases, what is true of them, and the margins in float64.
    """
    outcomes = candidate.answers([case for case, _, _ in asked], "longdouble", without_guards)
    explanations: list[Explanation] = []
    for (case, truth, m), outcome in zip(asked, outcomes, strict=True):
        value = outcome.values.get(name)
        if not _HAS_LONG_DOUBLE or value is None or value.dtype != np.longdouble:
            explanations.append(_by_jitter(candidate, case, name, without_guards))
            continue
        if candidate.kink is not None or candidate.spec.loss_term == "after":
            # The derivation by hand knows one g'(0) only, and no steps; float64 comes no nearer.
            exact: NDArray = truth.values[name].astype(np.longdouble)
        else:
            true = reference(candidate.model, case.arrays, candidate.activation)[name]
            exact = candidate.asked(case, name, true)
        shrunk = m / max(margin(value, exact, truth.bounds[name]), 1e-300)
        if not shrunk > _SHRINKING / 2.0:
            explanations.append("mistake")
        else:
            explanations.append("unstable" if shrunk > _SHRINKING * 2.0 else "unsure")
    return explanations


def _by_jitter(candidate: Candidate, case: Case, name: str, without_guards: bool) -> Explanation:
    if case.scale == "integer":
        return "mistake"  # its sums are exact, so there is no rounding to jump about
    u = float(FORMATS[candidate.precision].u)
    rng = np.random.default_rng(0)
    moved = [case]
    target = candidate.model.target
    given = {target: case.arrays[target]}
    for _ in range(_JITTERS):
        arrays = {
            tensor: array * (1.0 + 4.0 * u * rng.choice([-1.0, 1.0], size=array.shape))
            for tensor, array in case.arrays.items()
            if tensor != target
        }
        moved.append(candidate.restricted(Case({**arrays, **given}, case.scale)))
    outcomes = candidate.answers(moved, without_guards=without_guards)
    known = candidate.truths(moved)
    if any(name not in outcome.values for outcome in outcomes):
        return "unsure"
    first = distances(outcomes[0].values[name], known[0].values[name], known[0].bounds[name])
    entry = np.unravel_index(int(np.argmax(first)), first.shape)
    apart = np.array(
        [
            float(outcome.values[name][entry] - truth.values[name][entry])
            for outcome, truth in zip(outcomes, known, strict=True)
        ]
    )
    spread = np.ptp(apart) / abs(apart[0])
    if not spread > 1.0 / 32.0:
        return "mistake"
    return "unstable" if spread > 1.0 / 8.0 else "unsure"


def _scaled_down(
    candidate: Candidate, cases: Sequence[Case], name: str, without_guards: bool
) -> list[Explanation]:
    """Not finite, or by way of infinity: unstable if the same case at a smaller scale is right."""
    explanations: list[Explanation] = ["mistake"] * len(cases)
    waiting = list(range(len(cases)))
    for halvings in _HALVINGS:
        if not waiting:
            break
        smaller = [_scaled(cases[i], 2.0**-halvings) for i in waiting]
        outcomes = candidate.answers(smaller, without_guards=without_guards)
        finite = [
            name in outcome.values
            and bool(np.all(np.isfinite(outcome.values[name])))
            and not outcome.overflowed
            for outcome in outcomes
        ]
        judged = [case for case, ok in zip(smaller, finite, strict=True) if ok]
        if judged:
            told = iter(_by_precision(candidate, judged, name, without_guards=without_guards))
            for i, ok in zip(waiting, finite, strict=True):
                if ok:
                    answer = next(told)
                    explanations[i] = "unstable" if answer == "rounding" else answer
        waiting = [i for i, ok in zip(waiting, finite, strict=True) if not ok]
    return explanations


def _scaled(case: Case, factor: float) -> Case:
    arrays = {
        tensor: array if tensor == "y" else array * factor for tensor, array in case.arrays.items()
    }
    return Case(arrays, case.scale)
