"""What a file's own code turns out to be when it runs: layouts, model, activation, loss.

A proposal is tried on a case whose sizes all differ. It stands if the code runs through, gives
every value in its parameter's shape, and computes on the way what the forward pass of a model
computes: that tells the activation and the output too. Of gradients and updates only the shapes
are looked at, but for an L2 term that no loss states. Where the forward pass is none of a model's
(see `forward`), or nothing runs, there is a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from backproof.notation import Model
from backproof.reading import forward, names
from backproof.reading.call import Case
from backproof.reading.slots import SIZES
from backproof.reading.spec import Spec
from backproof.reading.wire import Frame
from backproof.reference.activations import ACTIVATIONS as DERIVED


class Watching(Protocol):
    """What runs a case and tells what was held on the way: `Child`, or `watching.Here`."""

    def watch(self, spec: Spec, case: Case) -> Frame:
        """Run one case."""
        ...


class Trial(NamedTuple):
    """What came of a proposal.

    Attributes:
        spec: the proposal.
        problem: why it does not stand, None if it runs through.
        faults: what is amiss with the shapes of its values.
        matches: (activation, output) pairs whose forward pass it computes.
        seen: the arrays it held on the way, with their names.
        losses: its own loss by the name of the variable, where there is one number.
        rates: the names under which it took the learning rate.
        ran: the functions of the file that ran, by name.
    """

    spec: Spec
    problem: str | None
    faults: Mapping[str, str]
    matches: tuple[tuple[str, str], ...]
    seen: Sequence[tuple[str, np.ndarray]]
    losses: Mapping[str, float]
    values: Mapping[str, np.ndarray]
    case: Mapping[str, np.ndarray]
    rates: tuple[str, ...] = ()
    stuck: bool = False  # it did not come back, and nor would others
    ran: frozenset[str] = frozenset()


def case_of(model: Model, spec: Spec) -> dict[str, np.ndarray]:
    """A case of sizes that all differ, as the proposal can take it."""
    rng = np.random.default_rng(7)
    sizes = {axis: SIZES[axis] for axis in model.axes} | dict(spec.fixed)
    if model.piece is not None:
        shapes = {name: model.shape(name, sizes) for name in model.layouts}
        return {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    if spec.single:
        sizes["n"] = 1
    arrays: dict[str, np.ndarray] = {
        name: rng.standard_normal(model.shape(name, sizes)) * 0.5 for name in model.parameters
    }
    for name in model.parameters:
        if arrays[name].size == 1 and name[0] in "Ww":  # near 0 all that may follow is alike
            arrays[name] = arrays[name] + 0.75
    for name in spec.absent:
        arrays[name] = np.zeros_like(arrays[name])
    last = [*model.parameters][-1]
    if spec.single and model.output_axis == "1" and last not in spec.absent:
        # One number above 0 would not show that a rectifier follows it.
        arrays[last] = arrays[last] - 2.0
    arrays["x"] = rng.standard_normal(model.shape("x", sizes))
    k, n = model.shape("y", sizes)
    hard = np.eye(k)[:, rng.integers(k, size=n)] if k > 1 else rng.integers(2, size=(1, n)) * 1.0
    if spec.single and k == 1:  # of a label 0 a score is its own error
        hard = np.ones_like(hard)
    arrays["y"] = hard
    return arrays


def failed(spec: Spec, problem: str) -> Trial:
    """The trial of what could not even be proposed."""
    return Trial(spec, problem, {}, (), (), {}, {}, {})


def tried(child: Watching, spec: Spec, slopes: Sequence[float] = ()) -> Trial:
    """Run a proposal once; `slopes` are those that a leaky ReLU of the file may have."""
    case = case_of(spec.family, spec)
    frame = child.watch(spec, case)
    header, arrays = frame.header, frame.arrays
    if "names" not in header:
        stuck = header.get("kind") in ("hung", "crashed")
        return Trial(spec, str(header.get("problem")), {}, (), (), {}, {}, case, (), stuck)
    values = {
        name.removeprefix("value "): array
        for name, array in arrays.items()
        if name.startswith("value ")
    }
    seen = [(name, arrays[str(place)]) for place, name in enumerate(header["names"])]
    seen += _example_by_example(seen, case)
    losses = {
        name.removeprefix("noted "): float(array.reshape(()))
        for name, array in seen
        if name.startswith("noted ")
        and array.size == 1
        and names.is_loss(name.removeprefix("noted "))
    }
    if "loss" in values:
        losses.setdefault("loss", float(values["loss"].reshape(())))
    ran = header["kind"] in ("returned", "malformed") and bool(values)
    problem = None if ran else str(header["problem"] or "it gave no numbers")
    if header["rates"]:  # it was passed after all
        spec = spec._replace(rate=None)
    matches = tuple(forward.matches(spec, case, seen, slopes))
    if ":sign" in spec.layouts.get("y", ""):
        # That labels are -1 and 1 shows in what they enter: the margin, or the loss.
        margins = tuple(forward.margins(spec, case, [array for _, array in seen]))
        plain = tuple(match for match in matches if match[1] != "sigmoid")
        matches = margins or tuple(_by_loss(spec, case, losses.values())) or plain
    elif matches and all(output == "identity" for _, output in matches) and not spec.family.several:
        # It may make -1 and 1 of them itself.
        margins = tuple(forward.margins(spec, case, [array for _, array in seen]))
        matches = tuple(match for match in margins if match[1] == "sigmoid") or matches
    shown = any(output != "identity" for _, output in matches)
    if problem is None and (spec.loss_only or not shown) and spec.family.piece is None:
        matches = tuple(_by_loss(spec, case, losses.values())) or matches
    taken = tuple(header["rates"])
    trial = Trial(spec, problem, header["faults"], matches, seen, losses, values, case, taken)
    return trial._replace(ran=frozenset(header["ran"]))


def _example_by_example(
    seen: Sequence[tuple[str, np.ndarray]], case: Mapping[str, np.ndarray]
) -> list[tuple[str, np.ndarray]]:
    """What a loop over the examples computes for each, put together to one array."""
    if "y" not in case or case["y"].shape[1] == 1:
        return []
    k, n = case["y"].shape
    each: dict[str, list[np.ndarray]] = {}
    for name, array in seen:
        if array.size == k:
            each.setdefault(name, []).append(array.reshape(k))
    # What is left of the last turn is held once more, before all that were shown.
    return [
        (name, np.stack(parts[len(parts) % n :: len(parts) // n], axis=1))
        for name, parts in each.items()
        if len(parts) >= n
    ]


def best(trials: Iterable[Trial]) -> tuple[Trial | None, str]:
    """The first trial that stands in every way, else the best; and why the others did not.

    Of several reasons, that of the one which got furthest.
    """
    found: Trial | None = None
    problem, furthest = "", 0
    for trial in trials:
        if trial.problem is not None:
            if not problem or len(trial.seen) > furthest:
                problem, furthest = trial.problem, len(trial.seen)
            if trial.stuck:
                break
            continue
        if found is None or _rank(trial) < _rank(found):
            found = trial
        if not any(_rank(trial)):
            break
    return found, problem


def _rank(trial: Trial) -> tuple[int, int, int]:
    """The smaller the better; an array of all pairs of examples comes of layouts that clash."""
    n = SIZES["n"]
    pairs = any(array.shape == (n, n) for _, array in trial.seen)
    return (not trial.matches, len(trial.faults), pairs)


# --- what its variables show -------------------------------------------------------------------


_RESULT = re.compile(
    r"y_?_?(?:hat|pred\w*|prob\w*)|yp|yh|pred\w*|p\d?|prob\w*|o|out\w*|a\d?|a_?out|h\d?|hidden\w*"
    r"|activ\w*|s\d?|sig\w*|softmax|forward\w*|predict\w*|g"
)


def shows(trial: Trial, size: int) -> bool:
    """Whether some variable of this size could be what a layer gives, by its name."""
    y = trial.case["y"]
    return any(
        array.size == size and _RESULT.fullmatch(name.lower()) and not forward.same(y, array)
        for name, array in trial.seen
    )


def hidden_of(trial: Trial, slopes: Sequence[float]) -> tuple[str, ...] | None:
    """The activations that the first hidden layer computes; None where that does not show."""
    model = trial.spec.family
    if model.depth < 2:
        return None
    case, (weight, bias) = trial.case, list(model.parameters)[:2]
    z = case[weight] @ case["x"] + case[bias]
    arrays = [array for _, array in trial.seen]
    found = tuple(
        name
        for name in forward.activations_of(model, slopes)
        if name != "identity" and forward.is_among(np.asarray(DERIVED[name].g(z)), arrays)
    )
    return found if found or shows(trial, z.size) else None


def output_of(model: Model) -> str:
    """What follows the last layer, as `forward.matches` calls it."""
    return model.output.partition("_")[0]


# --- the loss ----------------------------------------------------------------------------------


def _by_loss(
    spec: Spec, case: Mapping[str, np.ndarray], losses: Iterable[float]
) -> Iterator[tuple[str, str]]:
    """The model by the value of the loss, where no variable holds its output."""
    for activation in forward.activations_of(spec.family):
        for output in forward.OUTPUTS:
            if output == "softmax" and spec.family.output_axis != "k":
                continue
            known = _objectives(spec, case, output, activation)
            if any(_factor(own, value, case) for own in losses for value in known.values()):
                yield activation, output


def _factor(own: float, value: float, case: Mapping[str, np.ndarray]) -> str | None:
    """What a loss is of the mean loss `value`, a key of `explain.FACTORS`; None for neither."""
    k, n = case["y"].shape
    factors = {"1": 1.0, "n": n, "2": 2.0, "2n": 2.0 * n, "1/k": 1.0 / k, "2/k": 2.0 / k}
    factors |= {"-1": -1.0, "-n": -n}
    near = (name for name, f in factors.items() if abs(own - f * value) <= 1e-5 * abs(f * value))
    return next(near, None)


def objectives(trial: Trial, output: str, activation: str, *, after: bool) -> dict[str, float]:
    """The value of each loss that goes with the output, before or after the update."""
    case = dict(trial.case)
    if after:
        for name, value in trial.values.items():
            if name != "loss" and value.shape == case[name[1:]].shape:
                case[name[1:]] = value
    return _objectives(trial.spec, case, output, activation)


def _objectives(
    spec: Spec, case: Mapping[str, np.ndarray], output: str, activation: str
) -> dict[str, float]:
    yhat = forward.predicted(spec.family, case, activation, output)
    y, n = case["y"], case["y"].shape[1]
    with np.errstate(all="ignore"):
        targets = 2.0 * y - 1.0 if ":sign" in spec.layouts["y"] else y
        squared = float(np.sum((yhat - targets) ** 2)) / (2.0 * n)
        if output == "sigmoid":
            entropy = -np.sum(y * np.log(yhat) + (1.0 - y) * np.log(1.0 - yhat)) / n
            return {"sigmoid": float(entropy), "sigmoid_squared": squared}
        if output == "softmax":
            return {"softmax": float(-np.sum(y * np.log(yhat)) / n)}
    return {"tanh_squared": squared} if output == "tanh" else {"identity": squared}


class Stated(NamedTuple):
    """A file's own loss: which it is, under which name it has it before the update, its factor."""

    objective: str | None
    name: str | None
    factor: str | None = None


