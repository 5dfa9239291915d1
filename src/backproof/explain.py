"""Why an answer lies outside of its error bound: rounding after all, a guard, or a mistake.

Mistakes do not care about precision, rounding does. An answer outside of the bound is run again in
long double: if its distance from the truth shrinks with u, the formula is right and loses digits
(unstable); if it stays, it is a mistake. Where the function does
not compute in long double (it stores into float64 arrays, say), its inputs are moved by a few
units in the last place instead: an unstable answer jumps about, a mistake stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.cases import Case
from backproof.error_bounds import FORMATS
from backproof.notation import Model
from backproof.reading.call import Outcome, Run
from backproof.reading.spec import PENALTIES, Spec
from backproof.restrictions import restricted, restriction_of
from backproof.verdict import RIGHT_BELOW, distances, is_telling, margin
from backproof.witnesses import Truth, reference, truths

Explanation: TypeAlias = Literal["rounding", "unstable", "guarded", "mistake", "unsure"]

_HAS_LONG_DOUBLE = bool(np.finfo(np.longdouble).eps < np.finfo(np.float64).eps)
# Between float64 and long double u shrinks by 2^11, and rounding with it, while a mistake stays:
# the border is half way, and within a factor 2 of it nothing is said.
_SHRINKING = 2.0**5.5
_JITTERS = 4
_ARITHMETIC = (
    "raised OverflowError",
    "raised ZeroDivisionError",
    "raised FloatingPointError",
    "raised ValueError: math domain error",
    "raised ValueError: expected a positive input",  # the same, from Python 3.14 on
)
_HALVINGS = (2, 4, 6, 8, 10, 12)


class Candidate(NamedTuple):
    """A function on trial: how to run it, what it is the gradient of, and how exact it can be.

    `factor` is what its gradients are of the mean loss's, a key of `FACTORS`. `kink` is its g'(0),
    None if it is the reference's. `guards` is whether its source has small constants
    that `without_guards` takes out.
    """

    model: Model
    activation: str
    spec: Spec
    run: Run
    precision: str = "float64"
    factor: str = "1"
    kink: float | None = None
    guards: bool = False

    def answers(
        self,
        cases: Sequence[Case],
        dtype: str = "float64",
        without_guards: bool = False,
        repeat: bool = False,
    ) -> list[Outcome]:
        """One outcome a case; those not run, because an earlier one hung, are `not run`."""
        outcomes = self.run(
            self.spec,
            [case.arrays for case in cases],
            dtype=dtype,
            without_guards=without_guards,
            repeat=repeat,
        )
        missing = len(cases) - len(outcomes)
        outcomes = [*outcomes, *[Outcome({}, "crashed", "not run")] * missing]
        return [
            _as_numpy_would(self.model, case, outcome)
            for case, outcome in zip(cases, outcomes, strict=True)
        ]

    def truths(self, cases: Sequence[Case]) -> list[Truth]:
        """What it should answer, at its precision and kink."""
        known = truths(self.model, cases, self.activation, self.precision, self.kink)
        return [self.as_asked(case, truth) for case, truth in zip(cases, known, strict=True)]

    def as_asked(self, case: Case, truth: Truth) -> Truth:
        """What it should answer where `truth` is of the mean loss."""
        spec = self.spec
        if self.factor == "1" and spec.penalty is None and not spec.updates:
            return truth
        fmt, own = FORMATS[self.precision], FORMATS["float64"]
        u, smallest = float(fmt.u + own.u), float(fmt.smallest)
        rate = self.rate(case) if spec.updates else 1.0
        values, bounds = dict(truth.values), dict(truth.bounds)
        for name, value in truth.values.items():
            scale = self.scale(case, name)
            bound = abs(scale) * truth.bounds[name]
            if self.factor == "1/n of dW and db":  # the truth is without this division
                bound = bound + 4.0 * u * np.abs(value)
            if spec.penalty is not None:
                terms = sum(case.arrays[p].size for p in spec.penalised)
                penalty = np.abs(self.penalty(case, name))
                bound = bound + u * ((8.0 + terms) * penalty + 4.0 * np.abs(value))
            values[name] = self._asked(case, name, value, scale, rate)
            if spec.updates and name != "loss":
                before = case.arrays[name[1:]]
                bound = rate * bound
                # lr * dW rounds, so does the difference, and the rate may be 1 / n of something.
                # A rate that nobody knows was found from such a step.
                many = 24.0 if spec.rate_unknown else 8.0
                rounding = many * (np.abs(before - values[name]) + bound)
                bound = bound + (u * (rounding + 2.0 * np.abs(before)) + smallest)
            bounds[name] = bound
        return Truth(values, bounds, truth.agrees)

    def asked(self, case: Case, name: str, value: NDArray) -> NDArray:
        """What it should give where `value` is true of the mean loss: scaled, or a step down it."""
        rate = self.rate(case) if self.spec.updates else 1.0
        return self._asked(case, name, value, self.scale(case, name), rate)

    def _asked(self, case: Case, name: str, value: NDArray, scale: float, rate: float) -> NDArray:
        if not self.spec.updates or name == "loss":
            return np.asarray(scale * value + self.penalty(case, name))
        # An ascent of the likelihood descends the loss.
        step = rate * (abs(scale) * value + self.penalty(case, name))
        return np.asarray(case.arrays[name[1:]] - step)

    def rate(self, case: Case) -> float:
        """The learning rate of a case."""
        d, n = case.arrays["x"].shape
        return self.spec.rate_of({"d": d, "n": n})

    def scale(self, case: Case, name: str) -> float:
        """What `factor` is in a case, for the loss or a gradient."""
        k, n = case.arrays[self.model.target].shape
        return _scale(self.factor, k, n, name)

    def penalty(self, case: Case, name: str) -> Any:
        """What its L2 term adds to the loss or to a gradient."""
        spec = self.spec
        if spec.penalty is None:
            return 0.0
        strength = PENALTIES[spec.penalty](case.arrays["y"].shape[1]) * spec.strength
        if name == "loss":
            return strength * sum(float(np.sum(case.arrays[p] ** 2)) for p in spec.penalised)
        return 2.0 * strength * case.arrays[name[1:]] if name[1:] in spec.penalised else 0.0

    def gradient_given(self, case: Case, name: str, answer: NDArray) -> NDArray:
        """The gradient in its answer, up to the rounding of an update and to `factor`."""
        if self.spec.updates:
            answer = np.asarray((case.arrays[name[1:]] - answer) / self.rate(case))
        return np.asarray(answer - self.penalty(case, name))

    def tells(self, case: Case, truth: Truth, name: str) -> bool:
        """Whether this case could show a mistake in `name`."""
        value, bound = truth.values[name], truth.bounds[name]
        if self.spec.updates and name != "loss":
            value = value - case.arrays[name[1:]]
        return is_telling(value, bound)

    @property
    def judged(self) -> list[str]:
        """The gradients it is to give."""
        if self.spec.loss_only:
            return []
        return [f"d{name}" for name in self.model.parameters if name not in self.spec.absent]

    def restricted(self, case: Case) -> Case:
        """The case as its file can take it."""
        return restricted(self.model, case, restriction_of(self.spec))


def is_arithmetic(problem: str | None) -> bool:
    """Whether Python raised where NumPy gives infinity or NaN: `math.exp(1000)`, `1 / 0.0`."""
    return problem is not None and problem.startswith(_ARITHMETIC)


def _as_numpy_would(model: Model, case: Case, outcome: Outcome) -> Outcome:
    """With NaN for what Python's arithmetic did not give, so that it is judged like NumPy's."""
    if outcome.kind == "raised" and is_arithmetic(outcome.problem):
        shapes = {f"d{name}": case.arrays[name].shape for name in model.parameters}
        return outcome._replace(values={d: np.full(s, np.nan) for d, s in shapes.items()})
    if is_arithmetic(outcome.faults.get("loss")):
        others = {name: fault for name, fault in outcome.faults.items() if name != "loss"}
        values = {**outcome.values, "loss": np.array(np.nan)}
        return outcome._replace(values=values, faults=others)
    return outcome


def _scale(factor: str, k: int, n: int, name: str) -> float:
    if factor == "1":
        return 1.0
    factors: dict[str, float] = {
        "n": n,
        "2": 2.0,
        "2n": 2.0 * n,
        "1/k": 1.0 / k,
        "2/k": 2.0 / k,
        "-1": -1.0,
        "-n": -n,
        "1/n of dW and db": 1.0 / n if name in ("dW", "db") else 1.0,
    }
    return factors[factor]


# What gradients may be of, in words; the design lets a factor n pass where nothing is stated.
FACTORS: Mapping[str, str] = {
    "1": "the mean over the examples",
    "n": "the sum over the examples",
    "2": "the mean without the half",
    "2n": "the sum without the half",
    "1/k": "the mean over examples and outputs",
    "2/k": "the mean over examples and outputs without the half",
    "-1": "the mean log-likelihood",
    "-n": "the log-likelihood",
    "1/n of dW and db": "each example's own loss, averaged over the examples in dW and db",
}


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
        if candidate.kink is not None:
            # The derivation by hand knows one g'(0) only; this is as near as float64 comes.
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
