"""Calling somebody's backward pass on cases in our notation, and taking whatever comes of it.

NumPy and the standard library only: this runs in the child process, which has to start quickly,
and in process for the library's own front. Whatever the function does, an `Outcome` comes back and
says it in words; what ends the process is seen by `process`, which tells it as an `Outcome` too.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np

from backproof.reading import guards
from backproof.reading.answer import Malformed, floats, number, sort_out
from backproof.reading.convention import ShapeError, axes_of, laid_out, to_ours, unfolded
from backproof.reading.driven import Driven
from backproof.reading.failure import described, line_of, one_line
from backproof.reading.spec import Argument, Spec

Case: TypeAlias = Mapping[str, np.ndarray]
Kind: TypeAlias = Literal["returned", "raised", "exited", "malformed", "hung", "crashed"]
Function: TypeAlias = Callable[..., Any]


class Outcome(NamedTuple):
    """What came of one call.

    Attributes:
        values: in our layout, in the precision the candidate returned: `"dW1"`, ..., and `"loss"`
            where there is one. Only what has the right shape is here.
        kind: `returned` if every gradient is in `values`; otherwise how it failed.
        problem: one line in words, None if there is nothing to say. With `returned` it is about
            the loss.
        faults: what is wrong with single values, by name; those are missing from `values`.
        changed: the names (theirs) of inputs that were changed in place.
        differs: the answers were others when called again on the same inputs (only if asked).
        overflowed: a value of NumPy's left the range of its format on the way.
        lowest: the lowest floating precision among the gradients, `"float32"`; `""` if none.
    """

    values: dict[str, np.ndarray]
    kind: Kind
    problem: str | None = None
    faults: Mapping[str, str] = {}
    changed: tuple[str, ...] = ()
    differs: bool = False
    lowest: str = ""
    overflowed: bool = False


class Run(Protocol):
    """Runs one candidate on cases in our notation; `Child.run` and `in_process` both give it.

    Arguments:
        spec: what to call, and how to read it.
        cases: tensors by our names, in our layout.
        dtype: `float32`, `float64` or `longdouble`: what the inputs are cast to.
        without_guards: call the twin whose small literal constants are gone (see `guards`).
        repeat: call twice and say whether the answers differ.

    Returns as many outcomes as cases, in their order; fewer only if the last one says `hung` or
    `crashed`.
    """

    def __call__(
        self,
        spec: Spec,
        cases: Sequence[Case],
        *,
        dtype: str = "float64",
        without_guards: bool = False,
        repeat: bool = False,
    ) -> list[Outcome]:
        """One outcome for each of `cases`."""
        ...


class _Failed(Exception):  # noqa: N818 - it is an answer, not an error
    """A call that did not come back; carries what to say."""

    def __init__(self, kind: Kind, problem: str) -> None:
        self.kind: Kind = kind
        self.problem = problem


def call(
    function: Function,
    spec: Spec,
    case: Case,
    *,
    loss: Function | None = None,
    dtype: str = "float64",
    repeat: bool = False,
    memory: str | None = None,
    stoppable: bool = False,
) -> Outcome:
    """Call `function` on one case and read what it returned.

    Arguments:
        function: the candidate, called with copies of the inputs in its own convention.
        spec: how to call it and how to read its answer.
        case: tensors by our names, in our layout.
        loss: the candidate's own loss function, called on the same case.
        dtype: what the inputs are cast to.
        repeat: call a second time on fresh copies and compare bit by bit, NaN equal to NaN.
        memory: the limit, in words, for the message about a MemoryError.
        stoppable: let a KeyboardInterrupt through; in the child it is the candidate's own doing.

    Nothing the function raises comes out of here.
    """
    inputs = _Inputs(spec, case, dtype)
    if isinstance(function, Driven):
        function.sizes = inputs.sizes
    overflows: set[str] = set()
    with np.errstate(over="call", call=lambda kind, _: overflows.add(kind)):
        outcome = _once(function, spec, inputs, loss, memory, stoppable)
    if repeat and outcome.kind == "returned":
        again = _once(function, spec, inputs, loss, memory, stoppable)
        outcome = outcome._replace(differs=not _same(outcome, again))
    return outcome._replace(changed=tuple(inputs.changed), overflowed=bool(overflows))


def outcomes(
    function: Function,
    spec: Spec,
    cases: Iterable[Case],
    *,
    loss: Function | None = None,
    dtype: str = "float64",
    repeat: bool = False,
    memory: str | None = None,
    stoppable: bool = False,
) -> Iterator[Outcome]:
    """`call` on each of `cases`, with NumPy's warnings and the candidate's own kept quiet."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for case in cases:
            yield call(
                function,
                spec,
                case,
                loss=loss,
                dtype=dtype,
                repeat=repeat,
                memory=memory,
                stoppable=stoppable,
            )


