"""A function on trial, and what it should answer: the truth, scaled, or a step down it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.cases import Case
from backproof.error_bounds import FORMATS
from backproof.notation import Model
from backproof.reading.call import Outcome, Run
from backproof.reading.spec import PENALTIES, Spec
from backproof.restrictions import restricted, restriction_of
from backproof.verdict import flat, is_telling
from backproof.witnesses import Truth, truths

_ARITHMETIC = (
    "raised OverflowError",
    "raised ZeroDivisionError",
    "raised FloatingPointError",
    "raised ValueError: math domain error",
    "raised ValueError: expected a positive input",  # the same, from Python 3.14 on
)

# By gradient, what it should come to in each case, and its bounds.
Steps: TypeAlias = Mapping[str, tuple[list[NDArray], list[NDArray]]]


class Candidate(NamedTuple):
    """A function on trial: how to run it, what it is the gradient of, and how exact it can be.

    `factor` is what its gradients are of the mean loss's, a key of `FACTORS`. `kink` is its g'(0),
    None if it is the reference's. `guards` is whether its source has small constants
    that `without_guards` takes out. `times_error` is by how much of itself
    `spec.times` may be off, which was found from steps.
    """

    model: Model
    activation: str
    spec: Spec
    run: Run
    precision: str = "float64"
    factor: str = "1"
    kink: float | None = None
    guards: bool = False
    times_error: float = 0.0

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
        return self.as_asked(cases, known)

    def as_asked(self, cases: Sequence[Case], known: Sequence[Truth]) -> list[Truth]:
        """What it should answer where `known` is of the mean loss."""
        spec = self.spec
        plain = self.factor == "1" and spec.penalty is None and not spec.updates
        if plain or not known:
            return list(known)
        # Over thousands of small arrays at once, many times as fast as one by one.
        rates = [self.rate(case) for case in cases] if spec.updates else []
        asked: dict[str, tuple[list[NDArray], list[NDArray]]] = {}
        for name in sorted(known[0].values, key=lambda name: name == "loss"):
            asked[name] = self._asked_of(name, cases, known, rates, asked)
        return [
            Truth(
                {name: values[i] for name, (values, _) in asked.items()},
                {name: bounds[i] for name, (_, bounds) in asked.items()},
                truth.agrees,
            )
            for i, truth in enumerate(known)
        ]

    def _asked_of(
        self,
        name: str,
        cases: Sequence[Case],
        known: Sequence[Truth],
        rates: Sequence[float],
        steps: Steps,
    ) -> tuple[list[NDArray], list[NDArray]]:
        """Of one gradient or the loss, what it should be in each case, and its bounds.

        `steps` are those of the gradients, for the loss.
        """
        spec = self.spec
        fmt, own = FORMATS[self.precision], FORMATS["float64"]
        u, smallest = float(fmt.u + own.u), float(fmt.smallest)
        shapes = [truth.values[name].shape for truth in known]
        sizes = [truth.values[name].size for truth in known]

        def spread(numbers: Any) -> NDArray:
            return np.repeat(np.broadcast_to(numbers, len(cases)), sizes)

        value = flat([truth.values[name] for truth in known])
        k, n = np.array([case.arrays[self.model.target].shape for case in cases]).T
        scale = spread(_scale(self.factor, k, n, name))
        penalty: Any = 0.0
        bound = np.abs(scale) * flat([truth.bounds[name] for truth in known])
        if self.factor == "1/n of dW and db":  # the truth is without this division
            bound = bound + 4.0 * u * np.abs(value)
        if spec.penalty is not None:
            terms = spread([sum(case.arrays[p].size for p in spec.penalised) for case in cases])
            if name == "loss" and spec.loss_term == "after":
                after = [
                    {d: values[i] for d, (values, _) in steps.items()} for i in range(len(cases))
                ]
                penalties = [
                    self.penalty(c, name, one) for c, one in zip(cases, after, strict=True)
                ]
                bound = bound + [self._squares_off(c, steps, i) for i, c in enumerate(cases)]
            else:
                penalties = [self.penalty(case, name) for case in cases]
            penalty = flat([np.broadcast_to(*one) for one in zip(penalties, shapes, strict=True)])
            bound = bound + u * ((8.0 + terms) * np.abs(penalty) + 4.0 * np.abs(value))
        if not spec.updates or name == "loss":
            return _parted(scale * value + penalty, shapes), _parted(bound, shapes)
        before = flat([case.arrays[name[1:]] for case in cases])
        rate = spread(rates)
        expected = _stepped(before, rate, scale, value, penalty)
        bound = rate * bound
        # lr * dW rounds, so does the difference, and the rate may be 1 / n of something.
        step = np.abs(before - expected)
        rounding = 8.0 * (step + bound)
        bound = bound + self.times_error * step
        bound = bound + (u * (rounding + 2.0 * np.abs(before)) + smallest)
        return _parted(expected, shapes), _parted(bound, shapes)

    def asked(self, case: Case, name: str, value: NDArray) -> NDArray:
        """What it should give where `value` is true of the mean loss: scaled, or a step down it."""
        scale, penalty = self.scale(case, name), self.penalty(case, name)
        if not self.spec.updates or name == "loss":
            return np.asarray(scale * value + penalty)
        before = case.arrays[name[1:]]
        return np.asarray(_stepped(before, self.rate(case), scale, value, penalty))

    def rate(self, case: Case) -> float:
        """The learning rate of a case."""
        d, n = case.arrays["x"].shape
        return self.spec.rate_of({"d": d, "n": n})

    def scale(self, case: Case, name: str) -> float:
        """What `factor` is in a case, for the loss or a gradient."""
        k, n = case.arrays[self.model.target].shape
        return float(_scale(self.factor, k, n, name))

    def penalty(self, case: Case, name: str, after: Mapping[str, NDArray] | None = None) -> Any:
        """What its L2 term adds to the loss or to a gradient.

        `after` are the gradients' values, by name, for the loss of parameters after a step.
        """
        spec = self.spec
        if spec.penalty is None or (name == "loss" and spec.loss_term == "none"):
            return 0.0
        strength = self._strength(case)
        if name == "loss":
            moved = {} if after is None or spec.loss_term != "after" else after
            arrays = [moved.get(f"d{p}", case.arrays[p]) for p in spec.penalised]
            return strength * sum(float(np.sum(array**2)) for array in arrays)
        return 2.0 * strength * case.arrays[name[1:]] if name[1:] in spec.penalised else 0.0

    def _squares_off(self, case: Case, steps: Steps, place: int) -> float:
        """By how much the squares of parameters after a step may be off, in the loss."""
        off = 0.0
        for name in self.spec.penalised:
            value, bound = (of[place] for of in steps[f"d{name}"])
            off += float(np.sum((2.0 * np.abs(value) + bound) * bound))
        return self._strength(case) * off

    def _strength(self, case: Case) -> float:
        """What squares are multiplied by in a case."""
        assert self.spec.penalty is not None
        return PENALTIES[self.spec.penalty](case.arrays["y"].shape[1]) * self.spec.strength

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


def _stepped(before: NDArray, rate: Any, scale: Any, value: NDArray, penalty: Any) -> NDArray:
    """A parameter after its step; an ascent of the likelihood descends the loss."""
    stepped: NDArray = before - rate * (abs(scale) * value + penalty)
    return stepped


def _parted(entries: NDArray, shapes: Sequence[tuple[int, ...]]) -> list[NDArray]:
    ends = np.cumsum([math.prod(shape) for shape in shapes]).tolist()
    starts = [0, *ends[:-1]]
    return [entries[a:b].reshape(s) for a, b, s in zip(starts, ends, shapes, strict=True)]


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


def _scale(factor: str, k: Any, n: Any, name: str) -> Any:
    """For k outputs and n examples, or arrays of both."""
    match factor:
        case "n" | "-n":
            return n if factor == "n" else -n
        case "2n":
            return 2.0 * n
        case "1/k" | "2/k":
            return float(factor[0]) / k
        case "1/n of dW and db":
            return 1.0 / n if name in ("dW", "db") else 1.0
    return float(factor)


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
