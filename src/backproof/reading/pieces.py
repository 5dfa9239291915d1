"""Pieces of a backward pass: `linear_backward(dZ, cache)`, `relu_backward` and their kin.

Each takes the gradient of the loss with respect to what a step gives, and what the step kept. What
it kept comes from the file's own forward function where there is one, and otherwise from the names
under which the piece unpacks it. A piece that keeps something unknown is left alone.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from backproof.notation import ACTIVATIONS, LEAKY_SLOPE, PIECES, Model
from backproof.reading import names, roles, updates
from backproof.reading.arguments import SIMPLE, written
from backproof.reading.binding import parameters_of
from backproof.reading.drivers import needed, with_globals
from backproof.reading.recipes import (
    PROBE,
    Reader,
    Recipe,
    Unbound,
    asked_of_probe,
    parsed,
)
from backproof.reading.usage import handed_on, keys_of

_TENSORS = {
    "Z": r"z\d?|pre_?activations?|activation_cache|z_?cache",
    "W": r"w\d?|weights?|kernel|theta",
    "b": r"b\d?|bias(?:es)?|c",
    "A_prev": r"a|a\d|a_?prev(?:ious)?|prev_?a|x|inputs?|inp|in_?data|features|layer_?input",
}
_TENSOR = {tensor: re.compile(pattern) for tensor, pattern in _TENSORS.items()}
_CACHE = re.compile(r"cache[sd]?|memory|store[d]?|ctx|saved|(?:\w+_)?cache")
_BACKWARD = re.compile(r"_?(?:backwards?|back_?prop|back|bwd|bprop|grad(?:ient)?|derivative)_?")
_LINEAR = ("A_prev", "W", "b")
INPUT = f"{PROBE}.x"
ARRIVING = f"{PROBE}.y"
FORWARD = "__forward"  # what its forward function gave


class Piece(NamedTuple):
    """A function or method, the parameter that arrives from above, and what it is."""

    name: str
    function: ast.FunctionDef
    arriving: str
    model: Model
    activation: str | None = None  # by its name, or by the argument that says which
    said: str | None = None  # that argument, as the file spells it


def pieces(read: Reader) -> list[Recipe]:
    """A recipe for each function that is a piece, and for each activation that it takes."""
    found: list[Recipe] = []
    for function in read.functions.values():
        # What it keeps may not be known.
        with contextlib.suppress(Unbound):
            found += _recipes(read, function)
    return found


def _recipes(read: Reader, function: ast.FunctionDef) -> Iterator[Recipe]:
    parameters = parameters_of(function)
    arriving = [name for name, _, _ in parameters if names.is_piece([name])]
    if len(arriving) != 1 or not parameters or parameters[0][0] != arriving[0]:
        return
    if any(roles.role(name) == "y" for name, _, _ in parameters):
        return
    if updates.returned_value(function) is None:
        return
    kept = {
        name: _kept(function, name, read, 0)
        for name, default, _ in parameters[1:]
        if not default and not _says_which(name) and roles.role(name) not in ("n", "lambda")
    }
    tensors = {tensor for one in kept.values() for tensor in _flat(one)}
    forward = _forward_of(function, read)
    kind = _kind(function, tensors, parameters, forward)
    if kind is None:
        return
    says = next((name for name, _, _ in parameters if _says_which(name)), None)
    spellings = _spellings(function, forward) if says else {None: activation_in(function.name)}
    for said, activation in spellings.items():
        activation = with_slope(activation, function, read)
        model = PIECES[f"{kind}_piece"]
        piece = Piece(function.name, function, arriving[0], model, activation, said)
        if model.has_activation and activation is None and forward is None:
            raise Unbound(f"{function.name}: which activation it goes back through is not said")
        yield _recipe(read, piece, kept, forward)


def _says_which(name: str) -> bool:
    return (
        re.fullmatch(r"act(?:ivation)?(?:_?(?:fn|func|function|name|type))?", name.lower())
        is not None
    )


Kept = str | tuple["Kept", ...] | dict[str, "Kept"] | None  # tensors, as a cache holds them


def _flat(kept: Kept) -> Iterator[str]:
    if isinstance(kept, str):
        yield kept
    elif kept is not None:
        for one in kept.values() if isinstance(kept, dict) else kept:
            yield from _flat(one)


def _kept(function: ast.FunctionDef, name: str, read: Reader, deep: int) -> Kept:
    """What the variable holds, by how it is unpacked and by names; None where it cannot be told."""
    for node in updates.own_nodes(function.body):
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        target, value = node.targets[0], node.value
        if isinstance(value, ast.Name) and value.id == name and ast.unparse(target) != name:
            return _held(function, target, read, deep)
    keys = keys_of(name, updates.own_nodes(function.body))
    if keys:
        known = {key: tensor_of(key) for key in keys}
        return None if None in known.values() else dict(known)
    handed = next(handed_on(updates.own_nodes(function.body), name, read), None)
    if handed is not None and deep < 3:
        inner = _kept(*handed, read, deep + 1)
        if inner is not None:
            return inner
    if re.fullmatch(r"lin(?:ear)?_?cache", name.lower()):
        return _LINEAR
    own = tensor_of(name)
    if own is None and _CACHE.fullmatch(name.lower()) and handed is None:
        return "Z"  # an activation's cache, which it uses as it is
    return own


def _held(function: ast.FunctionDef, target: ast.expr, read: Reader, deep: int) -> Kept:
    """What is unpacked into the target: `A, W, b`, or `(A, W, b), Z`."""
    if not isinstance(target, ast.Tuple):
        return _kept(function, updates.last_word(target), read, deep)
    held = tuple(_held(function, part, read, deep) for part in target.elts)
    return None if None in held else held


def tensor_of(name: str) -> str | None:
    """The tensor of a piece that a name means."""
    lowered = name.lower().strip("_")
    return next((one for one, pattern in _TENSOR.items() if pattern.fullmatch(lowered)), None)


def _kind(
    function: ast.FunctionDef,
    tensors: set[str],
    parameters: Sequence[tuple[str, bool, bool]],
    forward: ast.FunctionDef | None,
) -> str | None:
    says = any(_says_which(name) for name, _, _ in parameters)
    if "W" in tensors:
        through = says or "Z" in tensors or activation_in(function.name) is not None
        return "linear_activation" if through else "linear"
    if "Z" in tensors or (forward is not None and activation_in(function.name) is not None):
        return "activation"
    return "linear_activation" if says and forward is not None else None


def activation_in(name: str) -> str | None:
    """The activation that a name says: `relu_backward`, `sigmoidBackward`."""
    lowered = re.sub(r"[_\d]", "", name.lower())
    for activation in sorted(ACTIVATIONS[1:], key=len, reverse=True):
        if activation.replace("_", "") in lowered:
            return activation
    return "relu" if lowered == "rectifierbackward" else None


def with_slope(activation: str | None, function: ast.FunctionDef, read: Reader) -> str | None:
    """A leaky ReLU with the slope that its function names; None where it names several."""
    if activation != "leaky_relu":
        return activation
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    places = [
        statement
        for statement in read.script
        if isinstance(statement, ast.Assign)
        and {updates.last_word(target) for target in statement.targets} & used
    ]
    slopes = {
        node.value
        for place in (function, *places)
        for node in ast.walk(place)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, float)
        and 0.0 < node.value < 1.0
    }
    if len(slopes) > 1:
        return None
    slope = slopes.pop() if slopes else LEAKY_SLOPE
    return activation if slope == LEAKY_SLOPE else f"{activation}_{slope:g}"


def _spellings(
    function: ast.FunctionDef, forward: ast.FunctionDef | None
) -> dict[str | None, str | None]:
    """The activations that an argument chooses among, as the file spells them."""
    texts = [
        node.value
        for one in (function, *([forward] if forward else []))
        for node in ast.walk(one)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    docstrings = {ast.get_docstring(one, clean=False) for one in (function, forward) if one}
    return {
        text: activation_in(text)
        for text in texts
        if text not in docstrings and len(text) < 16 and activation_in(text) is not None
    }


def _forward_of(function: ast.FunctionDef, read: Reader) -> ast.FunctionDef | None:
    """The forward function that goes with a piece: `linear_forward`, `relu`."""
    stem = _BACKWARD.sub("", function.name.lower()).strip("_")
    for name, other in read.functions.items():
        lowered = name.lower()
        exact = lowered in (stem, f"{stem}_forward", f"{stem}forward", f"forward_{stem}")
        if exact and other is not function and not names.is_piece(_words(other)):
            return other
    return None


def _words(function: ast.FunctionDef) -> list[str]:
    return [name for name, _, _ in parameters_of(function)]


def _recipe(
    read: Reader, piece: Piece, kept: Mapping[str, Kept], forward: ast.FunctionDef | None
) -> Recipe:
    called = _forward_call(piece, forward)
    lines = []
    if called is not None:
        lines.append(f"{FORWARD} = {called[0]}")

    def value_of(name: str, default: bool) -> str | None:
        if name == piece.arriving:
            return ARRIVING
        if _says_which(name):
            return None if piece.said is None else repr(piece.said)
        if name in kept:
            is_cache = tensor_of(name) is None or isinstance(kept[name], tuple | dict)
            if called is not None and called[1] and is_cache:
                return called[1]
            return _given(kept[name], piece.model)
        role = None if default else roles.role(name)
        return SIMPLE[role] if role in ("n", "lambda") else None

    parameters = parameters_of(piece.function)
    arguments = written(parameters, value_of, piece.name, "what that holds is not known")
    lines.append(f"__result = {piece.function.name}({arguments})")
    given, result = _results(piece)
    return made(read, piece, piece.function, lines, given, result)


def made(
    read: Reader,
    piece: Piece,
    function: ast.FunctionDef,
    lines: Sequence[str],
    given: tuple[str, ...],
    result: str,
) -> Recipe:
    """The recipe of these lines, of which `result` is the gradients of `given`."""
    body = [*(parsed(line) for line in lines), parsed(f"return {result}")]
    wanted = frozenset(gifts_in(body))
    name = piece.name if piece.said is None else f"{piece.name} ({piece.said})"
    return Recipe(
        name,
        function.lineno,
        needed(read, with_globals(read, body), {}),
        wanted,
        updates=False,
        piece=piece.model.name,
        activation=piece.activation,
        given=given,
    )


def gifts_in(body: Iterable[ast.stmt]) -> list[str]:
    """The tensors that a driver hands over itself."""
    return list(dict.fromkeys(name for (name,) in asked_of_probe(body, "gift")))


def _given(kept: Kept, model: Model) -> str | None:
    """What a cache holds, as source."""
    if kept is None:
        return None
    if isinstance(kept, tuple):
        parts = [_given(one, model) for one in kept]
        return None if None in parts else f"({', '.join(str(part) for part in parts)},)"
    if isinstance(kept, dict):
        items = {key: _given(one, model) for key, one in kept.items()}
        if None in items.values():
            return None
        return "{" + ", ".join(f"{key!r}: {value}" for key, value in items.items()) + "}"
    if kept == ("Z" if model.piece == "activation" else "A_prev"):
        return INPUT
    if kept == "A_prev":  # of an activation there is no other input
        return None
    return f"{PROBE}.gift({kept!r})"


def _forward_call(piece: Piece, forward: ast.FunctionDef | None) -> tuple[str, str | None] | None:
    """The call of the forward function, and where in its result the cache is, if it gives one."""
    if forward is None:
        return None

    def value_of(name: str, _: bool) -> str | None:
        if _says_which(name):
            return repr(piece.said) if piece.said else None
        tensor = tensor_of(name)
        if piece.model.piece == "activation":
            tensor = "Z" if tensor in ("Z", "A_prev") else None
        return _given(tensor, piece.model)

    try:
        arguments = written(parameters_of(forward), value_of, forward.name, "")
    except Unbound:
        return None
    returned = updates.returned_value(forward)
    cache = None
    if isinstance(returned, ast.Tuple):
        elements = returned.elts
        caches = [
            place
            for place, one in enumerate(elements)
            if isinstance(one, ast.Tuple | ast.Dict)
            or (isinstance(one, ast.Name) and _CACHE.fullmatch(one.id.lower()))
        ]
        place = caches[0] if caches else (1 if len(elements) == 2 else None)
        cache = None if place is None else f"{FORWARD}[{place}]"
    return f"{forward.name}({arguments})", cache


def _results(piece: Piece) -> tuple[tuple[str, ...], str]:
    """Which gradients the function returns, in our order, and the expression that gives them."""
    last = updates.returned_value(piece.function)
    wanted = tuple(piece.model.parameters)
    if isinstance(last, ast.Dict):
        keys = [key.value for key in last.keys if isinstance(key, ast.Constant)]
        places = {tensor_behind(str(key), piece.model): repr(key) for key in keys}
    elif isinstance(last, ast.Tuple):
        places = {
            tensor_behind(updates.last_word(one), piece.model): str(place)
            for place, one in enumerate(last.elts)
            if isinstance(one, ast.Name | ast.Subscript | ast.Attribute)
        }
    else:
        return wanted, "__result"  # of another function: in its order, which is the usual one
    given = tuple(tensor for tensor in wanted if tensor in places)
    if not given and isinstance(last, ast.Tuple) and len(last.elts) == len(wanted):
        return wanted, "__result"  # without names, in the usual order
    if not given:
        raise Unbound(f"{piece.name}: which gradients it returns is not said by their names")
    taken = [f"__result[{places[tensor]}]" for tensor in given]
    return given, taken[0] if len(given) == 1 else f"({', '.join(taken)})"


def tensor_behind(name: str, model: Model) -> str | None:
    """The tensor whose gradient a name means: `dA_prev`, `dx`, `grad_w`."""
    match = re.fullmatch(
        r"(?:d|grad|gradient|delta)_?(?P<of>.+)|(?P<after>.+)_(?:grad|gradient)", name.lower()
    )
    tensor = None if match is None else tensor_of(match["of"] or match["after"])
    if model.piece == "activation":
        return "Z" if tensor in ("Z", "A_prev") else None
    return tensor if tensor in _LINEAR else None