def in_process(function: Function, loss: Function | None = None) -> Run:
    """A `Run` that calls `function` right here: no limits, but anything can be passed to it.

    What it prints is dropped. A KeyboardInterrupt stops the run.
    """

    def run(
        spec: Spec,
        cases: Sequence[Case],
        *,
        dtype: str = "float64",
        without_guards: bool = False,
        repeat: bool = False,
    ) -> list[Outcome]:
        called, beside = function, loss
        if without_guards:
            called = guards.without_guards(function) or function
            beside = loss and (guards.without_guards(loss) or loss)
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            return list(
                outcomes(
                    called, spec, cases, loss=beside, dtype=dtype, repeat=repeat, stoppable=True
                )
            )

    return run


class _Inputs:
    """The inputs of one case in the candidate's convention; what it changes is made anew."""

    def __init__(self, spec: Spec, case: Case, dtype: str) -> None:
        self.changed: dict[str, None] = {}
        self.case = case
        self.dtype = dtype
        self._ours = spec.ours
        self.sizes = _sizes(self._ours, case)
        self._theirs = spec.layouts
        self._updates = spec.updates
        self._strength = spec.strength
        self._made: dict[str, tuple[np.ndarray, tuple[int, ...], bytes]] = {}

    def __getitem__(self, tensor: str) -> Any:
        if tensor == "penalty":
            return self._strength
        made = self._made.get(tensor)
        if made is None:
            case, ours = self.case, self._ours
            if tensor == "Z" and tensor not in case:  # in the cache of a layer and its activation
                case = {**case, "Z": case["W"] @ case["A_prev"] + case["b"]}
                ours = {**ours, "Z": "k n"}
            array = laid_out(case, tensor, ours, self._theirs, self.dtype)
            if array.ndim == 0:  # a number, which nobody can change in place
                array = array[()]
            self._made[tensor] = array, array.shape, array.tobytes()
            return array
        return made[0]

    def look_at(self, arguments: Sequence[Argument]) -> None:
        """Note which of these were changed in place, where they should not be."""
        for name, tensor, _ in arguments:
            if tensor == "penalty":
                continue
            array, shape, content = self._made[tensor]
            if array.tobytes() != content or array.shape != shape:
                if not self._updates or tensor in ("x", "y"):
                    self.changed[name] = None
                del self._made[tensor]


def _bias_of(weight: str) -> str:
    return f"b{weight[1:]}"


def _once(
    function: Function,
    spec: Spec,
    inputs: _Inputs,
    loss: Function | None,
    memory: str | None,
    stoppable: bool,
) -> Outcome:
    try:
        returned = _called(function, spec.arguments, inputs, memory, stoppable)
        outcome = _read(returned, spec, inputs)  # copies, so what follows cannot change it
    except _Failed as failure:
        return Outcome({}, failure.kind, failure.problem)
    if loss is not None and "loss" not in outcome.values:
        outcome = _with_loss(outcome, loss, spec, inputs, memory, stoppable)
    return outcome


def _called(
    function: Function,
    arguments: Sequence[Argument],
    inputs: _Inputs,
    memory: str | None,
    stoppable: bool,
) -> object:
    positional: list[np.ndarray] = []
    named: dict[str, np.ndarray] = {}
    for name, tensor, by_name in arguments:
        if by_name:
            named[name] = inputs[tensor]
        else:
            positional.append(inputs[tensor])
    try:
        return function(*positional, **named)
    except BaseException as error:
        if stoppable and isinstance(error, KeyboardInterrupt):
            raise
        raise _failure(error, memory) from None
    finally:
        inputs.look_at(arguments)


