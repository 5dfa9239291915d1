"""What a file can take of a case; and the cases and truths that like files share.

Drawing a thousand cases and computing what is true of them takes as long as running a candidate
on them. In a folder, and in a class all the more, most files ask for the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from backproof.cases import Arrays, Case, draw
from backproof.notation import Model
from backproof.reading.spec import Spec
from backproof.witnesses import Truth, truths

_SHARED = 48  # of each kind; a set takes up to 30 MB, most take 5


class Restriction(NamedTuple):
    """What a file can take.

    Attributes:
        fixed: sizes of axes that the file fixes itself.
        absent: parameters the file does without, which are then 0.
        most: how many examples it takes at most, None for any number.
        labels: "class", "class1" or "sign" where labels are certainties, written as numbers.
        all_classes: each class has to be among the labels.
    """

    fixed: tuple[tuple[str, int], ...] = ()
    absent: tuple[str, ...] = ()
    most: int | None = None
    labels: str = ""
    all_classes: bool = False


def restriction_of(spec: Spec) -> Restriction:
    """What `spec` says of the cases it can take."""
    fixed = tuple(sorted(spec.fixed.items()))
    if spec.family.piece is not None:
        return Restriction(fixed)
    most = 1 if spec.single else spec.batch
    labels = spec.layouts["y"].partition(":")[2]
    if spec.certain:
        labels = labels or ("class" if spec.family.output == "softmax" else "sign")
    return Restriction(fixed, spec.absent, most, labels, spec.all_classes)


def restricted(model: Model, case: Case, restriction: Restriction) -> Case:
    """The case as a file can take it: without biases, one batch, labels hard."""
    if model.piece is not None:
        return case
    arrays = dict(case.arrays)
    for name in restriction.absent:
        arrays[name] = np.zeros_like(arrays[name])
    arrays["x"] = arrays["x"][:, : restriction.most]
    arrays["y"] = arrays["y"][:, : restriction.most]
    if restriction.labels.startswith("class"):
        arrays["y"] = np.eye(arrays["y"].shape[0])[:, arrays["y"].argmax(axis=0)]
    elif restriction.labels:
        arrays["y"] = np.where(arrays["y"] > 0.5, 1.0, 0.0)
    if restriction.all_classes:
        arrays = _with_all_classes(model, arrays)
    return Case(arrays, case.scale)


def _with_all_classes(model: Model, arrays: Arrays) -> Arrays:
    """As many classes as examples at most, and each of them among the labels."""
    k = min(arrays["y"].shape)
    fewer = {
        name: array[:k] if model.layouts[name].startswith("k ") else array
        for name, array in arrays.items()
    }
    fewer["y"] = np.concatenate([np.eye(k), np.eye(k)[:, arrays["y"].argmax(axis=0)[k:] % k]], 1)
    return fewer


@lru_cache(_SHARED)
def shared_cases(model: Model, restriction: Restriction, count: int, seed: int) -> tuple[Case, ...]:
    """`count` cases that such a file can take. Nobody may change them."""
    drawn = draw(model, count, seed, fixed=dict(restriction.fixed))
    return tuple(restricted(model, case, restriction) for case in drawn)


@lru_cache(_SHARED)
def shared_truths(
    model: Model,
    restriction: Restriction,
    count: int,
    seed: int,
    activation: str,
    precision: str,
) -> tuple[Truth, ...]:
    """What is true of them, of the mean loss and with the reference's g'(0)."""
    cases = shared_cases(model, restriction, count, seed)
    return tuple(truths(model, cases, activation, precision))
