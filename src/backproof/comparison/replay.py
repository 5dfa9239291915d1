"""The steps of a run taken again in float64, with a bound on what rounding can have made of them.

A recorded step has the parameters before and after it and the examples it saw. Nothing that came
before it matters, so errors do not pile up: a step that follows the rule lands inside of the bound
however long the run, and one that does not stands out by itself.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import jax
import numpy as np
from numpy.typing import NDArray

from backproof import models, program_cache, training
from backproof.error_bounds import FORMATS, bounded, with_truth
from backproof.notation import Model
from backproof.verdict import margin

Tensors: TypeAlias = Mapping[str, NDArray[np.float64]]


class Rule(NamedTuple):
    """What a run says its steps are: parameters less `rate` times the gradient of the mean loss.

    `precision` is a key of `error_bounds.FORMATS`. `rate` is the number that the run used, so one
    rounded to its precision.
    """

    model: Model
    activation: str
    rate: float
    precision: str


class Step(NamedTuple):
    """A step as it was recorded: `x` is (d, n), `y` (k, n); `number` counts from 0.

    `gradients` are those that the loop says it made the step with, by the parameters' names.
    """

    number: int
    before: Tensors
    after: Tensors
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    gradients: Tensors | None = None


class Replay(NamedTuple):
    """A step taken again: how far it should move, how far off it is, and what rounding may do."""

    step: Step
    change: Tensors
    residual: Tensors
    bound: Tensors

    def margins(self, explained: Tensors | None = None) -> dict[str, float]:
        """By parameter, the residual in bounds; less what is explained of it."""
        explained = explained or {}
        return {
            name: margin(residual, explained.get(name, np.zeros_like(residual)), self.bound[name])
            for name, residual in self.residual.items()
        }

    def without(self, explained: Tensors) -> Replay:
        """As if the step had not been moved by this."""
        moved = {name: self.residual[name] - shift for name, shift in explained.items()}
        return self._replace(residual={**self.residual, **moved})


def replayed(rule: Rule, steps: Sequence[Step]) -> list[Replay]:
    """Each of `steps` taken again from its own beginning."""
    program_cache.use()
    program = _bounded_step(rule.model, rule.activation, rule.precision)
    each = _of_each(program, steps, np.float64(rule.rate))
    return [
        Replay(
            step,
            {name: after[name] - value for name, value in step.before.items()},
            {name: step.after[name] - after[name] for name in step.before},
            {name: bound[name] for name in step.before},
        )
        for step, (after, bound) in zip(steps, each, strict=True)
    ]


def gradient_margins(rule: Rule, steps: Sequence[Step]) -> list[dict[str, float]]:
    """Of steps with recorded gradients, how many error bounds each of these is off, at most."""
    program = _bounded_gradient(rule.model, rule.activation, rule.precision)
    return [
        {
            name: margin(value, truth[name], bound[name])
            for name, value in (step.gradients or {}).items()
        }
        for step, (truth, bound) in zip(steps, _of_each(program, steps), strict=True)
    ]


def gradients(
    model: Model,
    activation: str,
    parameters: Sequence[Tensors],
    batches: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
    significand: int | None = None,
) -> list[dict[str, NDArray[np.float64]]]:
    """The gradient of the mean loss in float64, of each set of parameters on its own batch.

    With `significand` the operands of every matrix product, forward and backward, are rounded to as
    many bits: 8 is bfloat16, 11 TF32 and float16.
    """
    program = _gradient(model, activation, significand)
    steps = [
        Step(0, before, before, x, y) for before, (x, y) in zip(parameters, batches, strict=True)
    ]
    return _of_each(program, steps)


def example_gradients(rule: Rule, step: Step) -> dict[str, NDArray[np.float64]]:
    """The gradient of each example's own loss: one more leading axis, of n."""
    n = step.x.shape[1]
    alone = [(step.x[:, i : i + 1], step.y[:, i : i + 1]) for i in range(n)]
    each = gradients(rule.model, rule.activation, [step.before] * n, alone)
    return {name: np.stack([one[name] for one in each]) for name in step.before}


def ulp(value: NDArray[np.float64], precision: str) -> NDArray[np.float64]:
    """The distance of neighbouring numbers of `precision` at each value."""
    fmt = FORMATS[precision]
    exponent = np.frexp(np.maximum(np.abs(value), float(fmt.smallest)))[1]
    return np.asarray(np.ldexp(2.0 * float(fmt.u), exponent - 1), np.float64)


