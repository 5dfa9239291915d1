"""Which parameter of somebody's function takes which tensor of a model."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping, Sequence

from backproof.notation import Model
from backproof.reading import names, roles
from backproof.reading.spec import Argument


def parameters_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[tuple[str, bool, bool]]:
    """Name, whether it has a default, whether it goes by name only."""
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    without = len(plain) - len(arguments.defaults)
    positional = [(one.arg, place >= without, False) for place, one in enumerate(plain)]
    return positional + [
        (one.arg, default is not None, True)
        for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]


def defaults_of(arguments: ast.arguments) -> dict[str, ast.expr]:
    """What the parameters are without being given, where they have a default."""
    plain = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    found = dict(zip(plain[::-1], arguments.defaults[::-1], strict=False))
    for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if value is not None:
            found[one.arg] = value
    return found


def default_size(name: str, function: ast.FunctionDef) -> int:
    """A size's default, 0 without one.

    From 1 other axes cannot be told; inputs of `28 * 28` features are larger than any case's.
    """
    default = defaults_of(function.args).get(name)
    text = "" if default is None else ast.unparse(default)
    factors = text.split(" * ") if re.fullmatch(r"\d+( \* \d+)*", text) else ["0"]
    return math.prod(int(one) for one in factors)


def given_in(call: ast.Call, parameters: Sequence[str]) -> dict[str, ast.expr]:
    """What a call gives these parameters, by name; one of a method's without `self`."""
    given = dict(zip(parameters, call.args, strict=False))
    return given | {one.arg: one.value for one in call.keywords if one.arg}


def signature(parameters: Sequence[str]) -> str:
    """The parameters as they stand in a definition: `(W1, b1, x, y)`."""
    return f"({', '.join(parameters)})"


def arguments_of(
    parameters: Sequence[tuple[str, bool, bool]], model: Model, *, told: bool
) -> tuple[tuple[Argument, ...], str | None]:
    """Which parameter takes which tensor of `model`, or what is missing.

    With a model that was told, as many required parameters as it has tensors, and no name that
    says otherwise, the order is the model's own: parameters, x, y.
    """
    read = names.bind([name for name, _, _ in parameters]).tensors
    tensors = {name: names.in_model(tensor, model) for name, tensor in read.items()}
    required = [name for name, default, _ in parameters if not default]
    order = list(model.layouts)
    if told and len(required) == len(order):
        pairs = dict(zip(required, order, strict=True))
        if all(tensors.get(name) in (None, tensor) for name, tensor in pairs.items()):
            tensors = {**tensors, **pairs}
    listed = [name for name, _, _ in parameters]
    missing = [tensor for tensor in order if tensor not in tensors.values()]
    if missing:
        return (), (
            f"takes {signature(listed)}: {', '.join(missing)} of {model.name} "
            f"{'is' if len(missing) == 1 else 'are'} not among them; "
            f"what is read is a function of {signature(order)}"
        )
    extra = [name for name in required if (tensors.get(name) or _strength(name)) is None]
    if extra:
        return (), (
            f"takes {', '.join(extra)} as well, which {'is' if len(extra) == 1 else 'are'} "
            f"no tensor of {model.name}; give {'it' if len(extra) == 1 else 'them'} a default"
        )
    bound: list[Argument] = []
    gap = False
    for name, _, by_name in parameters:
        tensor = tensors.get(name) or _strength(name)
        if tensor is None:
            gap = True
        else:
            bound.append(Argument(name, tensor, by_name or gap))
    return tuple(bound), None


def _strength(name: str) -> str | None:
    """`penalty` for the strength of an L2 term."""
    return "penalty" if roles.role(name) == "lambda" else None


def loss_beside(
    function: ast.FunctionDef, functions: Mapping[str, ast.FunctionDef], model: Model
) -> tuple[str, tuple[Argument, ...]] | None:
    """The one loss function of the file that takes tensors of the model only, and which.

    Of several, the one that `function` calls; otherwise none, since which is meant is not known.
    """
    candidates = {}
    for name, candidate in functions.items():
        if names.is_loss(name) and name != function.name:
            bound = _loss_arguments(candidate, model)
            if bound is not None:
                candidates[name] = bound
    if len(candidates) > 1:
        called = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        candidates = {name: bound for name, bound in candidates.items() if name in called}
    return next(iter(candidates.items())) if len(candidates) == 1 else None


def _loss_arguments(function: ast.FunctionDef, model: Model) -> tuple[Argument, ...] | None:
    parameters = parameters_of(function)
    binding = names.bind([name for name, _, _ in parameters])
    tensors = {name: names.in_model(tensor, model) for name, tensor in binding.tensors.items()}
    bound: list[Argument] = []
    gap = False
    for name, default, by_name in parameters:
        tensor = tensors.get(name) or _strength(name)
        if tensor is not None:
            bound.append(Argument(name, tensor, by_name or gap))
        elif default:
            gap = True
        else:
            return None
    taken = {argument.tensor for argument in bound}
    return tuple(bound) if set(model.layouts) <= taken else None
