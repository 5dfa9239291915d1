"""From a candidate and a seed to a report: thousands of cases, a verdict for each gradient.

The order of things: run the candidate in float64 while JAX computes the truth; settle what the
gradients are gradients of (`factor`), how precise the candidate can be, and what it takes g'(0)
for; then judge each quantity by itself. What lies outside of its bound is explained (`explain`),
shrunk (`shrink`) and, before it is called wrong, put to every witness (`witnesses.dissent`).
"""

from __future__ import annotations

import concurrent.futures
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from backproof.candidate import Candidate, is_arithmetic
from backproof.cases import Case, Scale
from backproof.counterexamples import (
    counterexample,
    failures_of,
    malformed,
    most_common_problem,
)
from backproof.explain import Explanation, explain, is_inside
from backproof.factors import (
    NO_RATE,
    Compared,
    factor_of,
    is_of_its_own_loss,
    lowest_of,
    several_of,
    times_of,
)
from backproof.findings import findings_of
from backproof.kinks import with_kink
from backproof.notation import slope_below
from backproof.reading.call import Outcome
from backproof.restrictions import restriction_of, shared_cases, shared_truths
from backproof.shrink import shrink
from backproof.verdict import (
    RIGHT_BELOW,
    WRONG_ABOVE,
    Counts,
    Quantity,
    Report,
    margins,
    worst,
)
from backproof.witnesses import Truth, dissent, truths

_REPEATED = 32  # cases answered twice, to see whether the answers differ
_EXPLAINED_FIRST = 24
_VISIBLE = 1e12  # error bounds, of a mistake in the first digits of a float64


