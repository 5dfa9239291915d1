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
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.cases import Arrays, Case, Scale, sizes_of
from backproof.error_bounds import FORMATS
from backproof.explain import (
    Candidate,
    Explanation,
    explain,
    find_kink,
    is_arithmetic,
)
from backproof.findings import findings_of
from backproof.notation import slope_below
from backproof.reading.call import Outcome
from backproof.reading.convention import laid_out, to_theirs
from backproof.restrictions import restriction_of, shared_cases, shared_truths
from backproof.shrink import shrink
from backproof.verdict import (
    RIGHT_BELOW,
    WRONG_ABOVE,
    Counterexample,
    Counts,
    Quantity,
    Report,
    Verdict,
    distances,
    margin,
    worst,
)
from backproof.witnesses import Truth, dissent, truths

_REPEATED = 32  # cases answered twice, to see whether the answers differ
_EXPLAINED_FIRST = 24
_COMPARED = 100  # mild cases, to see what the gradients are gradients of
_VISIBLE = 1e12  # error bounds, of a mistake in the first digits of a float64
_CLOSE = 1e-3  # relative: as near as a loss must be to another to be meant for it


def judge(
    candidate: Candidate,
    count: int,
    seed: int,
    *,
    told_factor: str | None = None,
    lowest_named: str | None = None,
    convention: str = "columns are examples",
    line: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """The report on one candidate.

    One that errs only where labels are shares is judged again on labels that are certain.

    Args:
        candidate: on trial; its `precision`, `factor` and `kink` are worked out here.
        count: how many cases.
        seed: of the cases.
        told_factor: what its gradients are said to be of: "1" (mean) or "n" (sum).
        lowest_named: the lowest precision its source names, if below float64.
        convention: for the report, in words.
        line: where the function stands in its file.
        progress: told what is going on.
    """
    told: dict[str, Any] = {
        "told_factor": told_factor,
        "lowest_named": lowest_named,
        "convention": convention,
        "line": line,
        "progress": progress,
    }
    started = time.perf_counter()
    cases = shared_cases(candidate.model, restriction_of(candidate.spec), count, seed)
    progress(f"{count:,} cases")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pending = pool.submit(_truths, candidate, count, seed)
        outcomes = candidate.answers(cases[:_REPEATED], repeat=True)
        outcomes += candidate.answers(cases[_REPEATED:]) if cases[_REPEATED:] else []
        truth = pending.result()

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

    if not any(outcome.values for outcome in outcomes if not is_arithmetic(outcome.problem)):
        return report(problem=_most_common_problem(outcomes))
    precision = _precision(outcomes, lowest_named)
    if precision != "float64":
        candidate = candidate._replace(precision=precision)
        truth = _truths(candidate, count, seed)
    several = _several(candidate, cases, outcomes)
    times = _times(candidate, several, told_factor) if candidate.spec.rate_unknown else 1.0
    if times is None:
        return report(problem=_NO_RATE)
    candidate = candidate._replace(spec=candidate.spec._replace(times=times))
    factor, loss_decided = _factor(candidate, several, told_factor)
    if factor != candidate.factor or times != 1.0:
        candidate = candidate._replace(factor=factor)
        truth = _truths(candidate, count, seed)
    candidate, truth = _with_kink(candidate, cases, outcomes, truth)

    quantities: dict[str, Quantity] = {}
    explanations: dict[str, Counter[Explanation]] = {}
    names = candidate.judged
    if any("loss" in outcome.values or "loss" in outcome.faults for outcome in outcomes):
        names.append("loss")
    for name in names:
        progress(name)
        quantities[name], explanations[name] = _quantity(candidate, cases, outcomes, truth, name)
    if _errs_on_shares_only(candidate, cases, outcomes, truth, quantities):
        certain = candidate.spec._replace(certain=True, times=1.0)
        again = candidate._replace(spec=certain, precision="float64", factor="1", kink=None)
        return judge(again, count, seed, **told)
    loss = quantities.pop("loss", None)
    findings = findings_of(
        candidate, cases, outcomes, quantities, explanations, told_factor, loss_decided
    )
    problem, failed = _failures(candidate, cases, outcomes)
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


def _errs_on_shares_only(
    candidate: Candidate,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    truth: Sequence[Truth],
    quantities: Mapping[str, Quantity],
) -> bool:
    """Whether all that is wrong is so where a label is neither 0 nor 1."""
    wrong = [name for name, quantity in quantities.items() if quantity.verdict == "wrong"]
    shares = candidate.model.output in ("sigmoid", "softmax", "sigmoid_squared")
    if not wrong or not shares or candidate.spec.certain or candidate.model.piece is not None:
        return False
    certain = [
        (outcome, known)
        for case, outcome, known in zip(cases, outcomes, truth, strict=True)
        if case.scale == "mild" and np.isin(case.arrays["y"], (0.0, 1.0)).all()
    ]
    return len(certain) < len(cases) and all(
        _is_inside(outcome, known, name) for outcome, known in certain for name in wrong
    )


def _truths(candidate: Candidate, count: int, seed: int) -> list[Truth]:
    """What it should answer, with the reference's g'(0)."""
    of = candidate.model, restriction_of(candidate.spec), count, seed
    known = shared_truths(*of, candidate.activation, candidate.precision)
    return [
        candidate.as_asked(case, truth)
        for case, truth in zip(shared_cases(*of), known, strict=True)
    ]


# --- one quantity ------------------------------------------------------------------------------


def _quantity(
    candidate: Candidate,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    truth: Sequence[Truth],
    name: str,
) -> tuple[Quantity, Counter[Explanation]]:
    tally: Counter[Explanation] = Counter()
    inside, outside = 0.0, []
    judged: set[int] = set()
    for i, (outcome, known) in enumerate(zip(outcomes, truth, strict=True)):
        if name in outcome.faults:
            return _malformed(candidate, cases, outcomes, truth, name), tally
        if name not in outcome.values:
            continue
        m = margin(outcome.values[name], known.values[name], known.bounds[name])
        if m <= RIGHT_BELOW:
            inside = max(inside, m)
            judged.add(i)
        else:
            outside.append(i)
    if candidate.guards and outside:
        bare = candidate.answers([cases[i] for i in outside], without_guards=True)
        guarded = {
            i for i, one in zip(outside, bare, strict=True) if _is_inside(one, truth[i], name)
        }
        tally["guarded"] += len(guarded)
        judged |= guarded
        outside = [i for i in outside if i not in guarded]
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
        mistakes = [case for case, why in zip(chunk, told, strict=True) if why == "mistake"]
        if mistakes:
            return _wrong(candidate, mistakes[0], name, len(outside), len(cases)), tally
        unsure += [case for case, why in zip(chunk, told, strict=True) if why == "unsure"]
    if unsure:
        why = f"{len(unsure)} of {len(cases):,} cases lie too near the border to tell"
        return Quantity("undecided", _margins(candidate, unsure[:1], name)[0], why), tally
    if not any(candidate.tells(cases[i], truth[i], name) for i in judged):
        return Quantity("undecided", float("nan"), "no case could have shown a mistake"), tally
    return Quantity("right", inside), tally


def _is_inside(outcome: Outcome, known: Truth, name: str) -> bool:
    return name in outcome.values and (
        margin(outcome.values[name], known.values[name], known.bounds[name]) <= RIGHT_BELOW
    )


def _wrong(candidate: Candidate, case: Case, name: str, outside: int, drawn: int) -> Quantity:
    # A case at a kink would leave the reader wondering about g'(0): it has to be wrong for any.
    kinks = (0.0, 1.0) if slope_below(candidate.activation) is not None else (candidate.kink,)

    # What is left after shrinking should differ in digits that people read, if the case does.
    enough = min(_VISIBLE, _margins(candidate, [case], name)[0] ** 0.75)

    def still_wrong(tried: Sequence[Case]) -> list[bool]:
        tried = [candidate.restricted(one) for one in tried]
        margins = [_margins(candidate._replace(kink=k), tried, name) for k in kinks]
        border = max(WRONG_ABOVE, enough) if np.isfinite(enough) else WRONG_ABOVE
        return [all(not m <= border for m in each) for each in zip(*margins, strict=True)]

    smallest = case
    if still_wrong([case]) == [True]:
        smallest = candidate.restricted(
            shrink(candidate.model, case, still_wrong, candidate.spec.fixed)
        )
        if explain(candidate, [smallest], name) != ["mistake"]:
            smallest = case
    counterexample = _counterexample(candidate, smallest, name)
    if candidate.kink is None:
        known = truths(candidate.model, [smallest], candidate.activation)[0]
        doubt = dissent(candidate.model, smallest, known, candidate.activation)
        if doubt:
            return Quantity("undecided", counterexample.margin, f"the witnesses disagree: {doubt}")
    why = f"outside of its error bound in {outside:,} of {drawn:,} cases"
    return Quantity("wrong", counterexample.margin, why, counterexample)


def _margins(candidate: Candidate, cases: Sequence[Case], name: str) -> list[float]:
    """The margin in each case; 0 where the candidate gave nothing to compare."""
    outcomes, known = candidate.answers(cases), candidate.truths(cases)
    return [
        margin(outcome.values[name], truth.values[name], truth.bounds[name])
        if name in outcome.values
        else 0.0
        for outcome, truth in zip(outcomes, known, strict=True)
    ]


def _counterexample(candidate: Candidate, case: Case, name: str) -> Counterexample:
    outcome, truth = candidate.answers([case])[0], candidate.truths([case])[0]
    actual = outcome.values.get(name)
    if actual is None or is_arithmetic(outcome.problem):
        return _without_answer(candidate, case, truth, name, outcome)
    ratio = distances(actual, truth.values[name], truth.bounds[name])
    ratio = _as_they_type_it(candidate, name, ratio)
    entry = np.unravel_index(int(np.argmax(np.nan_to_num(ratio, nan=np.inf))), ratio.shape)
    return Counterexample(
        _case_as_they_type_it(candidate, case),
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
        _case_as_they_type_it(candidate, case),
        _as_they_type_it(candidate, name, expected),
        None,
        (),
        float("nan"),
        outcome.faults.get(name) or outcome.problem,
    )


def _case_as_they_type_it(candidate: Candidate, case: Case) -> Arrays:
    """The case in the candidate's own layout, and the learning rate of an update."""
    spec = candidate.spec
    shown: Arrays = {
        tensor: laid_out(case.arrays, tensor, spec.ours, spec.layouts)
        for tensor in case.arrays
        if tensor in spec.layouts and not spec.layouts[tensor].startswith("+")
    }
    if spec.updates:
        rate = spec.rate_of(sizes_of(candidate.model, case.arrays))
        shown["rate"] = np.array(rate)
    return shown


def _as_they_type_it(candidate: Candidate, name: str, array: NDArray) -> NDArray:
    """A gradient has its parameter's layout; a bias inside of its weight is shown by itself."""
    tensor = name.removeprefix("d")
    layout = candidate.spec.layouts.get(tensor, "+")
    if name == "loss" or "+" in layout:
        return array
    return to_theirs(array, candidate.spec.ours[tensor], layout)


def _malformed(
    candidate: Candidate,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    truth: Sequence[Truth],
    name: str,
) -> Quantity:
    faulty = [i for i, outcome in enumerate(outcomes) if name in outcome.faults]
    smallest = min(faulty, key=lambda i: (cases[i].scale != "integer", cases[i].numbers()))
    case, outcome = cases[smallest], outcomes[smallest]
    shown = _without_answer(candidate, case, truth[smallest], name, outcome)
    return Quantity("wrong", float("nan"), f"in {len(faulty):,} of {len(cases):,} cases", shown)


# --- what it is the gradient of, and how it computes ---------------------------------------------


def _precision(outcomes: Sequence[Outcome], named: str | None) -> str:
    lowest = {outcome.lowest for outcome in outcomes if outcome.lowest in FORMATS}
    lowest |= {named} if named in FORMATS else set()
    return max(lowest | {"float64"}, key=lambda name: float(FORMATS[name].u))


_Compared: TypeAlias = Sequence[tuple[Case, Outcome, Truth]]
_NO_RATE = (
    "which learning rate its steps are taken with is not told by any name or number in the file, "
    "and what they are of the gradient is no constant; give the rate a name such as lr"
)


def _several(candidate: Candidate, cases: Sequence[Case], outcomes: Sequence[Outcome]) -> _Compared:
    """Mild cases of several examples, what was answered and what is true of the mean loss."""
    chosen = [
        (case, outcome)
        for case, outcome in zip(cases, outcomes, strict=True)
        if case.scale == "mild"
        and (candidate.spec.single or case.arrays[candidate.model.target].shape[1] > 1)
    ][:_COMPARED]
    known = truths(
        candidate.model, [case for case, _ in chosen], candidate.activation, candidate.precision
    )
    return [(*pair, truth) for pair, truth in zip(chosen, known, strict=True)]


def _times(candidate: Candidate, compared: _Compared, told: str | None) -> float | None:
    """What its steps are of the rate times the gradient, if that is one number in all cases.

    A constant says nothing of the gradient where nobody knows the rate. It has to be one and the
    same for every parameter, and the factor of a sum is none, because n differs.
    """
    factors = (told,) if told else dict.fromkeys((candidate.spec.stated or "1", "1", "n"))
    for factor in factors:
        own = candidate._replace(factor=factor)
        found = [
            share
            for case, outcome, truth in compared
            for name in candidate.judged
            if (share := _share(own, case, outcome, truth, name)) is not None
        ]
        if not found:
            continue
        middle = float(np.median([share for share, _ in found]))
        near = [pair for pair in found if abs(pair[0] - middle) <= _CLOSE * abs(middle)]
        if middle > 0.0 and len(near) > 0.5 * len(found):
            exact, _ = max(near, key=lambda pair: pair[1])
            short = float(f"{exact:.6g}")
            return short if abs(short - exact) <= 1e-13 * exact else exact
    return None


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


def _factor(candidate: Candidate, compared: _Compared, told: str | None) -> tuple[str, bool]:
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


def _gradients_near(candidate: Candidate, compared: _Compared, factor: str) -> int:
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


def _with_kink(
    candidate: Candidate,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    truth: list[Truth],
) -> tuple[Candidate, list[Truth]]:
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


# --- failures and counts -----------------------------------------------------------------------


def _most_common_problem(outcomes: Sequence[Outcome]) -> str:
    """What stands in the way when nothing at all could be judged."""
    words = [
        outcome.problem or next(iter(outcome.faults.values()), "returned nothing to judge")
        for outcome in outcomes
        if outcome.problem != "not run"
    ]
    return Counter(words).most_common(1)[0][0]


def _failures(
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
    theirs = _case_as_they_type_it(candidate, smallest)
    shapes = ", ".join(f"{tensor} {array.shape}" for tensor, array in theirs.items())
    text = f"in {len(failed):,} of {len(outcomes):,} cases it gave no answer: {problem}"
    text += f"\nthe smallest of them has the shapes {shapes}"
    if unrun:
        text += f"\nthe {unrun:,} cases after it were not run"
    # Raising on valid input is a mistake; hanging or dying may be the machine's doing.
    died = any(outcome.kind in ("hung", "crashed") for _, outcome in failed)
    return text, ["undecided" if died else "wrong"]


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
        drawn, judged, discarded = counts.get(case.scale, Counts(0, 0, 0))
        shown = telling.get(i, False)
        counts[case.scale] = Counts(drawn + 1, judged + shown, discarded + (not shown))
    return dict(sorted(counts.items()))
