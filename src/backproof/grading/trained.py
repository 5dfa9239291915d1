"""What is made of a training's answers: the loss is ours, whatever a submission says it is.

A training that gets there is told once more a learning rate that is next to nothing, from a start
it had before. If it gets there all the same, it does not step by the rate it is told, or has its
parameters from elsewhere; and a parameter that comes back as it did before was never moved.

Parameters that are not returned, as where only losses are, are looked for where a training may have
left them: in the arrays it was given, and in global variables of their names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.grading.answers import found, value_of
from backproof.grading.assignment import Assignment, Function
from backproof.grading.forms import Form, Quantity, Size, parts_of, quantities_in
from backproof.grading.frames import Value
from backproof.grading.marking import Mark, Verdict
from backproof.grading.outcome import Answer, Outcome
from backproof.grading.quantities import Known, layouts
from backproof.grading.trials import ENOUGH, STARTS, Trial, Trials
from backproof.notation import Model
from backproof.reference import deep_mlp, losses

Parameters: TypeAlias = Mapping[str, NDArray[np.float64]]
Ask: TypeAlias = Callable[[Trial], Outcome]


def loss_of(model: Model, activation: str, parameters: Parameters, case: Known) -> float:
    """The mean loss of the parameters on the data of a case.

    In NumPy: JAX would compile for each number of hidden units that somebody chooses.
    """
    arrays = list(parameters.values())
    layers = list(zip(arrays[::2], arrays[1::2], strict=True))
    x, y = case.values["x"], case.values["y"]
    with np.errstate(all="ignore"):
        if model.output == "identity":
            zs, _ = deep_mlp.forward_pass(layers, x, activation)
            return float(losses.half_mean_squared_error(zs[-1], y))
        return float(deep_mlp.loss(layers, x, y, activation, model.output))


class _Ended(NamedTuple):
    """What a training came to: parameters and their loss, or infinity and what is amiss."""

    parameters: Parameters
    loss: float
    amiss: Mapping[str, Any] | None


def trained(assignment: Assignment, asked: Trials, ask: Ask) -> Mark:
    """The mark of a function that the submission has; as few trainings as decide it."""
    function = asked.function
    assert function.training is not None
    wanted = function.training.loss
    ended: list[_Ended] = []
    short: list[_Ended] = []
    for trial in asked.starts:
        ended.append(_ended(assignment, function, trial, ask(trial)))
        if not ended[-1].loss <= wanted:
            short.append(ended[-1])
        if len(short) > STARTS - ENOUGH:
            return mark_of(function, _why(short, wanted))
        if len(ended) - len(short) == ENOUGH:
            break
    if asked.still is None:
        return mark_of(function, None)
    still = _ended(assignment, function, asked.still, ask(asked.still))
    if still.loss <= wanted:
        return mark_of(function, {"code": "rate_ignored"})
    return mark_of(function, _not_moved(still, ended[0]))


def mark_of(function: Function, amiss: Mapping[str, Any] | None) -> Mark:
    """Full points where nothing is amiss."""
    out_of = function.points["training"]
    nothing = amiss is not None and amiss["code"] == "not_defined"
    verdict: Verdict = "right" if amiss is None else "missing" if nothing else "wrong"
    points = out_of if amiss is None else 0.0
    because = () if amiss is None else (amiss,)
    return Mark(function.name, "training", verdict, points, out_of, function.public, because)


def _why(short: Sequence[_Ended], wanted: float) -> Mapping[str, Any]:
    """What is said of trainings that fell short: what is amiss, or the best of their losses."""
    amiss = next((one.amiss for one in short if one.amiss is not None), None)
    if amiss is not None:
        return amiss
    best = min((one.loss for one in short if np.isfinite(one.loss)), default=None)
    if best is None:
        return {"code": "not_finite"}
    return {"code": "not_reached", "loss": best, "wanted": wanted}


def _not_moved(still: _Ended, moved: _Ended) -> Mapping[str, Any] | None:
    for name, before in still.parameters.items():
        if name in moved.parameters and np.array_equal(before, moved.parameters[name]):
            return {"code": "not_moved", "parameter": name}
    return None


def _ended(assignment: Assignment, function: Function, trial: Trial, outcome: Outcome) -> _Ended:
    if outcome.status == "failed":
        return _Ended({}, np.inf, {"code": "raised", "error": outcome.sentence})
    if outcome.status != "answered":
        code = outcome.status if outcome.status in ("time", "memory") else "killed"
        return _Ended({}, np.inf, {"code": code})
    answer = outcome.answers[0]
    ended = _reached(assignment, function, trial, answer)
    if ended.amiss is None or answer.error is not None:
        return ended
    left = _filled(function.returns, _left(function, answer))
    instead = _reached(assignment, function, trial, answer._replace(value=left))
    assert function.training is not None
    if instead.amiss is None and instead.loss <= function.training.loss:
        return instead
    if _is_history(answer.value):
        names = ", ".join(assignment.model.parameters)
        return instead._replace(amiss={"code": "no_parameters", "parameters": names})
    return instead._replace(amiss=ended.amiss)


def _reached(assignment: Assignment, function: Function, trial: Trial, answer: Answer) -> _Ended:
    model = assignment.model
    sizes = _with_hidden(model, function, answer, trial.case.sizes)
    parameters: dict[str, NDArray] = {}
    for name in model.parameters:
        quantity = next(one for one in quantities_in(function.returns) if one.symbol == name)
        value, amiss, _ = value_of(function, quantity, answer, sizes, layouts(model)[name])
        if value is None:
            return _Ended({}, np.inf, amiss)
        parameters[name] = value
    loss = loss_of(model, assignment.activation, parameters, trial.case)
    return _Ended(parameters, loss, None)


def _left(function: Function, answer: Answer) -> dict[str, Value]:
    """What a training left in global variables of parameters' names and in its arguments."""
    if len(answer.arguments) != 2 + len(function.arguments):
        return {}
    _, told, *after = answer.arguments
    left = told.get("left") if isinstance(told, dict) else None
    found = dict(left) if isinstance(left, dict) else {}
    for form, value in zip(function.arguments, after, strict=True):
        if isinstance(form, Quantity) and found.get(form.symbol) is None:
            found[form.symbol] = value
    return found


