"""What a function's `return` statement says it returns, place by place."""

from __future__ import annotations

import ast
from typing import NamedTuple

from backproof.notation import Model
from backproof.reading import names, updates


class Returned(NamedTuple):
    """The places of a returned tuple as `spec.Spec.returns` wants them, or a question."""

    places: tuple[str, ...]
    question: str | None = None


_WRAPPERS = frozenset({"float", "squeeze", "array", "asarray", "copy", "item", "ravel", "reshape"})


def returned(function: ast.FunctionDef, model: Model) -> Returned:
    """The places of what `function` returns.

    No places means that the order of the parameters counts (or names, at run time, in a dict).
    A question means that the names contradict that order but not all of them can be read, or that
    what is returned are the parameters themselves.
    """
    value = updates.returned_value(function)
    if value is None:
        return Returned((), "has no return statement: gradients applied in place are not read yet")
    value = _resolved(value, function)
    if isinstance(value, ast.Dict):
        return Returned((), _parameters_in(value, model))
    if not isinstance(value, ast.Tuple | ast.List):
        return Returned(())
    if any(isinstance(element, ast.Starred) for element in value.elts):
        return Returned(())
    elements = [_resolved(element, function) for element in value.elts]
    texts = [_name(element) for element in value.elts]
    kinds = [_kind(element, text) for element, text in zip(elements, texts, strict=True)]
    if len(kinds) <= 3 and "loss" in kinds and kinds.count("*") == 1:
        inside = elements[kinds.index("*")]
        if isinstance(inside, ast.Tuple | ast.List):
            nested = _places([_name(element) for element in inside.elts], model)
            if nested.places or nested.question:  # in another order than ours
                return Returned((), nested.question or _unread(inside))
        return Returned(tuple(kinds))
    return _places(texts, model)


def _places(texts: list[str], model: Model) -> Returned:
    wanted = [f"d{parameter}" for parameter in model.parameters]
    found = names.gradients_in(texts, model)
    places = [found.get(text, "loss" if names.is_loss(text) else "") for text in texts]
    if places.count("loss") > 1:
        places = [place if place != "loss" else "" for place in places]
    if set(wanted) <= set(places):
        return Returned(() if places == wanted else tuple(places))
    if not found:
        inside = names.bind(texts).tensors.values()
        if {names.in_model(tensor, model) for tensor in inside} >= set(model.parameters):
            return Returned((), "returns the parameters themselves, not gradients")
        return Returned(())
    for offset in (0, 1) if len(texts) > len(wanted) else (0,):
        there = places[offset : offset + len(wanted)]
        if all(place in ("", want) for place, want in zip(there, wanted, strict=True)):
            return Returned(())
    missing = ", ".join(want for want in wanted if want not in places)
    return Returned(
        (), f"returns {', '.join(text or '...' for text in texts)}: which is {missing}?"
    )


def _unread(node: ast.expr) -> str:
    return f"returns {ast.unparse(node)}: gradients inside another tuple are read in order only"


def _parameters_in(node: ast.Dict, model: Model) -> str | None:
    for key, value in zip(node.keys, node.values, strict=True):
        name = value.id if isinstance(value, ast.Name) else None
        if isinstance(key, ast.Constant) and key.value == name and name in model.parameters:
            return "returns the parameters themselves, not gradients"
    return None


def _kind(element: ast.expr, text: str) -> str:
    if isinstance(element, ast.Dict | ast.Tuple | ast.List) or names.is_collection(text):
        return "*"
    return "loss" if names.is_loss(text) else ""


def _resolved(node: ast.expr, function: ast.FunctionDef) -> ast.expr:
    """A name that was given a tuple or a dict literal is that literal."""
    if not isinstance(node, ast.Name):
        return node
    found: ast.expr = node
    for statement in updates.own_nodes(function.body):
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == node.id for target in statement.targets
        ):
            literal = isinstance(statement.value, ast.Tuple | ast.List | ast.Dict)
            found = statement.value if literal else node
    if isinstance(found, ast.Dict) and any(  # filled further on
        isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Store)
        for part in updates.own_nodes(function.body)
    ):
        return node
    return found


def _name(node: ast.expr) -> str:
    """The name an element of a returned tuple goes by, empty if it has none."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript):
        key = node.slice
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
    if isinstance(node, ast.Attribute):
        return _name(node.value) if node.attr == "T" else node.attr
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Attribute):
            is_method = not (isinstance(function.value, ast.Name) and function.value.id == "np")
            if function.attr in _WRAPPERS:
                inner = function.value if is_method else (node.args or [node.func])[0]
                return "" if inner is node.func else _name(inner)
        elif isinstance(function, ast.Name) and function.id in _WRAPPERS and node.args:
            return _name(node.args[0])
        return ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Mult):
        left, right = _name(node.left), _name(node.right)
        return next((name for name in (left, right) if names.gradient(name)), "")
    return ""
