"""The lecture's notation as data: which models there are, their tensors and how each is laid out.

No JAX and no NumPy here, so the command line and the child process can read it for free.

A layout is a string of axis names, outermost first: `"h d"` is a matrix of h rows and d columns,
`"1 n"` one row. The axes are d (features), n (examples), h (hidden units; h1, h2, ... where there
are several hidden layers) and k (classes). Columns are examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

Output: TypeAlias = Literal["identity", "sigmoid", "softmax", "sigmoid_squared", "tanh_squared"]
Piece: TypeAlias = Literal["linear", "activation", "linear_activation"]

ACTIVATIONS = (
    "identity",
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "softplus",
    "gelu",
    "gelu_tanh",
)
LEAKY_SLOPE = 0.01
# Standard deviation of initial parameters where none is told, in Python and on the command line.
# From the lecture's "close to 0", 0.01 in the reference, XOR is at its saddle after 10,000 steps.
INITIAL_SCALE = 0.5
LARGEST = 64  # size of an axis in any case
_LEAKY = "leaky_relu_"


def slope_below(activation: str) -> float | None:
    """g' below the kink at 0, and g'(0) as the reference takes it; None without a kink.

    A leaky ReLU may say its slope: `leaky_relu_0.2`.
    """
    if activation.startswith(_LEAKY):
        return float(activation.removeprefix(_LEAKY))
    return {"relu": 0.0, "leaky_relu": LEAKY_SLOPE}.get(activation)


class Model(NamedTuple):
    """A member of the family: `depth` layers, what follows the last one, and how many rows it has.

    `several` is whether the output has k rows, as softmax always has. The losses are summed over
    the rows: half the squared error, or one binary cross-entropy for each.

    A `piece` of a network is the vector-Jacobian product of one step: its loss is the sum of what
    the step gives times `target`, which is the gradient that arrives from above.
    """

    name: str
    depth: int
    output: Output
    several: bool = False
    piece: Piece | None = None

    @property
    def has_activation(self) -> bool:
        """Whether there is a hidden layer, or the piece is or has an activation."""
        return self.depth > 1 if self.piece is None else self.piece != "linear"

    @property
    def target(self) -> str:
        """The tensor with a column for each example and a row for each output: y, or dZ or dA."""
        return {None: "y", "linear": "dZ"}.get(self.piece, "dA")

    @property
    def output_axis(self) -> str:
        """The rows of the last layer: k where there are several, otherwise one."""
        return "k" if self.output == "softmax" or self.several else "1"

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes whose sizes are free, in a fixed order: d, the hidden ones, k, n."""
        classes = ("k",) if self.output_axis == "k" else ()
        if self.piece == "activation":
            return (*classes, "n")
        return ("d", *self.hidden_axes, *classes, "n")

    @property
    def hidden_axes(self) -> tuple[str, ...]:
        """The sizes of the hidden layers: none, h, or h1, h2, ..."""
        if self.depth == 2:
            return ("h",)
        return tuple(f"h{layer}" for layer in range(1, self.depth))

    @property
    def parameters(self) -> Mapping[str, str]:
        """Each parameter's layout, in the order of the layers."""
        return _parameters(self)

    @property
    def layouts(self) -> Mapping[str, str]:
        """The layout of every tensor: the parameters, then x and y."""
        return _layouts(self)

    def shape(self, tensor: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """The shape of `tensor` when the axes have these `sizes`."""
        axes = self.layouts[tensor].split()
        return tuple(1 if axis == "1" else sizes[axis] for axis in axes)


# Asked for thousands of times in each check.
@lru_cache(256)
def _parameters(model: Model) -> Mapping[str, str]:
    if model.piece == "activation":
        return {"Z": "k n"}
    if model.piece is not None:
        return {"A_prev": "d n", "W": "k d", "b": "k 1"}
    if model.depth == 1:
        weight = "W" if model.output == "softmax" else "w"
        return {weight: f"{model.output_axis} d", "b": f"{model.output_axis} 1"}
    rows = (*model.hidden_axes, model.output_axis)
    columns = ("d", *model.hidden_axes)
    layouts: dict[str, str] = {}
    for layer, (row, column) in enumerate(zip(rows, columns, strict=True), start=1):
        layouts[f"W{layer}"] = f"{row} {column}"
        layouts[f"b{layer}"] = f"{row} 1"
    return layouts


@lru_cache(256)
def _layouts(model: Model) -> Mapping[str, str]:
    if model.piece is not None:
        return {**model.parameters, model.target: "k n"}
    return {**model.parameters, "x": "d n", "y": f"{model.output_axis} n"}


def mlp(depth: int, output: Output) -> Model:
    """The multilayer perceptron of `depth` layers (2 is the lecture's)."""
    if depth < 2:
        raise ValueError(f"depth={depth}: a multilayer perceptron has at least 2 layers")
    name = "mlp" if depth == 2 else f"mlp{depth}"
    return Model(name if output == "sigmoid" else f"{name}_{output}", depth, output)


MODELS: Mapping[str, Model] = {
    model.name: model
    for model in (
        Model("linear_regression", 1, "identity"),
        Model("logistic_regression", 1, "sigmoid"),
        Model("softmax_regression", 1, "softmax"),
        mlp(2, "sigmoid"),
        mlp(2, "softmax"),
        mlp(3, "sigmoid"),
        mlp(3, "softmax"),
    )
}


PIECES: Mapping[str, Model] = {
    model.name: model
    for model in (
        Model("linear_piece", 1, "identity", several=True, piece="linear"),
        Model("activation_piece", 0, "identity", several=True, piece="activation"),
        Model("linear_activation_piece", 1, "identity", several=True, piece="linear_activation"),
    )
}


def _relative(depth: int, output: Output, several: bool) -> Model:
    name = {1: "regression", 2: "mlp"}.get(depth, f"mlp{depth}")
    ending = "_several" if several and output != "softmax" else ""
    return Model(f"{name}_{output}{ending}", depth, output, several)


def _family() -> dict[str, Model]:
    """`MODELS`, and their relatives that people write: other outputs and losses, more layers."""
    known = {**MODELS, **PIECES}
    there = {(model.depth, model.output, model.output_axis) for model in MODELS.values()}
    outputs: tuple[Output, ...] = (
        "identity",
        "sigmoid",
        "softmax",
        "sigmoid_squared",
        "tanh_squared",
    )
    for depth in (1, 2, 3, 4):
        for output in outputs:
            for several in (True,) if output == "softmax" else (False, True):
                model = _relative(depth, output, several)
                if (depth, output, model.output_axis) not in there:
                    known[model.name] = model
    return known


FAMILY: Mapping[str, Model] = _family()


def member(depth: int, output: str, several: bool = False) -> Model | None:
    """The model of `FAMILY` with these, None if there is none."""
    axis = "k" if several or output == "softmax" else "1"
    return next(
        (
            model
            for model in FAMILY.values()
            if model.piece is None
            and (model.depth, model.output, model.output_axis) == (depth, output, axis)
        ),
        None,
    )
