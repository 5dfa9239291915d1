"""What people's names mean: which tensor `weights`, `W_1` or `y_true` is, and its gradient.

Names alone, no values: a name means one thing or nothing. Layers are counted from 1; people who
count from 0 are understood where the whole list of names shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from backproof.notation import Model

_NAMES = 1 << 12  # kept of what names mean: a probe asks for all variables of every run
_LAYER = r"_?(?P<layer>\d+|hidden|hid|h|output|out|o)?"
_PARAMETER = re.compile(
    rf"(?P<role>w|weights?|pesos?|poids|kernel|th?eta|b|bias(?:es)?|biais|sesgos?|vies(?:es)?"
    rf"|intercept){_LAYER}"
)
_PARAMETER_AFTER = re.compile(
    r"(?P<layer>hidden|hid|output|out)_(?P<role>w|weights?|kernel|b|bias(?:es)?)"
)
_GRADIENT = re.compile(
    r"(?:deriv(?:ative)?s?_?|d(?:l|j|c|e|loss|cost)_?d_?|d_?|grads?_?|gradients?_?|g_?|nabla_?)"
    r"(?P<of>.+)"
    r"|(?P<of_after>.+?)_?(?:grads?|gradients?)"
)
_BATCH = r"(?:_?(?:train|batch|tr|b))?"
X = re.compile(rf"xs?{_BATCH}|inputs?|features|data|a_?0")
Y = re.compile(rf"ys?{_BATCH}|y_?(?:true|onehot|one_hot|enc)|t|targets?|labels?")
_LOSS = re.compile(
    r"(?:(?:total|mean|avg|average|train|compute|calc?|calculate|get|binary|categorical|the|my"
    r"|calcul(?:ar?|er)|func(?:ao|ion|tion)|fonction|funktion|batch|epoch|curr(?:ent)?|de)_?)*"
    r"(?:loss(?:es)?|custo|costo|coste|cout|perda|perdida|perte|verlust|kosten|erro_quadratico|(?:avg_)?log_?lik(?:elihood)?|likelihood|ll|cost(?:_?j)?|j|l|bce|mse|nll|ce|cross_?entropy|log_?loss)"
    r"(?:_?(?:loss|cost|fn|func?|function|funktion|value|val))?(?:_?(?:reg|regularized|l2))?"
)
_COLLECTION = re.compile(r"grads?|gradients?|derivs?|derivatives?")
_BACKWARD = re.compile(
    r"(?:(?:compute|calc|calculate|get|my|mlp|nn|network|model|full|the|manual|analytic)_?)*"
    r"(?:backward(?:s|_?pass|_?prop(?:[ao]gation)?)?|back_?prop(?:[ao]gation|agate)?|bprop|propagate"
    r"|retro_?propag\w+"
    r"|grads?|gradients?|gradient_?descent_?step|derivatives?"
    r"|(?:loss|cost|value|forward|forward_?backward)_?(?:and_?)?(?:grads?|gradients?|backward)"
    r"|grads?_?(?:and_?)?(?:loss|cost))"
    r"(?:_?(?:fn|func|function|pass|step))?(?:_?(?:reg|regularized|l2)|_?with_?\w+)?"
)
_PIECE = re.compile(
    r"d_?[az]\d*|d_?out|dout\w*|delta\d*|upstream\w*|grad_?out(?:put)?|d_?y_?(?:hat)?|dvalues"
)


class Parameter(NamedTuple):
    """A weight or a bias as a name tells it: `layer` is a number, "first", "last", or None."""

    role: str
    layer: int | str | None


@lru_cache(_NAMES)
def parameter(name: str) -> Parameter | None:
    """The parameter that `name` means, or None: `W_1`, `weights2`, `bias`, `w_out`."""
    lowered = name.strip("_").lower()
    match = _PARAMETER.fullmatch(lowered) or _PARAMETER_AFTER.fullmatch(lowered)
    if match is None:
        return None
    word, layer = match["role"], match["layer"]
    if word in ("theta", "teta") and layer is not None:
        return None  # Theta1 usually holds the bias as well
    role = "b" if word.startswith(("b", "i", "s", "v")) else "W"
    if layer is None:
        return Parameter(role, None)
    if layer.isdigit():
        return Parameter(role, int(layer))
    return Parameter(role, "first" if layer.startswith("h") else "last")


@lru_cache(_NAMES)
def gradient(name: str) -> Parameter | None:
    """The parameter whose gradient `name` means, or None: `dW1`, `grad_b`, `dL_dW2`, `w_grad`."""
    match = _GRADIENT.fullmatch(name.strip("_").lower())
    if match is None:
        return None
    return parameter(match["of"] or match["of_after"])


@lru_cache(_NAMES)
def is_loss(name: str) -> bool:
    """Whether `name` means the loss: `cost`, `J`, `compute_loss`, `bce`."""
    return _LOSS.fullmatch(name.strip("_").lower()) is not None


@lru_cache(_NAMES)
def is_collection(name: str) -> bool:
    """Whether `name` means several gradients at once: `grads`."""
    return _COLLECTION.fullmatch(name.strip("_").lower()) is not None


def is_backward(name: str) -> bool:
    """Whether `name` is a usual name of a whole backward pass: `backward`, `loss_and_grads`."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip("_")).lower()
    return _BACKWARD.fullmatch(snake) is not None


