"""Checking a gradient of any JAX function, on cases that are given.

Without a model there is no derivation by hand to ask, so the witnesses are JAX in reverse mode
under the error bound, JAX in forward mode, and finite differences; and no long double, so what
lies outside of the bound is told from a mistake by moving the inputs by units in the last place.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from backproof.error_bounds import FORMATS, bounded
from backproof.reading import guards
from backproof.reading.failure import described
from backproof.verdict import (
    RIGHT_BELOW,
    WRONG_ABOVE,
    Counterexample,
    Counts,
    Finding,
    Quantity,
    Report,
    distances,
    is_telling,
    margin,
    worst,
)
from backproof.witnesses import finite_difference

_JITTERS = 4
_EXPLAINED = {
    "guarded": "right up to a small constant in the code",
    "unstable": "the formula loses digits",
}


def check_loss(
    function: Callable[..., Any], loss: Callable[..., Any], cases: Iterable[Sequence[Any]]
) -> Report:
    """The report on `function` as the gradient of `loss` at each of `cases`.

    `function(*arguments)` returns a gradient, or a tuple of them, with respect to the leading
    arguments; `loss(*arguments)` is a JAX function giving a number.

    Raises:
        ValueError: if there are no cases, or the loss is not a number.
    """
    started = time.perf_counter()
    given = [[np.asarray(argument, np.float64) for argument in case] for case in cases]
    if not given:
        raise ValueError("cases: there are none; give at least one tuple of arguments")
    names = _names(loss, len(given[0]))
    answers = [_answer(function, case) for case in given]
    problems = [answer for answer in answers if isinstance(answer, str)]
    if problems:
        return _report(function, loss, started, given, {}, (), problems[0], "unread")
    count = len(answers[0])
    truth = _truth(loss, count)
    known = [truth(case) for case in given]
    quantities: dict[str, Quantity] = {}
    findings: list[Finding] = []
    for i in range(count):
        rows = [
            (case, answer[i], value[i], bound[i])
            for case, answer, (value, bound) in zip(given, answers, known, strict=True)
        ]
        quantity, found = _quantity(function, loss, truth, rows, i, names)
        quantities[f"d{names[i]}"] = quantity
        findings += [finding for finding in found if finding not in findings]
    verdict = worst([quantity.verdict for quantity in quantities.values()])
    return _report(function, loss, started, given, quantities, tuple(findings), None, verdict)


def _names(loss: Callable[..., Any], count: int) -> list[str]:
    try:
        names = list(inspect.signature(loss).parameters)[:count]
    except (TypeError, ValueError):
        names = []
    return names + [f"argument {i}" for i in range(len(names), count)]


def _answer(function: Callable[..., Any], case: Sequence[NDArray]) -> Any:
    """A list of gradients, or in words what came instead."""
    try:
        with np.errstate(all="ignore"):
            result = function(*[argument.copy() for argument in case])
    except Exception as error:
        return f"raised {described(error)}"
    gradients = list(result) if isinstance(result, tuple | list) else [result]
    arrays = []
    for i, gradient in enumerate(gradients):
        array = np.asarray(gradient)
        if array.dtype.kind not in "fiub" or i >= len(case) or array.shape != case[i].shape:
            return (
                f"gradient {i} is {array.dtype}{list(array.shape)}, expected real numbers of "
                f"shape {list(case[i].shape) if i < len(case) else 'no such argument'}"
            )
        arrays.append(array)
    return arrays


def _truth(loss: Callable[..., Any], count: int) -> Callable[[Sequence[NDArray]], Any]:
    fmt = FORMATS["float64"]
    both = fmt._replace(u=2.0 * float(fmt.u), smallest=2.0 * float(fmt.smallest))
    gradient = jax.grad(loss, argnums=tuple(range(count)))
    program = jax.jit(lambda *arguments: bounded(gradient, both, *arguments))

    def truth(case: Sequence[NDArray]) -> Any:
        with jax.enable_x64(True):
            return jax.tree.map(np.asarray, program(*case))

    return truth


def _quantity(
    function: Callable[..., Any],
    loss: Callable[..., Any],
    truth: Callable[[Sequence[NDArray]], Any],
    rows: Sequence[tuple[Sequence[NDArray], NDArray, NDArray, NDArray]],
    i: int,
    names: Sequence[str],
) -> tuple[Quantity, list[Finding]]:
    inside, telling = 0.0, 0
    findings: list[Finding] = []
    for case, answer, value, bound in sorted(rows, key=lambda row: sum(a.size for a in row[0])):
        m = margin(answer, value, bound)
        if m <= RIGHT_BELOW:
            inside = max(inside, m)
            telling += is_telling(value, bound)
            continue
        why = _explanation(function, truth, case, i)
        if why == "mistake":
            return _wrong(loss, case, answer, value, bound, i, names), findings
        if why == "unsure":
            return Quantity("undecided", m, "too near the border to tell"), findings
        telling += why == "guarded" and is_telling(value, bound)
        findings.append(Finding(why, f"d{names[i]}: {_EXPLAINED[why]}"))
    if not telling:
        return Quantity("undecided", float("nan"), "no case could have shown a mistake"), findings
    return Quantity("right", inside), findings


def _explanation(
    function: Callable[..., Any],
    truth: Callable[[Sequence[NDArray]], Any],
    case: Sequence[NDArray],
    i: int,
) -> Any:
    twin = guards.without_guards(function)
    if twin is not None:
        value, bound = truth(case)
        answer = _answer(twin, case)
        if not isinstance(answer, str) and margin(answer[i], value[i], bound[i]) <= RIGHT_BELOW:
            return "guarded"
    rng = np.random.default_rng(0)
    step = 4.0 * float(FORMATS["float64"].u)
    apart = []
    for _ in range(_JITTERS):
        moved = [a * (1.0 + step * rng.choice([-1.0, 1.0], size=a.shape)) for a in case]
        answer = _answer(function, moved)
        if isinstance(answer, str):
            return "unsure"
        apart.append(answer[i] - truth(moved)[0][i])
    entry = np.unravel_index(int(np.argmax(np.abs(apart[0]))), apart[0].shape)
    jumps = np.array([float(each[entry]) for each in apart])
    spread = np.ptp(jumps) / max(abs(float(jumps[0])), 1e-300)
    if not spread > 1.0 / 32.0:
        return "mistake"
    return "unstable" if spread > 1.0 / 8.0 else "unsure"


def _wrong(
    loss: Callable[..., Any],
    case: Sequence[NDArray],
    answer: NDArray,
    value: NDArray,
    bound: NDArray,
    i: int,
    names: Sequence[str],
) -> Quantity:
    ratio = np.nan_to_num(distances(answer, value, bound), nan=np.inf)
    entry = tuple(int(k) for k in np.unravel_index(int(np.argmax(ratio)), ratio.shape))
    arrays = dict(zip(names, case, strict=True))
    shown = Counterexample(arrays, value, answer, entry, float(ratio[entry]))
    doubt = _doubt(loss, case, value, bound, i)
    if doubt:
        return Quantity("undecided", shown.margin, f"the witnesses disagree: {doubt}")
    if not shown.margin > WRONG_ABOVE:
        return Quantity("undecided", shown.margin, "too near the border to tell")
    return Quantity("wrong", shown.margin, "outside of its error bound", shown)


def _doubt(
    loss: Callable[..., Any], case: Sequence[NDArray], value: NDArray, bound: NDArray, i: int
) -> str | None:
    """Whether forward mode or finite differences along one direction say otherwise."""
    direction = np.random.default_rng(0).choice([-1.0, 1.0], size=case[i].shape)

    def along(argument: Any) -> Any:
        return loss(*case[:i], argument, *case[i + 1 :])

    expected, room = float(np.sum(value * direction)), float(np.sum(bound))
    with jax.enable_x64(True):
        forward = float(jax.jvp(along, (case[i],), (direction,))[1])
        slope, error = finite_difference(
            lambda argument: float(along(argument)), case[i], direction, float(FORMATS["float64"].u)
        )
    if abs(forward - expected) > 8.0 * room + 1e-12 * float(np.sum(np.abs(value))):
        return "JAX in forward mode and in reverse mode differ by more than their rounding"
    if np.isfinite(slope) and abs(slope - expected) > 8.0 * (error + room):
        return "finite differences of the loss differ from JAX"
    return None


def _report(
    function: Callable[..., Any],
    loss: Callable[..., Any],
    started: float,
    cases: Sequence[Any],
    quantities: dict[str, Quantity],
    findings: Sequence[Finding],
    problem: str | None,
    verdict: Any,
) -> Report:
    name = getattr(function, "__name__", "function")
    return Report(
        name=name,
        model=getattr(loss, "__name__", "loss"),
        activation=None,
        convention="as given",
        verdict=verdict,
        gradients=quantities,
        loss=None,
        findings=findings,
        cases={"mild": Counts(len(cases), len(cases) if quantities else 0, 0)},
        precision="float64",
        seed=0,
        seconds=time.perf_counter() - started,
        problem=problem,
    )