def _of_each(program: Callable[..., Any], steps: Sequence[Step], *more: Any) -> list[Any]:
    """What a program gives for each step; those of one size of batch are handed to it at once.

    The last is handed over again until they are a power of two: compiling for every number of steps
    takes longer than computing twice as many.
    """
    found: dict[int, Any] = {}
    for places in _alike(steps):
        again = [places[-1]] * ((1 << (len(places) - 1).bit_length()) - len(places))
        stacked = _on_cpu(program, *_stacked([steps[i] for i in [*places, *again]]), *more)
        for row, i in enumerate(places):
            found[i] = jax.tree.map(operator.itemgetter(row), stacked)
    return [found[i] for i in range(len(steps))]


def _alike(steps: Sequence[Step]) -> list[list[int]]:
    """The places of steps by the size of their batch: one program for each."""
    places: dict[int, list[int]] = {}
    for i, step in enumerate(steps):
        places.setdefault(step.x.shape[1], []).append(i)
    return list(places.values())


def _stacked(steps: Sequence[Step]) -> tuple[dict[str, NDArray], NDArray, NDArray]:
    before = {name: np.stack([step.before[name] for step in steps]) for name in steps[0].before}
    return before, np.stack([step.x for step in steps]), np.stack([step.y for step in steps])


def _on_cpu(program: Callable[..., Any], *arguments: Any) -> Any:
    with program_cache.float64_on_cpu():
        return jax.tree.map(np.asarray, program(*arguments))


@functools.lru_cache
def _bounded_step(model: Model, activation: str, precision: str) -> Callable[..., Any]:
    fmt = with_truth(FORMATS[precision])

    def formula(before: Any, x: Any, y: Any, rate: Any) -> Any:
        return training.step(model, activation, rate)(before, x, y)[0]

    def once(before: Any, x: Any, y: Any, rate: Any) -> Any:
        return bounded(formula, fmt, before, x, y, rate)

    return jax.jit(jax.vmap(once, in_axes=(0, 0, 0, None)), compiler_options=program_cache.QUICKLY)


@functools.lru_cache
def _bounded_gradient(model: Model, activation: str, precision: str) -> Callable[..., Any]:
    fmt, formula = with_truth(FORMATS[precision]), _formula(model, activation)
    return jax.jit(
        jax.vmap(lambda before, x, y: bounded(formula, fmt, before, x, y)),
        compiler_options=program_cache.QUICKLY,
    )


def _formula(model: Model, activation: str) -> Callable[..., Any]:
    def loss(before: Any, x: Any, y: Any) -> Any:
        return models.loss(model, before, x, y, activation)

    return jax.grad(loss)


@functools.lru_cache
def _gradient(model: Model, activation: str, significand: int | None) -> Callable[..., Any]:
    gradient = _formula(model, activation)
    if significand is not None:
        gradient = with_rounded_products(gradient, significand)
    return jax.jit(jax.vmap(gradient), compiler_options=program_cache.QUICKLY)


# --- products in a lower precision --------------------------------------------------------------

_CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
}


def with_rounded_products(f: Callable[..., Any], significand: int) -> Callable[..., Any]:
    """`f` with the operands of its matrix products rounded to `significand` bits."""

    def rounded(*arguments: Any) -> Any:
        closed, shape = jax.make_jaxpr(f, return_shape=True)(*arguments)
        outputs = _evaluated(closed.jaxpr, closed.consts, jax.tree.leaves(arguments), significand)
        return jax.tree.unflatten(jax.tree.structure(shape), outputs)

    return rounded


def _evaluated(jaxpr: Any, consts: Any, inputs: Any, significand: int) -> list[Any]:
    values = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *inputs], strict=True))

    def read(atom: Any) -> Any:
        return atom.val if hasattr(atom, "val") else values[atom]

    for eqn in jaxpr.eqns:
        given = [read(atom) for atom in eqn.invars]
        if eqn.primitive.name in _CALLS:
            inner = eqn.params[_CALLS[eqn.primitive.name]]
            results = _evaluated(inner.jaxpr, inner.consts, given, significand)
        else:
            if eqn.primitive.name == "dot_general":
                given = [_rounded(value, significand) for value in given]
            results = eqn.primitive.bind(*given, **eqn.params)
            results = results if eqn.primitive.multiple_results else [results]
        values.update(zip(eqn.outvars, results, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _rounded(value: Any, significand: int) -> Any:
    """To the nearest number of so many bits (Veltkamp's splitting)."""
    large = value * (2.0 ** (53 - significand) + 1.0)
    return large - (large - value)