def is_piece(parameters: Iterable[str]) -> bool:
    """Whether a function with these parameters is one step of a backward pass: it takes dZ."""
    return any(_PIECE.fullmatch(name.lower()) for name in parameters)


class Binding(NamedTuple):
    """Which of a list of names is which tensor (`W1`, `W`, `x`), and which are doubtful."""

    tensors: dict[str, str]
    ambiguous: tuple[str, ...]


def bind(names: Iterable[str], *, gradients: bool = False) -> Binding:
    """What each of `names` is, taken together; a tensor claimed twice is nobody's.

    With `gradients` the names are of gradients, and `x` and `y` are not looked for. Weights and
    biases come back as `W`, `b` or `W1`, `b1`, ...; `in_model` gives them the model's names.
    """
    names = list(names)
    read = gradient if gradients else parameter
    parsed = {name: found for name in names if (found := read(name)) is not None}
    numbers = [found.layer for found in parsed.values() if isinstance(found.layer, int)]
    first = 0 if 0 in numbers else 1
    last = max([number - first + 1 for number in numbers], default=2)
    claims: dict[str, list[str]] = {}
    for name, (role, layer) in parsed.items():
        if isinstance(layer, int):
            layer = layer - first + 1
        elif layer is not None:
            layer = 1 if layer == "first" else last
        claims.setdefault(role if layer is None else f"{role}{layer}", []).append(name)
    if not gradients:
        for name in names:
            if name not in parsed:
                for tensor, pattern in (("x", X), ("y", Y)):
                    if pattern.fullmatch(name.strip("_").lower()):
                        claims.setdefault(tensor, []).append(name)
    tensors: dict[str, str] = {}
    ambiguous: list[str] = []
    for tensor, claimants in claims.items():
        exact = [name for name in claimants if name == tensor]
        if len(claimants) == 1:
            tensors[claimants[0]] = tensor
        elif gradients and exact:
            tensors[exact[0]] = tensor
        else:
            ambiguous += claimants
    return Binding(tensors, tuple(ambiguous))


def in_model(tensor: str, model: Model) -> str | None:
    """The model's own name for `tensor` (as `bind` gives it), or None if it has no such tensor."""
    if tensor in model.layouts:
        return tensor
    if model.depth == 1 and tensor in ("W", "W1", "b1"):
        return "b" if tensor == "b1" else next(iter(model.parameters))
    return None


def gradients_in(names: Iterable[str], model: Model) -> dict[str, str]:
    """Which of `names` is which gradient of `model`: `{"grad_w": "dw"}`."""
    return {
        name: f"d{inside}"
        for name, tensor in bind(names, gradients=True).tensors.items()
        if (inside := in_model(tensor, model)) is not None
    }
