"""What the child process needs to know to call somebody's function: plain data, JSON both ways."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from backproof.notation import MODELS, Model


class Argument(NamedTuple):
    """One argument of a call: their name for it, the tensor it takes, and how it is passed."""

    name: str
    tensor: str
    by_name: bool = False


class Spec(NamedTuple):
    """A function to call, and what its arguments and answers are in our notation.

    Arguments:
        model: a key of `notation.MODELS`.
        function: its name in the file.
        arguments: in the function's own order. What is not here keeps its default.
        layouts: their convention, complete: tensor to layout.
        returns: what a returned tuple holds, place by place: `"dW1"`, `"loss"`, `"*"` for a
            collection of gradients, `""` for something else. Empty when the source does not say;
            then the order of the model's parameters counts, and names in a dict.
        activation: of the hidden layers; None where there are none.
        loss: the name of the candidate's own loss function in the same file, if any.
        loss_arguments: as `arguments`, for the loss function.
    """

    model: str
    function: str
    arguments: tuple[Argument, ...]
    layouts: Mapping[str, str]
    returns: tuple[str, ...] = ()
    activation: str | None = None
    loss: str | None = None
    loss_arguments: tuple[Argument, ...] = ()

    @property
    def family(self) -> Model:
        """The model that is meant."""
        return MODELS[self.model]

    @property
    def gradients(self) -> tuple[str, ...]:
        """The names of the gradients, in the order of the parameters."""
        return _gradients(self.model)

    @property
    def ours(self) -> Mapping[str, str]:
        """Our own layout of every tensor."""
        return _layouts(self.model)


@lru_cache
def _gradients(model: str) -> tuple[str, ...]:
    return tuple(f"d{parameter}" for parameter in MODELS[model].parameters)


@lru_cache
def _layouts(model: str) -> Mapping[str, str]:
    return MODELS[model].layouts


def to_json(spec: Spec) -> dict[str, Any]:
    """`spec` as JSON types only."""
    return {**spec._asdict(), "layouts": dict(spec.layouts)}


def from_json(data: Mapping[str, Any]) -> Spec:
    """The inverse of `to_json`, after a trip through `json`."""
    return Spec(
        **{
            **data,
            "arguments": tuple(Argument(*argument) for argument in data["arguments"]),
            "returns": tuple(data["returns"]),
            "loss_arguments": tuple(Argument(*argument) for argument in data["loss_arguments"]),
        }
    )
