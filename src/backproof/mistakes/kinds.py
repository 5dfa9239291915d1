"""What a mistake is, as data, and the words the tables of mistakes share.

The tables are the modules beside this one; the package puts them together and applies them.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from backproof.notation import ACTIVATIONS

Kind: TypeAlias = Literal[
    "bias gradient",
    "loss and gradient",
    "mean over the examples",
    "activation derivative",
    "update order",
    "wrong matrix",
    "sign",
    "output derivative",
    "forward pass",
    "extra term",
]

LINEAR = ("linear_regression",)
LOGISTIC = ("logistic_regression",)
SOFTMAX = ("softmax_regression",)
MLP = ("mlp", "mlp_softmax")
MLP_SIGMOID = ("mlp",)
DEEP = ("mlp3", "mlp3_softmax")
SIGMOID_OUTPUT = ("logistic_regression", "mlp", "mlp3")
SOFTMAX_OUTPUT = ("softmax_regression", "mlp_softmax", "mlp3_softmax")

EVERY = ("*",)
LOSS = ("loss",)
EVERY_AND_LOSS = ("*", "loss")
SHAPES_ONLY: tuple[str, ...] = ()
HIDDEN = ("dW1", "db1")
LINEAR_PIECES = frozenset({"identity"})
SAME_AT_A = frozenset({"identity", "relu", "leaky_relu"})
SLOPES_0_1 = frozenset({"identity", "relu"})


class Mistake(NamedTuple):
    """One edit of a textbook derivation that makes it wrong.

    Attributes:
        name: unique, for people and programs.
        kind: where it belongs among what people get wrong.
        models: keys of `notation.MODELS` it is a mistake in.
        module: of `backproof.reference`; the model's own, or one it uses.
        function: of that module.
        old: text that stands exactly once in the function's source.
        new: what stands there instead.
        gradients: what comes out wrong, of the rest nothing: `"dW1"`, `"loss"`, or `"*"` for
            every gradient. Empty where the shapes hardly ever fit: then it raises, and only the
            whole is called wrong.
        why: what went wrong and how to mend it.
        right_for: the activations for which it is no mistake.
    """

    name: str
    kind: Kind
    models: tuple[str, ...]
    module: str
    function: str
    old: str
    new: str
    gradients: tuple[str, ...]
    why: str
    right_for: frozenset[str] = frozenset()


def only_for(*activations: str) -> frozenset[str]:
    """`right_for` of a mistake that shows with these activations only."""
    return frozenset(ACTIVATIONS) - set(activations)


Row: TypeAlias = (
    tuple[str, Kind, str, str, tuple[str, ...], str]
    | tuple[str, Kind, str, str, tuple[str, ...], str, frozenset[str]]
)


def mistakes_in(
    models: tuple[str, ...], module: str, function: str, *rows: Row
) -> tuple[Mistake, ...]:
    """The mistakes of one function.

    A row is name, kind, old, new, gradients, why and, where it is not empty, right_for.
    """
    made = []
    for name, kind, old, new, gradients, why, *right_for in rows:
        edit = (module, function, old, new)
        made.append(Mistake(name, kind, models, *edit, gradients, why, *right_for))
    return tuple(made)