def judge(
    candidate: Candidate,
    count: int,
    seed: int,
    *,
    told_factor: str | None = None,
    named: Collection[str] = (),
    convention: str = "columns are examples",
    line: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """The report on one candidate.

    One that errs or raises only where labels are shares is judged again on labels that are certain.

    Args:
        candidate: on trial; its `precision`, `factor` and `kink` are worked out here.
        count: how many cases.
        seed: of the cases.
        told_factor: what its gradients are said to be of: "1" (mean) or "n" (sum).
        named: the precisions below float64 that its source names.
        convention: for the report, in words.
        line: where the function stands in its file.
        progress: told what is going on.
    """
    told: dict[str, Any] = {
        "told_factor": told_factor,
        "named": named,
        "convention": convention,
        "line": line,
        "progress": progress,
    }
    started = time.perf_counter()
    cases = shared_cases(candidate.model, restriction_of(candidate.spec), count, seed)
    progress(f"{count:,} cases")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        # They are asked for again below, and remembered; here they are computed while it runs.
        pending = pool.submit(_truths_of_mean, candidate, count, seed)
        outcomes = candidate.answers(cases[:_REPEATED], repeat=True)
        outcomes += candidate.answers(cases[_REPEATED:]) if cases[_REPEATED:] else []
        pending.result()

    def report(**parts: object) -> Report:
        blank = Report(
            candidate.spec.function,
            candidate.model.name,
            candidate.activation if candidate.model.has_activation else None,
            convention,
            "unread",
            {},
            None,
            (),
            _counts(cases, {}),
            candidate.precision,
            seed,
            time.perf_counter() - started,
            None,
            line,
        )
        return blank._replace(**parts)  # type: ignore[arg-type] # the callers below name real fields

    answered = sum(bool(one.values) and not is_arithmetic(one.problem) for one in outcomes)
    if answered == 0 or (candidate.spec.guessed and 2 * answered < len(outcomes)):
        return report(problem=most_common_problem(outcomes))
    precision = lowest_of([*named, *(outcome.lowest for outcome in outcomes)])
    candidate = candidate._replace(precision=precision)
    known = _truths_of_mean(candidate, count, seed)
    several = several_of(candidate, cases, outcomes, known)
    if candidate.spec.rate_unknown:
        times = times_of(candidate, several, told_factor)
        if times is None:
            return report(problem=NO_RATE)
        spec = candidate.spec._replace(times=times.share)
        candidate = candidate._replace(spec=spec, times_error=times.error)
    factor, loss_decided = factor_of(candidate, several, told_factor)
    candidate = candidate._replace(factor=factor)
    truth = candidate.as_asked(cases, known)
    candidate, truth = with_kink(candidate, cases, outcomes, truth)

    judged: dict[str, _Judged] = {}
    names = candidate.judged
    if any("loss" in outcome.values or "loss" in outcome.faults for outcome in outcomes):
        names.append("loss")
    for name in names:
        if name == "loss" and candidate.spec.loss_term == "after" and not _all_right(judged):
            continue  # its L2 term is of what the steps should have made of the parameters
        progress(name)
        judged[name] = _judged(candidate, cases, outcomes, truth, name)
    wrong = [name for name, one in judged.items() if one.quantity.verdict == "wrong"]
    if _errs_on_shares_only(candidate, cases, outcomes, truth, wrong):
        certain = candidate.spec._replace(certain=True, times=1.0)
        again = candidate._replace(spec=certain, precision="float64", factor="1", kink=None)
        sure = judge(again, count, seed, **told)
        named = {**sure.gradients, **({"loss": sure.loss} if sure.loss else {})}
        left = {name for name, one in named.items() if one.verdict != "right"}
        if left < {*wrong} or any(_raised(one) for one in outcomes):
            return sure
    quantities = {name: _shown(candidate, name, one, progress) for name, one in judged.items()}
    explanations = {name: one.explanations for name, one in judged.items()}
    if candidate.spec.guessed and _is_another(candidate, several, quantities):
        return report(verdict="undecided", problem=_ANOTHER_LOSS)
    loss = quantities.pop("loss", None)
    if candidate.spec.absolute:  # and its gradients are not those of it
        loss = None
    findings = findings_of(
        candidate, cases, outcomes, quantities, explanations, told_factor, loss_decided
    )
    problem, failed = failures_of(candidate, cases, outcomes)
    verdicts = [q.verdict for q in (*quantities.values(), *([loss] if loss else []))]
    return report(
        verdict=worst([*verdicts, *failed]),
        gradients=quantities,
        loss=loss,
        findings=findings,
        cases=_counts(cases, _telling(candidate, cases, outcomes, truth)),
        precision=candidate.precision,
        seconds=time.perf_counter() - started,
        problem=problem,
    )


def _all_right(judged: Mapping[str, _Judged]) -> bool:
    return all(one.quantity.verdict == "right" for one in judged.values())


_ANOTHER_LOSS = (
    "its gradients are those of its own loss, by finite differences, but that loss is none that "
    "goes with the models: neither a cross-entropy nor half a squared error"
)


def _is_another(
    candidate: Candidate, several: Compared, quantities: Mapping[str, Quantity]
) -> bool:
    """Whether loss and gradients are wrong together, and go together."""
    wrong = {name for name, quantity in quantities.items() if quantity.verdict == "wrong"}
    return "loss" in wrong and len(wrong) > 1 and is_of_its_own_loss(candidate, several)


def _errs_on_shares_only(
    candidate: Candidate,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    truth: Sequence[Truth],
    wrong: Collection[str],
) -> bool:
    """Whether something that is wrong, or raises, is so only where a label is neither 0 nor 1."""
    shares = candidate.model.output in ("sigmoid", "softmax", "sigmoid_squared")
    if not shares or candidate.spec.certain or candidate.model.piece is not None:
        return False
    raises = any(_raised(outcome) for outcome in outcomes)
    if not wrong and not raises:
        return False
    certain = [
        i
        for i, case in enumerate(cases)
        if case.scale == "mild" and np.isin(case.arrays["y"], (0.0, 1.0)).all()
    ]
    if raises:  # it refuses them; the rest may be wrong
        return bool(certain) and not any(_raised(outcomes[i]) for i in certain)
    off = {
        name: [i for i in certain if not is_inside(outcomes[i], truth[i], name)] for name in wrong
    }
    if len(certain) == len(cases):
        return False
    if not all(off.values()) or not candidate.guards:
        return not all(off.values())
    known = sorted({i for found in off.values() for i in found})
    bare = candidate.answers([cases[i] for i in known], without_guards=True)
    without = dict(zip(known, bare, strict=True))
    return any(all(is_inside(without[i], truth[i], name) for i in off[name]) for name in off)


def _raised(outcome: Outcome) -> bool:
    return outcome.kind == "raised" and not is_arithmetic(outcome.problem)


def _truths_of_mean(candidate: Candidate, count: int, seed: int) -> Sequence[Truth]:
    """What is true of the mean loss, with the reference's g'(0)."""
    of = candidate.model, restriction_of(candidate.spec), count, seed
    return shared_truths(*of, candidate.activation, candidate.precision)


# --- one quantity ------------------------------------------------------------------------------


class _Judged(NamedTuple):
    """A verdict, why cases lie outside of the bound, and the case in which it is wrong."""

    quantity: Quantity
    explanations: Counter[Explanation]
    case: Case | None = None


def _judged(
    candidate: Candidate,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    truth: Sequence[Truth],
    name: str,
) -> _Judged:
    tally: Counter[Explanation] = Counter()
    inside, outside = 0.0, []
    judged: set[int] = set()
    if any(name in outcome.faults for outcome in outcomes):
        return _Judged(malformed(candidate, cases, outcomes, truth, name), tally)
    found = _margins_of(outcomes, truth, name)
    for i, m in found.items():
        if m <= RIGHT_BELOW:
            inside = max(inside, m)
            judged.add(i)
        else:
            outside.append(i)
    if candidate.guards and outside:
        bare = candidate.answers([cases[i] for i in outside], without_guards=True)
        guarded = {
            i for i, one in zip(outside, bare, strict=True) if is_inside(one, truth[i], name)
        }
        tally["guarded"] += len(guarded)
        judged |= guarded
        outside = [i for i in outside if i not in guarded]
    outside_mild = sum(cases[i].scale == "mild" for i in outside)
    # Mild and small first: there a mistake is a mistake, and easy to show.
    outside.sort(key=lambda i: (cases[i].scale == "hard", cases[i].numbers()))
    unsure: list[Case] = []
    # A few at first, because one mistake among them settles it.
    for some in (outside[:_EXPLAINED_FIRST], outside[_EXPLAINED_FIRST:]):
        if not some:
            break
        chunk = [cases[i] for i in some]
        told = explain(candidate, chunk, name)
        tally.update(told)
        if tally["rounding"]:  # asked again, it answers what it should have at first
            why = f"in {tally['rounding']:,} cases it answered otherwise when asked again"
            return _Judged(Quantity("undecided", float("nan"), why), tally)
        for i, explanation in zip(some, told, strict=True):
            if explanation == "mistake" and not found[i] <= WRONG_ABOVE:
                why = f"outside of its error bound in {len(outside):,} of {len(cases):,} cases"
                return _Judged(Quantity("wrong", found[i], why), tally, cases[i])
            if explanation in ("mistake", "unsure"):
                unsure.append(cases[i])
    if 2 * outside_mild > sum(case.scale == "mild" for case in cases) > 0:
        why = "in most mild cases it loses more digits than any stable form would"
        return _Judged(Quantity("undecided", float("nan"), why), tally)
    if unsure:
        why = f"{len(unsure)} of {len(cases):,} cases lie too near the border to tell"
        near = _margins(candidate, unsure[:1], name)[0]
        return _Judged(Quantity("undecided", near, why), tally)
    if not any(candidate.tells(cases[i], truth[i], name) for i in judged):
        return _Judged(
            Quantity("undecided", float("nan"), "no case could have shown a mistake"), tally
        )
    return _Judged(Quantity("right", inside), tally)


def _shown(
    candidate: Candidate, name: str, judged: _Judged, progress: Callable[[str], None]
) -> Quantity:
    """Its quantity; a wrong one with a case that is small and clear, agreed by all witnesses."""
    quantity, _, case = judged
    if case is None:
        return quantity
    progress(name)
    # A case at a kink would leave the reader wondering about g'(0): it has to be wrong for any.
    kinks = (0.0, 1.0) if slope_below(candidate.activation) is not None else (candidate.kink,)

    # What is left after shrinking should differ in digits that people read, if the case does.
    enough = min(_VISIBLE, _margins(candidate, [case], name)[0] ** 0.75)

    def still_wrong(tried: Sequence[Case]) -> list[bool]:
        tried = [candidate.restricted(one) for one in tried]
        border = max(WRONG_ABOVE, enough) if np.isfinite(enough) else WRONG_ABOVE
        wrong = list(range(len(tried)))
        for kink in kinks:  # most are settled by the first
            own = candidate._replace(kink=kink)
            found = _margins(own, [tried[i] for i in wrong], name)
            wrong = [i for i, m in zip(wrong, found, strict=True) if not m <= border]
        return [i in wrong for i in range(len(tried))]

    smallest = case
    if still_wrong([case]) == [True]:
        smallest = candidate.restricted(
            shrink(candidate.model, case, still_wrong, candidate.spec.fixed)
        )
        if explain(candidate, [smallest], name) != ["mistake"]:
            smallest = case
    shown = counterexample(candidate, smallest, name)
    if candidate.kink is None:
        known = truths(candidate.model, [smallest], candidate.activation)[0]
        doubt = dissent(candidate.model, smallest, known, candidate.activation)
        if doubt:
            return Quantity("undecided", shown.margin, f"the witnesses disagree: {doubt}")
    return quantity._replace(margin=shown.margin, counterexample=shown)


def _margins(candidate: Candidate, cases: Sequence[Case], name: str) -> list[float]:
    """The margin in each case; 0 where the candidate gave nothing to compare."""
    found = _margins_of(candidate.answers(cases), candidate.truths(cases), name)
    return [found.get(i, 0.0) for i in range(len(cases))]


def _margins_of(outcomes: Sequence[Outcome], truth: Sequence[Truth], name: str) -> dict[int, float]:
    """By case, where the candidate gave something to compare."""
    given = [i for i, outcome in enumerate(outcomes) if name in outcome.values]
    found = margins(
        [outcomes[i].values[name] for i in given],
        [truth[i].values[name] for i in given],
        [truth[i].bounds[name] for i in given],
    )
    return dict(zip(given, found, strict=True))


# --- counts ------------------------------------------------------------------------------------


def _telling(
    candidate: Candidate,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    truth: Sequence[Truth],
) -> dict[int, bool]:
    """By case: whether any of its gradients could have shown a mistake."""
    # From the last, because the output's bias is the smallest and tells the most.
    names = candidate.judged[::-1] or ["loss"]
    return {
        i: any(name in outcome.values and candidate.tells(case, known, name) for name in names)
        for i, (case, outcome, known) in enumerate(zip(cases, outcomes, truth, strict=True))
    }


def _counts(cases: Sequence[Case], telling: Mapping[int, bool]) -> dict[Scale, Counts]:
    counts: dict[Scale, Counts] = {}
    for i, case in enumerate(cases):
        drawn, judged = counts.get(case.scale, Counts(0, 0))
        counts[case.scale] = Counts(drawn + 1, judged + telling.get(i, False))
    return dict(sorted(counts.items()))
