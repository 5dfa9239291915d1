"""Training that has to reach a loss: the calls that are made, drawn from the assignment's seed.

A right training can be stuck from an unlucky start, and a wrong one gets there by luck at times, so
there are `STARTS` of them, each with its own seed for what the function draws, and `ENOUGH` have to
get there: at 3 of 5, one that gets there from 9 starts in 10 gets its points 99 times in 100, and
one that does from 1 in 10 goes without them as often.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backproof.grading import datasets
from backproof.grading.assignment import Assignment, Function
from backproof.grading.calls import call_of
from backproof.grading.forms import STEPS
from backproof.grading.outcome import Call, Limits
from backproof.grading.quantities import Known

STARTS: Final = 5
ENOUGH: Final = 3
_HARDLY: Final = 1e-6  # times the rate
_UNITS: Final = 4  # of a hidden layer, where the function is told how many
_DRAWN: Final = 1 << 31


class Trial(NamedTuple):
    """One training: the call, what is known of the data, and how much it may use."""

    call: Call
    case: Known
    limits: Limits


class Trials(NamedTuple):
    """The trainings of a function from different starts.

    `still` is the first of them again, at a rate that is next to nothing: None for a function that
    takes no rate.
    """

    function: Function
    starts: tuple[Trial, ...]
    still: Trial | None


def trials(assignment: Assignment, *, public: bool = False) -> tuple[Trials, ...]:
    """The trainings that an assignment asks for; the same seed, the same trainings."""
    asked = [one for one in assignment.functions if one.public or not public]
    return tuple(
        _of(assignment, function, np.random.default_rng([assignment.drawn_from(public), place]))
        for place, function in enumerate(asked)
        if function.training is not None
    )


def _of(assignment: Assignment, function: Function, rng: np.random.Generator) -> Trials:
    assert function.training is not None
    model, told = assignment.model, function.training
    sizes = datasets.sizes_of(told.data, model, assignment.sizes)
    sizes |= {axis: assignment.sizes.get(axis, _UNITS) for axis in model.hidden_axes}
    limits = replace(
        assignment.limits, cpu_seconds=told.seconds, wall_seconds=max(3.0 * told.seconds, 1.0)
    )

    def trial(known: Known, seed: int) -> Trial:
        return Trial(call_of(function, known, assignment, seed), known, limits)

    cases, seeds = [], rng.integers(_DRAWN, size=STARTS).tolist()
    for _ in seeds:
        values = datasets.made(told.data, model, sizes, rng)
        own = {**sizes, "n": values["x"].shape[1], STEPS: told.steps}
        values |= {name: _initial(layout, own, rng) for name, layout in model.parameters.items()}
        cases.append(Known({**values, "rate": np.asarray(told.rate)}, {}, own))
    hardly = {**cases[0].values, "rate": np.asarray(told.rate * _HARDLY)}
    still = trial(cases[0]._replace(values=hardly), seeds[0]) if told.rate else None
    return Trials(function, tuple(map(trial, cases, seeds)), still)


def _initial(layout: str, sizes: Mapping[str, int], rng: np.random.Generator) -> NDArray:
    """Where training begins, for a function that is given it: biases 0."""
    rows, columns = (1 if axis == "1" else sizes[axis] for axis in layout.split())
    if columns == 1 and layout.endswith(" 1"):
        return np.zeros((rows, columns))
    return np.asarray(rng.standard_normal((rows, columns)) / np.sqrt(columns))
