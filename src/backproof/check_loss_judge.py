"""One gradient of any JAX function against the truth, and why it is outside of its bound.

There is no long double of a JAX function, so what lies outside of the bound is told from a mistake
by moving the inputs by units in the last place: rounding jumps about, a mistake stays. At a kink,
where the slopes on both sides differ, any slope between them is right.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import jax
import numpy as np
from numpy.typing import NDArray

from backproof.error_bounds import FORMATS, bounded, errors_of_flushing, kind_of, with_truth
from backproof.reading import guards
from backproof.reading.failure import described, line_of
from backproof.verdict import (
    RIGHT_BELOW,
    WRONG_ABOVE,
    Counterexample,
    FindingKind,
    Quantity,
    distances,
    is_telling,
    margin,
)
from backproof.witnesses import finite_difference

_JITTERS = 4
_NEAR = 1e-6  # how far from a kink, relative to the input, its two slopes are taken
Arguments: TypeAlias = Sequence[NDArray]
Row: TypeAlias = tuple[Arguments, NDArray, NDArray, NDArray]  # case, answer, truth, bound
_Why: TypeAlias = Literal["guarded", "unstable", "mistake", "unsure"]


class Trial(NamedTuple):
    """The function, what it should be the gradient of, and what is known of both."""

    function: Callable[..., Any]
    loss: Callable[..., Any]
    truth: Callable[[Arguments], Any]
    names: Sequence[str]
    precision: str


def answer_of(function: Callable[..., Any], case: Arguments) -> Any:
    """A list of gradients, or in words what came instead."""
    try:
        with np.errstate(all="ignore"):
            result = function(*[argument.copy() for argument in case])
    except (Exception, SystemExit) as error:
        return f"raised {described(error)}{line_of(error)}"
    gradients = list(result) if isinstance(result, tuple | list) else [result]
    if len(gradients) > len(case):
        return f"returned {len(gradients)} gradients of {len(case)} arguments"
    arrays = []
    for i, gradient in enumerate(gradients):
        try:
            array = np.asarray(gradient)
        except Exception as error:
            return f"gradient {i} is not an array: {described(error)}"
        if array.dtype.kind not in "fiub" or array.shape != case[i].shape:
            came = "None" if gradient is None else f"{array.dtype}{list(array.shape)}"
            return f"gradient {i} is {came}, expected real numbers of shape {list(case[i].shape)}"
        arrays.append(array)
    return arrays or "returned no gradients"


def truth_of(
    loss: Callable[..., Any], count: int, precision: str
) -> Callable[[Arguments], tuple[list[NDArray], list[NDArray]]]:
    """The gradients with respect to the first `count` arguments, and their error bounds."""
    gradient = jax.grad(loss, argnums=tuple(range(count)))
    both = with_truth(FORMATS[precision])
    program = jax.jit(functools.partial(bounded, gradient, both, kind=kind_of(precision)))

    def truth(case: Arguments) -> tuple[list[NDArray], list[NDArray]]:
        with jax.enable_x64(True):
            errors = errors_of_flushing(case, both)
            values, bounds = jax.tree.map(np.asarray, program(*case, errors=errors))
        return list(values), list(bounds)

    return truth


def judged(trial: Trial, rows: Sequence[Row], i: int) -> tuple[Quantity, set[FindingKind]]:
    """The verdict on gradient `i` over all rows, and what explains those outside of their bound."""
    inside, telling, unsure = 0.0, 0, float("nan")
    why: set[FindingKind] = set()
    for case, answer, value, bound in sorted(rows, key=lambda row: sum(a.size for a in row[0])):
        at_kinks, open_kinks = _kinks(trial, case, answer, value, bound, i)
        smooth = np.where(at_kinks | open_kinks, value, answer)
        m = margin(smooth, value, bound)
        if m > RIGHT_BELOW or np.isnan(m):
            reason = _explanation(trial, case, m, at_kinks | open_kinks, i)
            if reason == "mistake":
                return _wrong(trial, case, smooth, value, bound, i), why
            if reason == "unsure":
                unsure = m
                continue
            why.add(reason)
        if at_kinks.any():
            why.add("convention")
        if open_kinks.any():
            unsure = margin(answer, value, bound)
            continue
        inside = max(inside, m) if m <= RIGHT_BELOW else inside
        telling += is_telling(value, bound)
    if not np.isnan(unsure):
        return Quantity("undecided", unsure, "too near the border to tell, or at a kink"), why
    if not telling:
        return Quantity("undecided", float("nan"), "no case could have shown a mistake"), why
    return Quantity("right", inside), why


def _kinks(
    trial: Trial,
    case: Arguments,
    answer: NDArray,
    value: NDArray,
    bound: NDArray,
    i: int,
) -> tuple[NDArray, NDArray]:
    """Which entries outside of their bounds lie at a kink: between both its slopes, and beyond."""
    between, beyond = np.zeros(value.shape, bool), np.zeros(value.shape, bool)
    for entry in np.argwhere(distances(answer, value, bound) > RIGHT_BELOW):
        place = tuple(entry)
        low, high = sorted(_slopes(trial, case, i, place, _NEAR))
        nearer = np.ptp(_slopes(trial, case, i, place, _NEAR / 16.0))
        # A kink's step stays when it is looked at from nearer by, a curve's shrinks by as much.
        if not nearer > max(0.5 * (high - low), 4.0 * float(bound[place])):
            continue
        room = abs(high - low - nearer) + 4.0 * float(bound[place])
        if low - room <= answer[place] <= high + room:
            between[place] = True
        else:
            beyond[place] = True
    return between, beyond


def _slopes(
    trial: Trial, case: Arguments, i: int, place: tuple[int, ...], near: float
) -> tuple[float, float]:
    slopes = []
    for side in (-1.0, 1.0):
        moved = case[i].copy()
        moved[place] += side * near * max(abs(float(moved[place])), 1.0)
        value = trial.truth([*case[:i], moved, *case[i + 1 :]])[0][i]
        slopes.append(float(value[place]))
    return slopes[0], slopes[1]


def _explanation(trial: Trial, case: Arguments, m: float, kinks: NDArray, i: int) -> _Why:
    twin = guards.without_guards(trial.function)
    if twin is not None:
        (values, bounds), answer = trial.truth(case), answer_of(twin, case)
        if not isinstance(answer, str):
            smooth = np.where(kinks, values[i], answer[i])
            if margin(smooth, values[i], bounds[i]) <= RIGHT_BELOW:
                return "guarded"
    if np.isnan(m):
        return "mistake"
    rng = np.random.default_rng(0)
    step = 4.0 * float(FORMATS[trial.precision].u)
    apart = []
    for _ in range(_JITTERS):
        moved = [
            a * (1.0 + step * rng.choice([-1.0, 1.0], size=a.shape)) if a.dtype.kind == "f" else a
            for a in case
        ]
        answer = answer_of(trial.function, moved)
        if isinstance(answer, str):
            return "unsure"
        apart.append(np.where(kinks, 0.0, answer[i] - trial.truth(moved)[0][i]))
    entry = np.unravel_index(int(np.argmax(np.abs(apart[0]))), apart[0].shape)
    jumps = np.array([float(each[entry]) for each in apart])
    spread = np.ptp(jumps) / max(abs(float(jumps[0])), 1e-300)
    if not spread > 1.0 / 32.0:
        return "mistake"
    return "unstable" if spread > 1.0 / 8.0 else "unsure"


def _wrong(
    trial: Trial, case: Arguments, answer: NDArray, value: NDArray, bound: NDArray, i: int
) -> Quantity:
    ratio = np.nan_to_num(distances(answer, value, bound), nan=np.inf)
    entry = tuple(int(k) for k in np.unravel_index(int(np.argmax(ratio)), ratio.shape))
    arrays = dict(zip(trial.names, case, strict=True))
    shown = Counterexample(arrays, value, answer, entry, float(ratio[entry]))
    doubt = _doubt(trial.loss, case, value, bound, i)
    if doubt:
        return Quantity("undecided", shown.margin, f"the witnesses disagree: {doubt}")
    if not shown.margin > WRONG_ABOVE:
        return Quantity("undecided", shown.margin, "too near the border to tell")
    return Quantity("wrong", shown.margin, "outside of its error bound", shown)


def _doubt(
    loss: Callable[..., Any], case: Arguments, value: NDArray, bound: NDArray, i: int
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
