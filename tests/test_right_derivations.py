from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import pytest

import backproof.judge
from backproof.candidate import Candidate
from backproof.cases import Case
from backproof.explain import Explanation, explain
from backproof.judge import judge
from backproof.reading.guards import precisions_named
from candidates import candidate
from right_derivations import Derivation
from right_derivations_more import RIGHT

MOST_UNDECIDED = 1e-3
CHUNK = 2000
derivations = pytest.mark.parametrize("derivation", RIGHT, ids=lambda d: d.name)
# Nightly, those of activations for which no other test has the programs compiled.
SELDOM = ("softplus", "gelu_tanh")
ONCE = [
    pytest.param(d, marks=[pytest.mark.nightly] if d.activation in SELDOM else [], id=d.name)
    for d in RIGHT
]


class Tried(NamedTuple):
    """What came of many cases: verdicts by name, findings, how many cases were unsure."""

    verdicts: Counter[str]
    findings: Counter[str]
    unsure: int
    margin: float
    why: Sequence[str]


@pytest.fixture
def unsure(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The cases (their ids) that were too near the border to tell, as they come."""
    found: set[int] = set()

    def watched(candidate: Candidate, cases: Sequence[Case], name: str) -> list[Explanation]:
        told = explain(candidate, cases, name)
        found.update(id(case) for case, why in zip(cases, told, strict=True) if why == "unsure")
        return told

    monkeypatch.setattr(backproof.judge, "explain", watched)
    return found


def try_out(tried: Derivation, count: int, seed: int, unsure: set[int]) -> Tried:
    on_trial = candidate(tried.backward, tried.model, tried.activation, tried.loss)
    unsure.clear()
    report = judge(on_trial, count, seed, named=precisions_named(tried.backward))
    quantities = {**report.gradients, **({"loss": report.loss} if report.loss else {})}
    margins = [q.margin for q in quantities.values() if not math.isnan(q.margin)]
    why = [f"{q}: {told.verdict}, {told.why}" for q, told in quantities.items() if told.why]
    return Tried(
        Counter(q.verdict for q in quantities.values()),
        Counter(finding.kind for finding in report.findings),
        len(unsure),
        max(margins, default=0.0),
        [*why, *([report.problem] if report.problem else [])],
    )


def told(derivation: Derivation, tried: Tried, count: int) -> str:
    verdicts = ", ".join(f"{n} {verdict}" for verdict, n in tried.verdicts.items())
    return (
        f"{derivation.name:36s} {derivation.model:20s} {derivation.activation:10s} {count:6,} cases"
        f"  {verdicts:24s} {tried.unsure:3d} unsure  margin {tried.margin:7.3f}"
        f"  {', '.join(sorted(tried.findings))}"
    )


def test_there_are_enough_and_all_are_unlike() -> None:
    assert len(RIGHT) >= 14
    assert len({d.name for d in RIGHT}) == len(RIGHT)


@pytest.mark.parametrize("derivation", ONCE)
def test_is_right(derivation: Derivation, unsure: set[int]) -> None:
    tried = try_out(derivation, 150, 0, unsure)
    print(told(derivation, tried, 150))
    assert set(tried.verdicts) == {"right"}, tried.why


@pytest.mark.nightly
@derivations
def test_is_never_wrong(derivation: Derivation, unsure: set[int]) -> None:
    whole = Tried(Counter(), Counter(), 0, 0.0, [])
    for seed in range(1, 11):
        tried = try_out(derivation, CHUNK, seed, unsure)
        whole = Tried(
            whole.verdicts + tried.verdicts,
            whole.findings + tried.findings,
            whole.unsure + tried.unsure,
            max(whole.margin, tried.margin),
            [*whole.why, *(f"seed {seed}: {why}" for why in tried.why)],
        )
    print(told(derivation, whole, 10 * CHUNK), *whole.why, sep="\n    ")
    assert set(whole.verdicts) <= {"right", "undecided"}, whole.why
    assert whole.unsure <= MOST_UNDECIDED * 10 * CHUNK, whole.why