def _failure(error: BaseException, memory: str | None) -> _Failed:
    where = line_of(error)
    if isinstance(error, SystemExit):
        status = "" if error.code is None else one_line(repr(error.code))
        return _Failed("exited", f"called sys.exit({status}){where}")
    if isinstance(error, MemoryError) and memory is not None:
        return _Failed("raised", f"raised MemoryError: more than {memory}{where}")
    return _Failed("raised", f"raised {described(error)}{where}")


def _read(returned: object, spec: Spec, inputs: _Inputs) -> Outcome:
    values: dict[str, np.ndarray] = {}
    faults: dict[str, str] = {}
    ours, theirs = spec.ours, spec.layouts
    sizes = inputs.sizes
    lowest: np.dtype | None = None
    try:
        sorted_out = sort_out(returned, spec)
        for name, value in sorted_out.items():
            try:
                array = floats(value, inputs.dtype)
                if name == "loss":
                    values[name] = number(array)
                    continue
                parameter = name[1:]
                if "+" in theirs.get(parameter, ""):
                    weight, bias = unfolded(array, ours[parameter], theirs[parameter], sizes)
                    values[name], values[f"d{_bias_of(parameter)}"] = weight, bias
                elif parameter in theirs:
                    if spec.updates and not theirs[parameter] and array.size == 1:
                        array = array.reshape(())  # a number, less an array of one entry
                    values[name] = to_ours(array, ours[parameter], theirs[parameter], sizes)
            except (ShapeError, Malformed) as error:
                faults[name] = str(error)
            else:
                if lowest is None or array.dtype.itemsize < lowest.itemsize:
                    lowest = array.dtype
    except Malformed as error:
        return Outcome({}, "malformed", str(error))
    except Exception as error:  # somebody's own class: its __array__, its __len__
        return Outcome(
            {}, "malformed", f"returned something that is not an array: {described(error)}"
        )
    problem = "; ".join(f"{name} {fault}" for name, fault in faults.items()) or None
    kind: Kind = "malformed" if faults.keys() - {"loss"} else "returned"
    return Outcome(values, kind, problem, faults, lowest="" if lowest is None else _name(lowest))


@lru_cache
def _name(dtype: np.dtype) -> str:
    return dtype.name  # NumPy puts it together each time


def _sizes(layouts: Mapping[str, str], case: Case) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for tensor, array in case.items():
        if tensor in layouts:
            row, column = axes_of(layouts[tensor])
            sizes[row], sizes[column] = array.shape
    return sizes


def _with_loss(
    outcome: Outcome,
    loss: Function,
    spec: Spec,
    inputs: _Inputs,
    memory: str | None,
    stoppable: bool,
) -> Outcome:
    """`outcome` with what the candidate's own loss function gives, or why it gives nothing."""
    try:
        returned = _called(loss, spec.loss_arguments, inputs, memory, stoppable)
        value = number(floats(returned, inputs.dtype))
        return outcome._replace(values={**outcome.values, "loss": value})
    except _Failed as failure:
        fault = failure.problem
    except Malformed as error:
        fault = str(error)
    except Exception as error:  # somebody's own class, as in `_read`
        fault = f"is not a number: {described(error)}"
    words = [outcome.problem, f"the loss function {spec.loss} {fault}"]
    return outcome._replace(
        problem="; ".join(word for word in words if word),
        faults={**outcome.faults, "loss": fault},
    )


def _same(one: Outcome, other: Outcome) -> bool:
    if one.kind != other.kind or one.values.keys() != other.values.keys():
        return False
    return all(
        value.dtype == other.values[name].dtype
        and (
            value.tobytes() == other.values[name].tobytes()
            or np.array_equal(value, other.values[name], equal_nan=True)
        )
        for name, value in one.values.items()
    )
