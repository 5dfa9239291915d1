"""Checking a gradient of any JAX function, on cases that are given.

Without a model there is no derivation by hand to ask, so the witnesses are JAX in reverse mode
under the error bound, JAX in forward mode, and finite differences.
"""

from __future__ import annotations

import inspect
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from backproof.check_loss_judge import Arguments, Trial, answer_of, judged, truth_of
from backproof.factors import lowest_of
from backproof.reading.failure import described, line_of
from backproof.verdict import (
    AS_GIVEN,
    Counts,
    Finding,
    FindingKind,
    Quantity,
    Report,
    Verdict,
    worst,
)

_TEXTS: dict[FindingKind, str] = {
    "guarded": "right up to a small constant in the code that avoids a division by or log of zero",
    "unstable": "the formula is right but loses digits or overflows; a stable form exists",
    "convention": "at kinks it takes another slope than JAX; any slope between both sides is right",
    "impure": "changes its inputs in place",
}


def check_loss(
    function: Callable[..., Any], loss: Callable[..., Any], cases: Iterable[Sequence[Any]]
) -> Report:
    """The report on `function` as the gradient of `loss` at each of `cases`.

    `function(*arguments)` returns a gradient, or a tuple of them, with respect to the leading
    arguments; `loss(*arguments)` is a JAX function giving a number. The first argument is made
    float64; the others are too, but for integers that no gradient is returned for.

    Raises:
        ValueError: if a case is no tuple of arguments of `loss`, the loss is not a number, or a JAX
            primitive in it has no rounding rule; says which.
    """
    started = time.perf_counter()
    given, answers = _asked(function, _given(loss, cases))
    count, precision = _count(answers), _lowest(answers)
    truth = truth_of(loss, count, precision)
    trial = Trial(function, loss, truth, _names(loss, given[0]), precision)
    try:
        rows = [
            (case, answer, *trial.truth(case))
            for case, answer in zip(given, answers, strict=True)
            if not isinstance(answer, str) and len(answer) == count
        ]
    except NotImplementedError as error:
        raise ValueError(f"loss: {error}") from error
    quantities: dict[str, Quantity] = {}
    reasons: set[FindingKind] = set()
    for i in range(count):
        own = [(case, answer[i], value[i], bound[i]) for case, answer, value, bound in rows]
        quantities[f"d{trial.names[i]}"], why = judged(trial, own, i)
        reasons |= why
    if any(_changes(function, case) for case in given[:1] if quantities):
        reasons.add("impure")
    problem = _failures(answers, count)
    verdict = worst([quantity.verdict for quantity in quantities.values()])
    if quantities and problem:
        verdict = "wrong"
    findings = tuple(Finding(kind, _TEXTS[kind]) for kind in sorted(reasons))
    return _report(trial, started, len(given), len(rows), quantities, findings, problem, verdict)


# --- what is given -----------------------------------------------------------------------------


def _given(loss: Callable[..., Any], cases: Iterable[Sequence[Any]]) -> list[list[NDArray]]:
    if not callable(loss):
        raise ValueError(f"loss={loss!r}: expected a JAX function giving a number")
    try:
        listed = list(cases)
    except TypeError:
        raise ValueError(f"cases={cases!r}: expected argument tuples of NumPy arrays") from None
    if not listed:
        raise ValueError("cases: there are none; give at least one tuple of arguments")
    given = []
    for place, case in enumerate(listed):
        if not isinstance(case, tuple | list):
            kind = type(case).__name__
            raise ValueError(f"cases[{place}] is of type {kind}, expected a tuple of arguments")
        arguments = [np.asarray(argument) for argument in case]
        for number, argument in enumerate(arguments):
            if argument.dtype.kind not in "fiub":
                raise ValueError(
                    f"cases[{place}], argument {number} is {argument.dtype}"
                    f"{list(argument.shape)}, expected real numbers"
                )
        kept = [a if a.dtype.kind in "iub" else _as_float(a) for a in arguments[1:]]
        given.append([*map(_as_float, arguments[:1]), *kept])
        _must_be_a_number(loss, given[-1], place)
    return given


