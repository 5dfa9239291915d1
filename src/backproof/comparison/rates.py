"""Learning rates compared: a sweep over seeds and folds of cross-validation, and what it shows.

Every rate is tried from the same starts on the same folds, so two of them are compared within each
fold. The folds train on much the same examples, and their results hang together; the variance of a
mean over them is larger than of as many independent ones by what Nadeau and Bengio (2003, Machine
Learning 52) put in: the share of examples held out to those trained on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from backproof.comparison.regression import student
from backproof.notation import INITIAL_SCALE, MODELS, Model
from backproof.reading.told import Unreadable
from backproof.runs.data import Examples, Recipe, load
from backproof.runs.environment import check_memory
from backproof.start import folded
from backproof.sweeps import Swept, sweep
from backproof.tensors import DType, choice, dtype_of, for_layers, hidden_sizes, whole

_ERROR = 0.05  # that any rate is said to be worse than the best though it is not
_FEWEST = 5  # folds, or seeds; below that the quantile is not known well enough


@dataclass(frozen=True)
class Sweep:
    """What is tried.

    Attributes:
        model: a name of `notation.MODELS`.
        data: as `table.table` takes it.
        learning_rates: those that are compared.
        seeds: how many initial parameters each is tried from: those of seeds 0, 1, 2, ...
        folds: of cross-validation; None: nothing is held out.
        activation, hidden, steps, dtype, scale: as in `train.Settings`.
        label, standardise: as in `data.Recipe`; each fold by the examples that it is trained on.
    """

    model: str
    data: str
    learning_rates: tuple[float, ...]
    seeds: int = 10
    folds: int | None = 5
    activation: str = "sigmoid"
    hidden: tuple[int, ...] = (8,)
    steps: int = 1000
    dtype: DType = "float32"
    scale: float = INITIAL_SCALE
    label: str | None = None
    standardise: bool = True

    @property
    def runs(self) -> int:
        """How many there are of each learning rate."""
        return self.seeds * (self.folds or 1)


class Rate(NamedTuple):
    """What the runs of one learning rate came to; NaN is what cannot be had.

    Attributes:
        rate: the learning rate.
        diverged: how many runs came to inf or NaN; the means are over the others.
        training_loss: mean, before the last step.
        held_loss: mean, of what is held out, after the last step.
        accuracy: on that part: the mean over the folds.
        accuracy_error: its standard error: the deviation between the folds, each the mean of its
            seeds, over the square root of their number.
        above: how far the judged loss lies above the best rate's, the mean within folds.
        margin: of that, to either side: 95 % for all rates at once.
        curve: the mean loss of training before each step; not finite from where one diverged.
    """

    rate: float
    diverged: int
    training_loss: float
    held_loss: float
    accuracy: float
    accuracy_error: float
    above: float
    margin: float
    curve: Float[np.ndarray, " steps"]

    @property
    def is_worse(self) -> bool:
        """Whether it is worse than the best, by more than chance explains."""
        return self.above > self.margin


class Rates(NamedTuple):
    """A sweep's results: what was tried, on what, and what each rate came to.

    Attributes:
        tried: the sweep.
        examples: how many there are.
        classes: their names; none for numbers.
        rates: in ascending order.
        best: the place of the lowest judged loss, among the rates of which no run diverged.
        confusion: of the best one, summed over seeds and folds; zeros where there is none.
        seconds: that it took, compiling included.
    """

    tried: Sweep
    examples: int
    classes: Sequence[str]
    rates: Sequence[Rate]
    best: int | None
    confusion: np.ndarray
    seconds: float

    @property
    def judged_by(self) -> str:
        """The loss by which rates are judged, in words."""
        return "training loss" if self.tried.folds is None else "held-out loss"


def rates(tried: Sweep, progress: Callable[[str], None] = lambda _: None) -> Rates:
    """Train every combination in one program, and compare the rates.

    Raises:
        Unreadable: for data that cannot be had, or too much of them.
        ValueError: for a setting that does not fit, naming it.
    """
    model = MODELS[choice("model", tried.model, MODELS)]
    whole("seeds", tried.seeds)
    examples = load(Recipe(tried.data, model.output, "float64", tried.label, False, 0.0))
    _check_folds(tried, model, examples)
    _check_memory(tried, model, examples)
    ordered = sorted(set(tried.learning_rates))
    progress(f"training {len(ordered) * tried.runs:,} runs of {tried.steps:,} steps at once")
    began = time.perf_counter()
    swept = sweep(
        model,
        examples.x,
        examples.y,
        learning_rates=ordered,
        seeds=range(tried.seeds),
        folds=tried.folds,
        standardise=tried.standardise,
        activation=tried.activation,
        steps=tried.steps,
        dtype=tried.dtype,
        hidden=for_layers(tried.hidden),
        scale=tried.scale,
    )
    seconds = time.perf_counter() - began
    shown, best = compared(ordered, swept)
    confusion = swept.confusions[[] if best is None else [best]].sum(axis=(0, 1, 2))
    return Rates(tried, examples.x.shape[1], examples.classes, shown, best, confusion, seconds)


def _check_folds(tried: Sweep, model: Model, examples: Examples) -> None:
    n = examples.x.shape[1]
    if tried.folds is None:
        return
    if not 2 <= tried.folds <= n:
        expected = f"from 2 to {n:,}, as many as there are examples, or 0 to hold nothing out"
        raise Unreadable(f"--folds {tried.folds}: expected {expected}")
    trained_on = folded(model, examples.y, tried.folds).astype(np.float64)
    targets = examples.y if len(examples.y) > 1 else np.vstack([1.0 - examples.y, examples.y])
    for name, of_class in zip(examples.classes, targets, strict=False):
        if not (trained_on @ of_class).all():
            raise Unreadable(
                f"{tried.data}: the only example of {name} is held out in one fold, which leaves "
                "none to train on; leave that class out, or hold nothing out (--folds 0)"
            )


def _check_memory(tried: Sweep, model: Model, examples: Examples) -> None:
    """Refuse what is sure not to fit; XLA ends the process where memory runs out."""
    (d, n), k = examples.x.shape, len(examples.y)
    sizes = {"d": d, "k": k, **hidden_sizes(model, for_layers(tried.hidden))}
    widths = [*(sizes[axis] for axis in model.hidden_axes), k]
    numbers = n * sum(widths)
    numbers += sum(math.prod(model.shape(name, sizes)) for name in model.parameters)
    runs = len(set(tried.learning_rates)) * tried.runs
    # What layers give and the parameters, once for the values and once for the gradients.
    needed = runs * (2 * numbers + tried.steps) * dtype_of(tried.dtype).itemsize
    advice = "take fewer learning rates, --seeds, --folds or --hidden units"
    check_memory(needed, f"{runs:,} runs at once", advice)


def compared(learning_rates: Sequence[float], swept: Swept) -> tuple[list[Rate], int | None]:
    """What each rate came to, and the place of the best."""
    held, last = swept.held_losses.astype(np.float64), swept.losses[..., -1].astype(np.float64)
    judged = held if held.shape[2] > 1 else last
    finite = np.isfinite(swept.losses.astype(np.float64)).all(axis=-1) & np.isfinite(judged)
    for value in swept.parameters.values():
        finite &= np.isfinite(value.astype(np.float64)).all(axis=(-2, -1))
    stayed = [at for at in range(len(learning_rates)) if finite[at].all()]
    best = min(stayed, key=lambda at: float(judged[at].mean()), default=None)
    shown = []
    for at, rate in enumerate(learning_rates):
        above, margin = math.nan, math.nan
        if best is not None and at in stayed:
            above, margin = _apart(judged[at] - judged[best], len(learning_rates) - 1)
        accuracy, error = _over_folds(np.where(finite[at], swept.accuracies[at], np.nan))
        with np.errstate(over="ignore", invalid="ignore"):
            curve = swept.losses[at].astype(np.float64).mean(axis=(0, 1))
        training_loss, held_loss = _mean(last[at][finite[at]]), _mean(held[at][finite[at]])
        diverged = int(np.sum(~finite[at]))
        shown.append(
            Rate(rate, diverged, training_loss, held_loss, accuracy, error, above, margin, curve)
        )
    return shown, best


def _mean(some: np.ndarray) -> float:
    return float(some.mean()) if some.size else math.nan


def _over_folds(accuracies: Float[np.ndarray, "seeds folds"]) -> tuple[float, float]:
    """The mean over the folds, and its standard error."""
    of_folds = [_mean(one[np.isfinite(one)]) for one in accuracies.T]
    if len(of_folds) == 1:
        return of_folds[0], math.nan
    return float(np.mean(of_folds)), float(np.std(of_folds, ddof=1)) / math.sqrt(len(of_folds))


def _apart(differences: Float[np.ndarray, "seeds folds"], comparisons: int) -> tuple[float, float]:
    """The mean difference and how far it may be off; NaN where there are too few to say."""
    folds = differences.shape[1]
    # A fold's seeds share its examples, and count as one; without folds each seed counts.
    each = differences.mean(axis=0) if folds > 1 else differences[:, 0]
    mean, count = float(each.mean()), len(each)
    if count < _FEWEST or not comparisons:
        return mean, math.nan
    shared = 1.0 / (count - 1) if folds > 1 else 0.0
    error = float(each.std(ddof=1)) * math.sqrt(1.0 / count + shared)
    quantile = student(1.0 - _ERROR / (2 * comparisons), count - 1)
    return mean, quantile * error
