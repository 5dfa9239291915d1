"""Examples to train on, from a table: targets, a split and a standardisation, the same everywhere.

A `Recipe` and the table give the same bytes on every machine: the split comes from a seed, and what
is summed up (means, deviations) is rounded before it is used, so that another order of summing
makes no difference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backproof import tensors
from backproof.reading.told import Unreadable
from backproof.runs.table import Table, table
from backproof.start import standardised

HELD_OUT = 0.2


@dataclass(frozen=True)
class Recipe:
    """How examples are made of a table.

    Attributes:
        source: as `table.table` takes it.
        output: of the model, which says what the labels are: "sigmoid" two classes, "softmax" any
            number of them, "identity" numbers.
        dtype: of x and y.
        label: of CSV, the column with the labels; None for the last.
        standardise: whether each feature is moved and scaled to mean 0 and deviation 1.
        held_out: the share of the examples that is not trained on; None for a fifth, or for nothing
            of a table that is all there is.
        seed: of the split, and of tables that are made.
    """

    source: str
    output: str
    dtype: str = "float32"
    label: str | None = None
    standardise: bool = True
    held_out: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class Examples:
    """Examples, one per column, in the layouts of the models.

    Attributes:
        x: to train on, (d, n); rows of a table turned, so that each example lies in one piece.
        y: their targets, (1, n) or (k, n).
        x_held, y_held: those held out; no columns where nothing is.
        classes: the names of the classes, in the order of the targets; none for numbers.
        features: the names of the rows of x.
    """

    x: np.ndarray
    y: np.ndarray
    x_held: np.ndarray
    y_held: np.ndarray
    classes: tuple[str, ...]
    features: tuple[str, ...]


def load(recipe: Recipe) -> Examples:
    """The examples that a recipe makes. Raises `Unreadable`, naming what stands in the way."""
    read = table(recipe.source, recipe.label, recipe.seed)
    targets, classes = _targets(read.labels, recipe)
    training, held = _split(read, recipe)
    if len(np.unique(read.labels[training])) < len(classes):
        raise Unreadable(
            f"{recipe.source}: with seed {recipe.seed} a class has no examples left to train on; "
            "hold out fewer (--held-out), or take another seed"
        )
    x = standardised(read.x.T, training).T if recipe.standardise else read.x
    kind = tensors.dtype_of(recipe.dtype)
    with np.errstate(over="ignore"):
        x, targets = x.astype(kind), targets.astype(kind)
    if not np.isfinite(x).all() or not np.isfinite(targets).all():
        raise Unreadable(f"{recipe.source}: holds numbers that are not finite in {recipe.dtype}")
    return Examples(
        x[training].T, targets[:, training], x[held].T, targets[:, held], classes, read.features
    )


def _targets(labels: np.ndarray, recipe: Recipe) -> tuple[np.ndarray, tuple[str, ...]]:
    if recipe.output == "identity":
        if labels.dtype.kind != "f":
            text = next(str(told) for told in labels if not _number(told))
            raise Unreadable(f"{recipe.source}: label {text!r}; expected numbers for this model")
        return labels[None, :], ()
    found, numbers = np.unique(labels, return_inverse=True)
    ending = ".0" if found.dtype.kind == "f" else ""
    classes = tuple(str(name).removesuffix(ending) for name in found)
    shown = ", ".join(classes[:6]) + (", ..." if len(classes) > 6 else "")
    if len(classes) == 1:
        raise Unreadable(f"{recipe.source}: all {len(labels)} labels are {shown}; expected classes")
    if recipe.output == "sigmoid" and len(classes) > 2:
        advice = "expected 2: take a softmax model, such as mlp_softmax"
        raise Unreadable(f"{recipe.source}: labels of {len(classes)} classes ({shown}); {advice}")
    if len(classes) > max(2, len(labels) // 2):
        advice = "if they are numbers to be predicted, take linear_regression"
        raise Unreadable(f"{recipe.source}: {len(classes)} classes ({shown}); {advice}")
    if recipe.output == "sigmoid":
        return numbers[None, :].astype(np.float64), classes
    return np.eye(len(classes))[:, numbers], classes


def _number(told: object) -> bool:
    try:
        return bool(np.isfinite(float(str(told))))
    except ValueError:
        return False


def _split(read: Table, recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
    share = recipe.held_out
    if share is None:
        share = 0.0 if read.whole else HELD_OUT
    if not 0.0 <= share < 1.0:
        raise Unreadable(f"--held-out {share:g}: expected a share from 0 to below 1")
    n = len(read.labels)
    count = round(share * n)
    if count == n:
        raise Unreadable(f"--held-out {share:g}: leaves none of {n} examples to train on")
    # From a stream of its own: the seed also draws the parameters and the batches.
    order = np.random.default_rng([recipe.seed, 1]).permutation(n)
    return np.sort(order[count:]), np.sort(order[:count])