def _must_be_a_number(loss: Callable[..., Any], case: Arguments, place: int) -> None:
    try:
        inspect.signature(loss).bind(*case)
    except TypeError as error:
        many = f"{len(case)} argument{'s' if len(case) > 1 else ''}"
        raise ValueError(f"cases[{place}] has {many}, and the loss: {error}") from None
    except ValueError:
        pass  # it has no signature that can be read
    try:
        with jax.enable_x64(True):
            shape = jax.eval_shape(loss, *case)
    except Exception as error:
        where = line_of(error)
        raise ValueError(
            f"loss: JAX cannot trace it at cases[{place}]: {described(error)}{where}"
        ) from error
    kind = getattr(shape, "dtype", None)
    if getattr(shape, "shape", None) != () or kind is None or kind.kind not in "fV":
        came = f"{kind}{list(shape.shape)}" if kind is not None else type(shape).__name__
        raise ValueError(f"loss: gives {came} at cases[{place}], expected one real number")


def _as_float(argument: NDArray) -> NDArray:
    return argument.astype(np.float64)


def _rounded(argument: NDArray, precision: str) -> NDArray:
    if argument.dtype.kind != "f":
        return argument
    return np.asarray(argument.astype(precision), np.float64)


def _names(loss: Callable[..., Any], case: Arguments) -> list[str]:
    try:
        names = list(inspect.signature(loss).bind(*case).arguments)
    except (TypeError, ValueError):
        names = []
    return names if len(names) == len(case) else [f"argument {i}" for i in range(len(case))]


def _asked(
    function: Callable[..., Any], given: list[list[NDArray]]
) -> tuple[list[list[NDArray]], list[Any]]:
    """The cases as the function can see them, and its answers."""
    answers = [answer_of(function, case) for case in given]
    count = _count(answers)
    if any(argument.dtype.kind in "iub" for case in given for argument in case[:count]):
        given = [[*map(_as_float, case[:count]), *case[count:]] for case in given]
        answers = [answer_of(function, case) for case in given]
    precision = _lowest(answers)
    if precision != "float64":
        given = [[_rounded(argument, precision) for argument in case] for case in given]
        answers = [answer_of(function, case) for case in given]
    return given, answers


def _count(answers: Sequence[Any]) -> int:
    return max((len(answer) for answer in answers if not isinstance(answer, str)), default=0)


def _lowest(answers: Sequence[Any]) -> str:
    names = {
        array.dtype.name for answer in answers if not isinstance(answer, str) for array in answer
    }
    return lowest_of(names)


def _changes(function: Callable[..., Any], case: Arguments) -> bool:
    copies = [argument.copy() for argument in case]
    try:
        with np.errstate(all="ignore"):
            function(*copies)
    except (Exception, SystemExit):
        return False
    return any(a.tobytes() != b.tobytes() for a, b in zip(copies, case, strict=True))


def _failures(answers: Sequence[Any], count: int) -> str | None:
    words = [
        answer if isinstance(answer, str) else f"returned {len(answer)} gradients, else {count}"
        for answer in answers
        if isinstance(answer, str) or len(answer) != count
    ]
    if not words:
        return None
    problem = Counter(words).most_common(1)[0][0]
    if len(words) == len(answers):
        return problem
    return f"in {len(words):,} of {len(answers):,} cases it gave no answer: {problem}"


def _report(
    trial: Trial,
    started: float,
    drawn: int,
    judged: int,
    quantities: dict[str, Quantity],
    findings: Sequence[Finding],
    problem: str | None,
    verdict: Verdict,
) -> Report:
    return Report(
        name=getattr(trial.function, "__name__", "function"),
        model=getattr(trial.loss, "__name__", "loss"),
        activation=None,
        convention=AS_GIVEN,
        verdict=verdict,
        gradients=quantities,
        loss=None,
        findings=findings,
        cases={"mild": Counts(drawn, judged)},
        precision=trial.precision,
        seed=0,
        seconds=time.perf_counter() - started,
        problem=problem,
    )
