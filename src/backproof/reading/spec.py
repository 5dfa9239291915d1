"""What the child process needs to know to call somebody's function: plain data, JSON both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from backproof.notation import FAMILY, Model

RATES = (0.75, 0.015625)  # exact in every precision
LAMBDA = 0.25  # of an L2 term that is judged
PENALTIES: Mapping[str, Callable[[int], float]] = {
    "1/2": lambda _: 0.5,
    "1/2n": lambda n: 0.5 / n,
    "1": lambda _: 1.0,
    "1/n": lambda n: 1.0 / n,
    "1/4": lambda _: 0.25,
}


class Argument(NamedTuple):
    """One argument of a call: their name for it, the tensor it takes, and how it is passed."""

    name: str
    tensor: str
    by_name: bool = False


class Spec(NamedTuple):
    """A function to call, and what its arguments and answers are in our notation.

    Arguments:
        model: a key of `notation.FAMILY`.
        function: its name in the file.
        arguments: in the function's own order. What is not here keeps its default.
        layouts: their convention, complete: tensor to layout.
        returns: what a returned tuple holds, place by place: `"dW1"`, `"loss"`, `"*"` for a
            collection of gradients, `""` for something else. Empty when the source does not say;
            then the order of the model's parameters counts, and names in a dict.
        activation: of the hidden layers; None where there are none.
        loss: the name of the candidate's own loss function in the same file, if any.
        loss_arguments: as `arguments`, for the loss function.
        updates: what it gives are the parameters after a step of gradient descent.
        rate: that step's learning rate where the file fixes it; None where it is passed.
        rate_unknown: steps are some constant times `rate`, or times what is passed.
        times: that constant.
        absent: parameters the file does without: biases, which are then 0.
        single: it takes one example at a time.
        penalty: what an L2 term's lambda is multiplied by in its loss, a key of `PENALTIES`; None
            where its loss has none, and then lambda is 0.
        penalised: the parameters whose squares it sums.
        loss_term: whether the loss has that term of the parameters `before` its step, `after` it,
            or has `none`.
        likelihood: what it calls its loss is a log-likelihood, which is to grow.
        stated: what the file's own loss is of the mean loss, a key of `explain.FACTORS`; None where
            it states none.
        absolute: what it calls its loss is a mean of absolute differences, which may only be how it
            tells how far training has come.
        measured: what a measure of predictions, which trains nothing, is of the mean loss.
        loss_only: it gives the loss and nothing else.
        fixed: sizes of axes that the file fixes itself.
        batch: how many examples it takes at most, None for any number.
        portion: its batch is one half of the examples; the features of the others are this many
            times theirs. 0 where its batch is all there are.
        by_all: it divides what its batches give by the number of all examples.
        keep: the share that its dropout is told to keep.
        all_classes: it counts the classes among the labels, so that each has to be there.
        guessed: its layouts or its model were worked out, not told.
        certain: it takes labels for certainties, 0 or 1, however they are laid out.
        module: which of the loaded modules it is in.
        slots: where a recipe keeps which tensor: the argument's name is the path of the slot.
        notes: the variables of a recipe that hold gradients or the loss, by our names.
    """

    model: str
    function: str
    arguments: tuple[Argument, ...]
    layouts: Mapping[str, str]
    returns: tuple[str, ...] = ()
    activation: str | None = None
    loss: str | None = None
    loss_arguments: tuple[Argument, ...] = ()
    updates: bool = False
    rate: float | None = None
    rate_unknown: bool = False
    times: float = 1.0
    absent: tuple[str, ...] = ()
    single: bool = False
    likelihood: bool = False
    stated: str | None = None
    absolute: bool = False
    measured: str | None = None
    loss_only: bool = False
    penalty: str | None = None
    penalised: tuple[str, ...] = ()
    loss_term: str = "before"
    fixed: Mapping[str, int] = {}
    batch: int | None = None
    portion: float = 0.0
    by_all: bool = False
    keep: float = 1.0
    all_classes: bool = False
    certain: bool = False
    guessed: bool = False
    module: str = ""
    slots: tuple[Argument, ...] = ()
    notes: Mapping[str, str] = {}

    def rate_of(self, sizes: Mapping[str, int]) -> float:
        """The learning rate of a case: large for one half of all sizes, small for the other.

        A parameter updated too early shows only at a large rate; a small one keeps more digits of
        the step where the step is large.
        """
        passed = RATES[(sizes.get("d", 0) + sizes["n"]) % 2]
        return self.times * (passed if self.rate is None else self.rate)

    @property
    def strength(self) -> float:
        """The lambda that is passed."""
        return 0.0 if self.penalty is None else LAMBDA

    @property
    def family(self) -> Model:
        """The model that is meant."""
        return FAMILY[self.model]

    @property
    def gradients(self) -> tuple[str, ...]:
        """The names of the gradients, in the order of the parameters."""
        return _gradients(self.model)

    @property
    def expected(self) -> tuple[str, ...]:
        """The gradients that it gives by name: those of parameters that stand for themselves."""
        if self.loss_only:
            return ()
        return tuple(
            name
            for name in self.gradients
            if name[1:] not in self.absent and not self.layouts[name[1:]].startswith("+")
        )

    @property
    def ours(self) -> Mapping[str, str]:
        """Our own layout of every tensor."""
        return self.family.layouts


@lru_cache
def _gradients(model: str) -> tuple[str, ...]:
    return tuple(f"d{parameter}" for parameter in FAMILY[model].parameters)


def to_json(spec: Spec) -> dict[str, Any]:
    """`spec` as JSON types only."""
    tables = {name: dict(getattr(spec, name)) for name in ("layouts", "notes", "fixed")}
    return {**spec._asdict(), **tables}


def from_json(data: Mapping[str, Any]) -> Spec:
    """The inverse of `to_json`, after a trip through `json`."""
    return Spec(
        **{
            **data,
            "arguments": tuple(Argument(*argument) for argument in data["arguments"]),
            "returns": tuple(data["returns"]),
            "loss_arguments": tuple(Argument(*argument) for argument in data["loss_arguments"]),
            "absent": tuple(data["absent"]),
            "penalised": tuple(data["penalised"]),
            "slots": tuple(Argument(*argument) for argument in data["slots"]),
        }
    )
