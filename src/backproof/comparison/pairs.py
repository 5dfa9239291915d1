"""Two runs beside one another: whether they differ by rounding alone, and if not, by what."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from backproof.comparison.envelope import envelope
from backproof.comparison.own import Own, Run
from backproof.comparison.regression import weights
from backproof.comparison.schedules import different_examples
from backproof.error_bounds import FORMATS

Verdict: TypeAlias = Literal[
    "bitwise equal", "rounding", "lower precision", "systematic", "diverged", "inconclusive"
]
_SAMPLES = 16
_SAMPLES_NEAR = 64
# Above this share of the envelope more runs are sampled; above twice the envelope it is no drift.
_NEAR = 0.5
OUTSIDE = 2.0
# A fault of a hundredth of a gradient is one, and a decay of a hundredth is a strong one; records
# that could not show it show nothing.
_FLOOR = 0.01
# Of a sampled run: steps times examples times parameters times samples.
_MOST_WORK = 1_000_000_000


class Pair(NamedTuple):
    """What two runs are to one another.

    Attributes:
        verdict: in one word.
        words: sentences that say why.
        floors: by parameter, the smallest share of its gradient by which it could be wrong in one
            of the runs and show.
        decay_floors: by parameter, the smallest strength of a decay that would show.
        drift: by step, the largest distance of the runs in units of the envelope.
        looked_to: the last step up to which drift was looked at, None if at none.
    """

    verdict: Verdict
    words: Sequence[str]
    floors: Mapping[str, float]
    decay_floors: Mapping[str, float]
    drift: Mapping[int, float]
    looked_to: int | None


class IncomparableError(ValueError):
    """Two runs that are not of one model on the same data from the same start."""


def compare(one: Run, other: Run, owns: tuple[Own, Own]) -> Pair:
    """The verdict on a pair of runs. Raises `IncomparableError`, saying what differs."""
    _check(one, other)
    names = list(one.rule.model.parameters)
    floors = (
        {name: max(own.slopes.updates[name].floor for own in owns) for name in names},
        {name: max(own.slopes.decays[name].floor for own in owns) for name in names},
    )
    if _is_bitwise_equal(one, other):
        both = "all recorded parameters and all losses are the same bits"
        return Pair("bitwise equal", [both], *floors, {}, None)
    diverged = [
        f"{run.name}: the loss is not finite from step {own.diverged} on"
        for run, own in zip((one, other), owns, strict=True)
        if own.diverged is not None
    ]
    causes, lower = _causes(one, other, owns)
    if causes:
        return Pair("systematic", [*causes, *diverged], *floors, {}, None)
    if diverged:
        return Pair("diverged", diverged, *floors, {}, None)
    if lower:
        return Pair("lower precision", lower, *floors, {}, None)
    drift, looked_to = _drift(one, other, _SAMPLES)
    if max(drift.values(), default=0.0) > _NEAR:
        drift, looked_to = _drift(one, other, _SAMPLES_NEAR)
    verdict, words = _judged(owns, (one, other), floors, drift, looked_to)
    return Pair(verdict, words, *floors, drift, looked_to)


def _check(one: Run, other: Run) -> None:
    pairs = {
        "model": (one.rule.model.name, other.rule.model.name),
        "activation": (one.rule.activation, other.rule.activation),
        "shape of x": (one.x.shape, other.x.shape),
        "shape of y": (one.y.shape, other.y.shape),
    }
    for what, (a, b) in pairs.items():
        if a != b and (what != "activation" or one.rule.model.has_activation):
            raise IncomparableError(
                f"{one.name} and {other.name} differ in their {what}: {a} and {b}"
            )
    coarse = max(float(FORMATS[run.rule.precision].u) for run in (one, other))
    data = np.allclose(one.x, other.x, rtol=2 * coarse, atol=0) and np.allclose(
        one.y, other.y, rtol=2 * coarse, atol=0
    )
    if not data:
        raise IncomparableError(f"{one.name} and {other.name} were trained on different data")
    for name, start in one.start.items():
        if start.shape != other.start[name].shape:
            shapes = f"{start.shape} and {other.start[name].shape}"
            raise IncomparableError(
                f"{one.name} and {other.name} have other shapes of {name}: {shapes}"
            )
        if not np.allclose(start, other.start[name], rtol=2 * coarse, atol=0):
            raise IncomparableError(f"{one.name} and {other.name} start from different {name}")


def _is_bitwise_equal(one: Run, other: Run) -> bool:
    steps = {step.number: step for step in other.steps}
    common = [(step, steps[step.number]) for step in one.steps if step.number in steps]
    return (
        one.rule == other.rule
        and bool(common)
        and one.losses.tobytes() == other.losses.tobytes()
        and all(
            mine[name].tobytes() == theirs[name].tobytes()
            for a, b in common
            for mine, theirs in ((a.before, b.before), (a.after, b.after))
            for name in mine
        )
    )


def _causes(one: Run, other: Run, owns: tuple[Own, Own]) -> tuple[list[str], list[str]]:
    """What is systematic, and what is of a lower precision, in words."""
    causes: list[str] = []
    lower: list[str] = []
    for run, own in zip((one, other), owns, strict=True):
        words = " or ".join(fault.words for fault in own.faults)
        where = "" if own.where is None else f"; {own.where}"
        if own.faults:
            words = f"{run.name}: {words}, since step {own.faults[0].first}"
            if all(fault.cause == "lower_precision" for fault in own.faults):
                lower.append(words)
            else:
                causes.append(f"{words}{where}")
        if own.unexplained is not None:
            causes.append(f"{run.name}: {own.unexplained}{where}")
    if not math.isclose(
        one.rule.rate, other.rule.rate, rel_tol=2.0**-8 if _coarse(one, other) else 1e-6
    ):
        rates = f"{one.rule.rate:.6g} and {other.rule.rate:.6g}"
        causes.append(f"{one.name} and {other.name} say that their learning rates are {rates}")
    examples = different_examples(one, other)
    if examples is not None:
        causes.append(examples)
    if one.rule.precision != other.rule.precision:
        coarser = max((one, other), key=lambda run: float(FORMATS[run.rule.precision].u))
        lower.append(f"{coarser.name}: it computes in {coarser.rule.precision}, as it says itself")
    return causes, lower


def _coarse(one: Run, other: Run) -> bool:
    return any(run.rule.precision in ("bfloat16", "float16") for run in (one, other))


def _drift(one: Run, other: Run, samples: int) -> tuple[dict[int, float], int | None]:
    """By step, how far apart the runs are, in units of how far two right runs may be."""
    if not (one.order_is_known and other.order_is_known):
        return {}, None
    theirs = {step.number: step for step in other.steps}
    size = sum(value.size for value in one.start.values())
    examples = one.x.shape[1] if one.schedule is None else one.schedule.indices.shape[1]
    most = _MOST_WORK // max(1, size * examples * samples)
    numbers = sorted(
        step.number for step in one.steps if step.number in theirs and 0 < step.number <= most
    )
    if not numbers:
        return {}, None
    mine = {step.number: step for step in one.steps}
    allowed = envelope(
        (one.rule, other.rule), one.start, one.x, one.y, one.schedule, numbers, samples
    )
    drift: dict[int, float] = {}
    for place, number in enumerate(numbers):
        shares = []
        for name in one.start:
            with np.errstate(all="ignore"):
                apart = np.linalg.norm(mine[number].before[name] - theirs[number].before[name])
                shares.append(apart / allowed.distances[name][place] if apart else 0.0)
        if not np.isfinite(shares).all():
            break  # they leave the range of numbers, of which nothing can be said
        drift[number] = float(max(shares))
    return drift, max(drift, default=None)


def _judged(
    owns: tuple[Own, Own],
    runs: tuple[Run, Run],
    floors: tuple[Mapping[str, float], Mapping[str, float]],
    drift: Mapping[int, float],
    looked_to: int | None,
) -> tuple[Verdict, list[str]]:
    apart = [number for number, share in drift.items() if share > OUTSIDE]
    if apart:
        before = max((number for number in drift if number < apart[0]), default=0)
        return "systematic", [
            f"the recorded steps follow the rule, and yet the runs are {drift[apart[0]]:.3g} times "
            f"as far apart at step {apart[0]} as rounding drives right runs: something happened "
            f"between steps {before} and {apart[0]}"
        ]
    doubts = [f"{run.name}: {own.near}" for run, own in zip(runs, owns, strict=True) if own.near]
    beyond = [number for number, share in drift.items() if share > 1.0]
    if beyond:
        words = f"at step {beyond[0]} the runs are {drift[beyond[0]]:.3g} times as far apart as"
        doubts.append(f"{words} sampled right runs, too near to tell")
    of_gradients, of_decays = floors
    coarse = [f"{p} {_share(floor)}" for p, floor in of_gradients.items() if floor > _FLOOR]
    if coarse:
        shown = ", ".join(coarse)
        doubts.append(f"only a large fault could have shown in these records: {shown}")
    coarse = [
        f"{p} {_strength(of_decays[p])}"
        for p in weights(runs[0].rule.model)
        if of_decays[p] > _FLOOR
    ]
    if coarse:
        shown = ", ".join(coarse)
        doubts.append(f"only a strong decay could have shown in these records: {shown}")
    if doubts:
        return "inconclusive", doubts
    largest = max(max(own.margins.values()) for own in owns)
    reasons = [
        f"every recorded step lies within {largest:.2g} of its error bound, and none is "
        "systematically too long or too short",
    ]
    if looked_to is not None:
        reasons.append(
            f"up to step {looked_to} the runs are {max(drift.values()):.2g} times as far apart as "
            "sampled right runs at the most"
        )
    return "rounding", reasons


def _strength(floor: float) -> str:
    return f"one below {floor:.2g} would not" if math.isfinite(floor) else "none would"


def _share(floor: float) -> str:
    return f"less than {floor:.2g} of it would not" if math.isfinite(floor) else "nothing would"