def stated(trial: Trial, output: str, activation: str) -> Stated:
    """Which loss the file computes."""
    for after in (False, True) if trial.spec.updates else (False,):
        for objective, value in objectives(trial, output, activation, after=after).items():
            factors = {
                name: factor
                for name, own in trial.losses.items()
                if (factor := _factor(own, value, trial.case)) is not None
            }
            if len(set(factors.values())) > 1:  # the sum on its way to the mean: either is meant
                return Stated(objective, None)
            for name, factor in reversed(factors.items()):  # an L2 term is added later
                return Stated(objective, None if after else name, factor)
    return Stated(None, next(iter(trial.losses), None))


def of_a_portion(child: Watching, spec: Spec) -> Spec:
    """The spec as it has to be judged where a batch may be less than all examples.

    A batch's step does not depend on how many examples there are beside it. Where that of one
    parameter does and that of another does not, it is judged on a batch of one half; that of all by
    one factor is as good as another learning rate, unless the file states the loss of the batch.
    """
    if not spec.updates or spec.single or "n" not in spec.layouts["x"].split():
        return spec
    alone = tried(child, spec._replace(penalty=None))
    beside = tried(child, spec._replace(penalty=None, portion=1.0))
    if alone.problem is not None or beside.problem is not None:
        return spec
    factors = {}
    for name, value in alone.values.items():
        if name != "loss" and name in beside.values and value.shape == beside.values[name].shape:
            before = alone.case[name[1:]]
            step, other = value - before, beside.values[name] - before
            factors[name] = float(np.sum(step * other) / np.sum(step * step))
            if not np.allclose(other, factors[name] * step, rtol=1e-6, atol=1e-12):
                return spec  # of other examples, perhaps
    if not factors or np.allclose([*factors.values()], 1.0, rtol=1e-6):
        return spec
    if np.allclose([*factors.values()], next(iter(factors.values())), rtol=1e-6):
        others = tried(child, spec._replace(penalty=None, portion=_OTHERS))
        name = spec.notes.get("loss", "")
        own = [one.losses.get(name) for one in (alone, beside, others)]
        halved = np.allclose([*factors.values()], 0.5, rtol=1e-6)
        if spec.rate_unknown or own[0] is None or own[0] != own[1] or own[0] != own[2]:
            return spec._replace(by_all=bool(halved))
        return spec._replace(
            portion=1.0, penalty=None
        )  # the loss is of the batch, and its gradient is not
    notes = {name: word for name, word in spec.notes.items() if name != "loss"}
    return spec._replace(portion=1.0, penalty=None, notes=notes)


_OTHERS = 2.0  # a power of 2: where the batch enters alone, no digit of its loss moves


def is_likelihood(loss: str | None, trial: Trial) -> bool:
    """Whether the loss, or what gave a number on the way to it, is called a likelihood."""
    numbers = [name.lower() for name, array in trial.seen if array.size == 1]
    named = re.search(r"lik|^ll|_ll$", (loss or "").lower()) is not None
    return named or any("lik" in name for name in numbers)
