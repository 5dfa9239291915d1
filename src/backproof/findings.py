"""What is worth knowing of a candidate beside its verdict. None of it is an error.

The five kinds are explained in docs/verdicts.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from backproof.candidate import FACTORS, Candidate
from backproof.cases import Case
from backproof.explain import Explanation
from backproof.notation import slope_below
from backproof.reading.call import Outcome
from backproof.verdict import WRONG_ABOVE, Finding, Quantity, margin

_IN_FLOAT32 = 128  # cases run in float32 as well


def findings_of(
    candidate: Candidate,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    quantities: Mapping[str, Quantity],
    explanations: Mapping[str, Counter[Explanation]],
    told_factor: str | None,
    loss_decided: bool,
) -> tuple[Finding, ...]:
    """All findings.

    Args:
        candidate: with its precision, factor and kink worked out.
        cases: the cases it was judged on.
        outcomes: its answers to them in float64.
        quantities: the verdicts on its gradients.
        explanations: by quantity, why answers lay outside of their bounds.
        told_factor: what its gradients were said to be of, if anything was said.
        loss_decided: whether its own loss said what its gradients are of.
    """
    return (
        *_explained(explanations),
        *_convention(candidate),
        *_certain(candidate),
        *_scaled(candidate, told_factor, loss_decided),
        *_impure(outcomes),
        *_in_float32(candidate, cases, quantities),
    )


def _explained(explanations: Mapping[str, Counter[Explanation]]) -> list[Finding]:
    findings = []
    unstable = {name: tally["unstable"] for name, tally in explanations.items()}
    guarded = {name: tally["guarded"] for name, tally in explanations.items()}
    if any(unstable.values()):
        text = "the formula is right but loses digits or overflows; a stable form exists"
        findings.append(Finding("unstable", f"{text} ({_listed(unstable)})"))
    if any(guarded.values()):
        text = "right up to a small constant in the code that avoids a division by or log of zero"
        findings.append(Finding("guarded", f"{text} ({_listed(guarded)})"))
    return findings


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{name} in {count:,} {'case' if count == 1 else 'cases'}"
        for name, count in counts.items()
        if count
    )


def _convention(candidate: Candidate) -> list[Finding]:
    if candidate.kink is None:
        return []
    usual = slope_below(candidate.activation)
    text = f"takes g'(0) = {candidate.kink:g} at the kink; the reference takes {usual:g}"
    return [Finding("convention", text)]


def _certain(candidate: Candidate) -> list[Finding]:
    if not candidate.spec.certain:
        return []
    return [Finding("convention", "right where each label is 0 or 1; shares between are no labels")]


def _scaled(candidate: Candidate, told: str | None, loss_decided: bool) -> list[Finding]:
    if candidate.spec.rate_unknown and candidate.spec.times * (candidate.spec.rate or 1.0) != 1.0:
        text = f"its steps are {candidate.spec.times:g} times what they would be at the rate given"
        if candidate.spec.rate is not None:
            text = (
                f"its steps are {candidate.spec.times * candidate.spec.rate:g} times the gradient"
            )
        return [Finding("scaled", f"{text}; that is taken for its learning rate")]
    if candidate.factor == "1" or told is not None:
        return []
    if candidate.model.piece is not None:
        text = "averages dW and db over the examples, so dZ has to be of each example's own loss"
        return [Finding("scaled", text)]
    why = "as its own loss is" if loss_decided else "nothing in the file says mean"
    return [Finding("scaled", f"the gradient of {FACTORS[candidate.factor]}: {why}")]


def _impure(outcomes: Sequence[Outcome]) -> list[Finding]:
    findings = []
    changed = sorted({name for outcome in outcomes for name in outcome.changed})
    if changed:
        findings.append(Finding("impure", f"changes its inputs in place: {', '.join(changed)}"))
    if any(outcome.differs for outcome in outcomes):
        text = "answers differently when called again on the same inputs"
        findings.append(Finding("impure", text))
    return findings


def _in_float32(
    candidate: Candidate, cases: Sequence[Case], quantities: Mapping[str, Quantity]
) -> list[Finding]:
    """float64 has decided the mathematics; this is about the accuracy."""
    right = [name for name, quantity in quantities.items() if quantity.verdict == "right"]
    if candidate.precision != "float64" or not right:
        return []
    some = list(cases[:_IN_FLOAT32])
    outcomes = candidate.answers(some, "float32")
    known = candidate._replace(precision="float32").truths(some)
    largest = float(np.finfo(np.float32).max) * 1e-2
    lost: Counter[str] = Counter()
    for outcome, truth in zip(outcomes, known, strict=True):
        for name in right:
            if name not in outcome.values or np.max(np.abs(truth.values[name])) > largest:
                continue
            m = margin(outcome.values[name], truth.values[name], truth.bounds[name])
            lost[name] += not m <= WRONG_ABOVE
    if not any(lost.values()):
        return []
    text = f"in float32 it loses digits or overflows ({_listed(lost)} of {len(some)})"
    return [Finding("unstable", text)]
