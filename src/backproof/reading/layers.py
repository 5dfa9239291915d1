"""Layers written as classes, with `forward(x)` and `backward(dout)`: pieces of a backward pass."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator

from backproof.notation import PIECES
from backproof.reading import patterns, roles, updates
from backproof.reading.arguments import instance
from backproof.reading.binding import parameters_of
from backproof.reading.pieces import (
    ARRIVING,
    FORWARD,
    INPUT,
    Piece,
    activation_in,
    made,
    tensor_behind,
    tensor_of,
    with_slope,
)
from backproof.reading.recipes import PROBE, Reader, Recipe, Unbound

_BACKWARD = re.compile(r"_*(?:backwards?|back_?prop\w*|bprop|grad(?:ient)?)")


def layers(read: Reader) -> list[Recipe]:
    """A recipe for each class of the file that is one layer."""
    found: list[Recipe] = []
    for scope in read.found:
        if scope.owner is not None and scope.function is not None:
            # What its constructor takes may not be known.
            with contextlib.suppress(Unbound):
                found += _recipes(read, scope.owner, scope.function)
    return found


def _recipes(read: Reader, owner: ast.ClassDef, function: ast.FunctionDef) -> Iterator[Recipe]:
    """The backward method of a class that is one layer: it takes what arrives and nothing else.

    So, whatever that is called: labels are none.
    """
    required = [name for name, default, _ in parameters_of(function)[1:] if not default]
    if len(required) != 1 or roles.role(required[0]) == "y":
        return
    if not _BACKWARD.fullmatch(function.name.lower()):
        return
    if any(updates.updates(function.body)):
        return
    methods = {one.name: one for one in owner.body if isinstance(one, ast.FunctionDef)}
    forward = methods.get("forward") or methods.get("__call__")
    if forward is None or len([n for n, d, _ in parameters_of(forward)[1:] if not d]) != 1:
        return
    by_name = with_slope(activation_in(owner.name), function, read)
    if not function.name.lower().strip("_").startswith("back") and not _uses_kept(owner, function):
        return  # `gradient(self, x)`, the slope at its argument
    of = PIECES["linear_piece" if by_name is None else "activation_piece"]
    stored = {
        tensor: node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and (tensor := tensor_behind(node.attr, of)) is not None
    }
    returns = updates.returned_value(function) is not None
    if not returns and not stored.keys() & {"A_prev", "Z"}:
        return
    if stored and by_name is None:
        kind = "linear"
    elif stored.keys() <= {"Z"} and by_name is not None and not _has_weights(owner):
        kind = "activation"
    else:
        return
    model = PIECES[f"{kind}_piece"]
    piece = Piece(f"{owner.name}.{function.name}", function, required[0], model, by_name)
    lines = [
        f"__self = {instance(owner, read)}".replace("size('h')", "size('k')"),
        f"__self = {PROBE}.give('__self', __self)",
        f"{FORWARD} = __self.{forward.name}({INPUT})",
        f"__result = __self.{function.name}({ARRIVING})",
    ]
    given = tuple(t for t in model.parameters if t in stored or t not in ("W", "b"))
    if returns:
        stored = {tensor: name for tensor, name in stored.items() if tensor in ("W", "b")}
    taken = [f"__self.{stored[tensor]}" if tensor in stored else "__result" for tensor in given]
    result = taken[0] if len(given) == 1 else f"({', '.join(taken)})"
    recipe = made(read, piece, function, lines, given, result)
    yield recipe._replace(wanted=recipe.wanted | frozenset(_weights(owner)))


def _uses_kept(owner: ast.ClassDef, function: ast.FunctionDef) -> bool:
    """Whether a method looks up what the object holds, such as what went forward."""
    held = {
        node.attr
        for node in ast.walk(owner)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    return any(isinstance(n, ast.Attribute) and n.attr in held for n in ast.walk(function))


def _weights(owner: ast.ClassDef) -> Iterator[str]:
    """The attributes that are weights or biases."""
    for node in ast.walk(owner):
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Store):
            continue
        if tensor_of(node.attr) in ("W", "b"):
            yield node.attr


def _has_weights(owner: ast.ClassDef) -> bool:
    return any(True for _ in _weights(owner)) or any(
        patterns.called(node) in ("dot", "matmul") or isinstance(node, ast.MatMult)
        for node in ast.walk(owner)
    )
