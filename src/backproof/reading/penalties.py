"""The L2 term of a file, by what a lambda does to its loss and to its gradients when it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from backproof.reading.settle import Trial, Watching, is_likelihood, tried
from backproof.reading.slots import SIZES
from backproof.reading.spec import LAMBDA, PENALTIES, Spec


def with_own(child: Watching, judged: Sequence[tuple[str, Spec]]) -> list[Spec]:
    """Each with the L2 term that is its own, where the file has gradients with one and without.

    Those without are of the loss without, and those with are of none that has no term.
    """
    moved = {
        name: moved_by_penalty(child, spec)
        for name, spec in judged
        if spec.penalty is not None and not spec.updates
    }
    if not any(names - {"loss"} for names in moved.values()):  # then it is forgotten, not left out
        return [spec for _, spec in judged]
    found = []
    for name, spec in judged:
        names = moved.get(name, {"loss"})
        if not names:
            spec = spec._replace(penalty=None, penalised=())
        elif "loss" not in names and spec.loss_term != "none":
            notes = {name: word for name, word in spec.notes.items() if name != "loss"}
            spec = spec._replace(loss=None, loss_arguments=(), notes=notes)
        found.append(spec)
    return found


class Term(NamedTuple):
    """An L2 term: a key of `PENALTIES`, the parameters whose squares it sums, and where it is.

    The key is None where there is none, or one of another form; `where` is `Spec.loss_term`.
    """

    key: str | None = None
    penalised: tuple[str, ...] = ()
    where: str = "before"


def term_of(child: Watching, trial: Trial, name: str | None) -> Term:
    """The L2 term of the file's loss called `name`.

    The loss is looked at with lambda 0 and without. A term that is taken off counts as added, so
    that it is judged and found wrong: but for a likelihood. A loss of a prediction from before the
    step may have a term of what the step has made of the parameters.
    """
    if name is None or name not in trial.losses:
        return Term()
    other = tried(child, trial.spec._replace(penalty="1"))
    added = other.losses.get(name, np.nan) - trial.losses[name]
    added = added if is_likelihood(name, trial) else abs(added)
    n, family = trial.case["y"].shape[1], trial.spec.family
    weights = tuple(p for p in family.parameters if p[0] in "Ww")
    every = tuple(p for p in family.parameters if p not in trial.spec.absent)
    moved = {p: other.values[f"d{p}"] for p in family.parameters if f"d{p}" in other.values}
    after = {**trial.case, **moved}
    for where, arrays in (("before", trial.case), ("after", after)):
        if where == "after" and not (trial.spec.updates and moved):
            continue
        for penalised in (weights, every):
            squares = sum(float(np.sum(arrays[p] ** 2)) for p in penalised)
            for key, share in PENALTIES.items():
                expected = LAMBDA * share(n) * squares
                if abs(added - expected) <= 1e-6 * expected:
                    return Term(key, penalised, where)
    return Term()


def moves_loss(child: Watching, trial: Trial, name: str | None) -> bool:
    """Whether a lambda does something to the file's loss called `name`."""
    if name is None or name not in trial.losses:
        return False
    other = tried(child, trial.spec._replace(penalty="1"))
    return other.losses.get(name) != trial.losses[name]


def moved_by_penalty(child: Watching, spec: Spec) -> set[str]:
    """The gradients, and the `loss`, that a lambda does something to."""
    with_one, without = tried(child, spec), tried(child, spec._replace(penalty=None))
    return {
        name
        for name, value in without.values.items()
        if name in with_one.values and not np.array_equal(value, with_one.values[name])
    }


def term_of_steps(child: Watching, trial: Trial) -> Term:
    """The L2 term that gradients show, for a file whose loss has none.

    It has to be a positive constant times lambda W. One that is not is given the textbook's, so
    that it is judged and found wrong; one with a constant of its own is not judged.
    """
    spec, case = trial.spec, trial.case
    without = tried(child, spec)  # the trial's own steps may have been taken before its rate showed
    other = tried(child, spec._replace(penalty="1"))
    step = -spec.rate_of({**SIZES, "n": case["y"].shape[1]}) if spec.updates else 1.0
    added = {
        name[1:]: (other.values[name] - value) / step
        for name, value in without.values.items()
        if name != "loss" and name in other.values and value.shape == other.values[name].shape
    }
    moved = {name: one for name, one in added.items() if np.max(np.abs(one)) > 1e-9}
    weights = tuple(name for name in moved if name[0] in "Ww")
    if not moved:
        return Term()
    if not weights:
        return Term("1/2", tuple(p for p in spec.family.parameters if p[0] in "Ww"), "none")
    first = case[weights[0]]
    times = float(np.median(moved[weights[0]] / (LAMBDA * first)))
    alike = tuple(
        name
        for name, one in moved.items()
        if np.allclose(one, times * LAMBDA * case[name], rtol=1e-5, atol=1e-9)
    )
    if times <= 0.0 or not {*weights} <= {*alike}:
        return Term("1/2", weights, "none")
    n = case["y"].shape[1]
    known = (key for key, share in PENALTIES.items() if abs(2.0 * share(n) - times) <= 1e-6 * times)
    return Term(next(known, None), alike, "none")