def _filled(form: Form, left: Mapping[str, Value]) -> Value:
    """What a function would return that returns these."""
    if isinstance(form, Quantity):
        return left.get(form.symbol)
    if isinstance(form, tuple):
        return tuple(_filled(part, left) for part in form)
    if isinstance(form, Mapping):
        return {key: _filled(part, left) for key, part in form.items()}
    return None


def _is_history(value: Value) -> bool:
    """Whether it can only be losses, or nothing."""
    parts = value if isinstance(value, list | tuple) else [value]
    if isinstance(value, np.ndarray) and value.ndim == 1:
        return True
    return all(
        part is None
        or isinstance(part, bool | int | float)
        or (isinstance(part, np.ndarray) and part.ndim == 0)
        for part in parts
    )


def _with_hidden(
    model: Model, function: Function, answer: Answer, sizes: Mapping[str, int]
) -> dict[str, int]:
    """The sizes, with those of hidden layers that the function chooses itself as they came."""
    known = dict(sizes)
    forms = (*function.arguments, *function.keywords.values())
    given = [part for form in forms for part in parts_of(form)]
    told = {part.axis for part in given if isinstance(part, Size)}
    for part in given:
        if isinstance(part, Quantity):
            told |= {*layouts(model)[part.symbol].split()}
    free = {*model.hidden_axes} - told
    for quantity in quantities_in(function.returns):
        value = found(function.returns, answer.value, quantity)
        axes = quantity.layout.split()
        if isinstance(value, np.ndarray) and value.ndim == len(axes):
            for axis, size in zip(axes, value.shape, strict=True):
                if axis in free:
                    known[axis] = size
                    free -= {axis}
    return known
