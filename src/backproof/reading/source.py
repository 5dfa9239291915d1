"""Which functions of somebody's file are backward passes, and of what. The file is never run here.

What is told counts first: on the command line, by `@backproof.derivation`, in a TOML file beside
the file. The rest is worked out from names and from what the code applies. Where that leaves two
answers the function comes with a question and is not judged.
"""

from __future__ import annotations

import ast
import copy
import difflib
import inspect
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from backproof.notation import FAMILY, MODELS, Model
from backproof.reading import convention, meaning, names, roles, syntax
from backproof.reading.binding import arguments_of, loss_beside, parameters_of, signature
from backproof.reading.nothing import returned_names, why_nothing
from backproof.reading.program import Program, program
from backproof.reading.returned import returned
from backproof.reading.scopes import is_main_guard
from backproof.reading.shrinkage import shrinkage
from backproof.reading.spec import Argument, Spec
from backproof.reading.told import (
    Beside,
    Settings,
    Told,
    Unreadable,
    by_decorator,
    by_toml,
    one,
    validated,
)

COMMAND_LINE = "the command line"
UNTOLD = Settings()


class Found(NamedTuple):
    """A function that may be a backward pass, and what it was told or worked out to be.

    Attributes:
        function: its name.
        line: where it is defined.
        parameters: its own names for its parameters, in order.
        model: a key of `notation.MODELS`, None if that is the question.
        activation: of the hidden layers.
        layouts: its convention, complete.
        reduction: `mean` or `sum` where told or said in the docstring.
        arguments: which parameter takes which tensor.
        returns: as `spec.Spec.returns`.
        loss: the name of the loss function beside it, with `loss_arguments`.
        why: one phrase of evidence each for `model`, `activation`, `convention`, `reduction`.
        question: what has to be told before it can be judged; None if nothing.
    """

    function: str
    line: int
    parameters: tuple[str, ...]
    model: str | None = None
    activation: str | None = None
    layouts: Mapping[str, str] = {}
    reduction: str | None = None
    arguments: tuple[Argument, ...] = ()
    returns: tuple[str, ...] = ()
    loss: str | None = None
    loss_arguments: tuple[Argument, ...] = ()
    why: Mapping[str, str] = {}
    question: str | None = None


class _File(NamedTuple):
    """A parsed file: name, functions by name, docstring, and the strengths of its L2 terms."""

    name: str
    functions: Mapping[str, ast.FunctionDef]
    docstring: str
    shrinking: frozenset[str] = frozenset()


class NothingFound(Unreadable):
    """No function of the file is known to be a backward pass by itself."""


def read(path: str | os.PathLike[str], settings: Settings = UNTOLD) -> list[Found]:
    """The backward passes in the file at `path`, in the order of their lines.

    Raises `Unreadable` where there is no such file, it is no Python, something unknown is told, or
    no function in it can be meant; the message is a line or two for the user.
    """
    return found_in(program(Path(path)), settings)


def found_in(read: Program, settings: Settings = UNTOLD) -> list[Found]:
    """The functions of a program that are backward passes by themselves.

    Arguments:
        read: the program; `<stem>.toml` beside its file is read as well.
        settings: what the command line tells.

    Raises `NothingFound`, or `Unreadable` where what is told does not fit.
    """
    path, tree = read.path, read.tree
    command = Told(validated(settings._asdict(), COMMAND_LINE), COMMAND_LINE)
    docstring = ast.get_docstring(tree) or ""
    file = _File(path.name, dict(_top(tree.body)), docstring, shrinkage(tree).named)
    beside = by_toml(path)
    for name, told in beside.functions.items():
        _known(name, file, told.where)
    wanted = one("function", [command, *([beside.file] if beside.file else [])])
    if wanted is not None:
        try:
            chosen = [_known(wanted[0], file, wanted[1].removeprefix("told by "))]
        except Unreadable as error:  # it may be a method, a loop or a piece
            raise NothingFound(str(error)) from None
    else:
        chosen = [
            function
            for name, function in file.functions.items()
            if name in beside.functions or _may_be_meant(function, file)
        ]
    if not chosen:
        raise NothingFound(why_nothing(path.name, file.functions, tree))
    found = [
        _found(function, file, _sources(function, file, command, beside)) for function in chosen
    ]
    return sorted(_without_steps(found, file), key=lambda one: one.line)


def read_function(function: Callable[..., Any], settings: Settings = UNTOLD) -> Found:
    """As `read`, for a function at hand; its source is looked up where Python has it.

    Raises `Unreadable` for what has no Python signature.
    """
    command = Told(validated(settings._asdict(), "the arguments"), "the arguments")
    name = getattr(function, "__name__", "function")
    try:
        lines, _ = inspect.findsource(function)
        tree = syntax.parsed("".join(lines))
        definition = _definition(tree, name, function)
        file = _File(
            Path(inspect.getsourcefile(function) or "source").name,
            dict(_top(tree.body)),
            ast.get_docstring(tree) or "",
            shrinkage(tree).named,
        )
    except (OSError, TypeError, SyntaxError, LookupError):
        definition = _from_signature(function, name)
        file = _File("source", {}, "")
    if inspect.ismethod(function):
        definition = _bound(definition)
    told = by_decorator(definition, file.name)
    return _found(definition, file, [command, *([told] if told else [])])


def to_spec(found: Found) -> Spec:
    """What the child needs to call it; `ValueError` if there is still a question."""
    if found.question is not None or found.model is None:
        raise ValueError(f"{found.function}: {found.question}")
    return Spec(
        model=found.model,
        function=found.function,
        arguments=found.arguments,
        layouts=dict(found.layouts),
        returns=found.returns,
        activation=found.activation,
        loss=found.loss,
        loss_arguments=found.loss_arguments,
    )


def _top(body: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions a module defines, also under `if` and `try`, not under a main guard."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef):
            yield statement.name, statement
        elif isinstance(statement, ast.If) and not is_main_guard(statement):
            yield from _top(statement.body + statement.orelse)
        elif isinstance(statement, ast.Try):
            yield from _top(statement.body + statement.orelse + statement.finalbody)
        elif isinstance(statement, ast.With):
            yield from _top(statement.body)


def _definition(tree: ast.Module, name: str, function: Callable[..., Any]) -> ast.FunctionDef:
    first = inspect.unwrap(function).__code__.co_firstlineno
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if start == first:
                return node
    raise LookupError(name)


def _from_signature(function: Callable[..., Any], name: str) -> ast.FunctionDef:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise Unreadable(f"{name} has no signature that can be read") from None
    kept = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
    plain = [
        one if one.default is inspect.Parameter.empty else one.replace(default=None) for one in kept
    ]
    signature = str(inspect.Signature(plain))
    safe = name if name.isidentifier() else "function"
    definition = syntax.parsed(f"def {safe}{signature}:\n    return {safe}").body[0]
    assert isinstance(definition, ast.FunctionDef)
    return definition


def _bound(method: ast.FunctionDef) -> ast.FunctionDef:
    """Without the first parameter, which Python gives itself."""
    bound = copy.deepcopy(method)
    for parameters in (bound.args.posonlyargs, bound.args.args):
        if parameters:
            del parameters[0]
            break
    return bound


def _known(name: str, file: _File, where: str) -> ast.FunctionDef:
    if name in file.functions:
        return file.functions[name]
    near = difflib.get_close_matches(name, file.functions, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    there = ", ".join(file.functions) or "none"
    raise Unreadable(f"{file.name} has no function {name} ({where}); {hint}it has: {there}")


def _may_be_meant(function: ast.FunctionDef, file: _File) -> bool:
    """By a usual name, by the decorator, or by taking parameters and returning gradients."""
    if by_decorator(function, file.name) is not None:
        return True
    parameters = [name for name, _, _ in parameters_of(function)]
    tensors = set(names.bind(parameters).tensors.values())
    if names.is_backward(function.name):
        return "x" in tensors or not names.is_piece(parameters)
    if names.is_loss(function.name) or not {"x", "y"} < tensors:
        return False
    depth = _depth(tensors)
    return any(
        model.depth == depth and len(returned(function, model).places) > 0
        for model in MODELS.values()
    ) or bool(names.bind(returned_names(function), gradients=True).tensors)


def _without_steps(found: list[Found], file: _File) -> list[Found]:
    """Without the functions that cannot be judged alone and that a judged one calls."""
    whole = [one for one in found if one.question is None]
    used = {
        name
        for one in whole
        for node in ast.walk(file.functions[one.function])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        for name in (node.func.id,)
    }
    return [one for one in found if one.question is None or one.function not in used]


def _sources(function: ast.FunctionDef, file: _File, command: Told, beside: Beside) -> list[Told]:
    """All that tells something of `function`, the strongest first."""
    decorator = by_decorator(function, file.name)
    layers = [command, decorator, beside.functions.get(function.name), beside.file]
    return [layer for layer in layers if layer is not None]


def _depth(tensors: set[str]) -> int:
    layers = [int(tensor[1:]) for tensor in tensors if tensor[:1] in "Wb" and tensor[1:].isdigit()]
    return max(layers, default=1)


def _found(function: ast.FunctionDef, file: _File, sources: Sequence[Told]) -> Found:
    parameters = parameters_of(function)
    listed = tuple(name for name, _, _ in parameters)
    found = Found(function.name, function.lineno, listed)
    binding = names.bind(listed)
    if binding.ambiguous:
        doubtful = " and ".join(binding.ambiguous)
        return found._replace(question=f"takes {doubtful}, and which is which cannot be told")
    strengths = [n for n in listed if n in file.shrinking and roles.role(n) != "lambda"]
    if strengths:
        words = f"takes {', '.join(strengths)}, by which it shrinks its weights"
        return found._replace(question=f"{words}; call it lam, and it is judged")
    told_model = one("model", sources)
    told_activation = one("activation", sources)
    read_as = meaning.infer(
        _depth(set(binding.tensors.values())),
        function,
        file.functions,
        [ast.get_docstring(function) or "", file.docstring],
        model=None if told_model is None else FAMILY[told_model[0]],
        activation=None if told_activation is None else told_activation[0],
    )
    tensors = set(binding.tensors.values())
    if told_model is None and not any(tensor[0] in "Wb" for tensor in tensors):
        unknown = (
            f"takes {signature(listed)}: none is called like a weight (W1, w, theta), so its model "
            "is not known; tell it with --model, or point at what calls it with --function"
        )
        return found._replace(question=unknown)
    why = dict(read_as.why)
    if told_model is not None:
        why["model"] = told_model[1]
    model = read_as.model
    if model is None:
        return found._replace(why=why, question=read_as.question)
    found = found._replace(model=model.name, activation=read_as.activation, why=why)
    if model.has_activation and told_activation is not None:
        why["activation"] = told_activation[1]
    bound, question = arguments_of(parameters, model, told=told_model is not None)
    if question is None:
        question = read_as.question
    if question is not None:
        return found._replace(question=question)
    layouts, why["convention"] = _convention(model, sources)
    reduction = one("reduction", sources) or _reduction(function)
    if reduction is not None:
        why["reduction"] = reduction[1]
    places = returned(function, model)
    loss = None if "loss" in places.places else loss_beside(function, file.functions, model)
    return found._replace(
        layouts=layouts,
        reduction=None if reduction is None else reduction[0],
        arguments=bound,
        returns=places.places,
        loss=None if loss is None else loss[0],
        loss_arguments=() if loss is None else loss[1],
        question=places.question,
    )


def _convention(model: Model, sources: Sequence[Told]) -> tuple[Mapping[str, str], str]:
    """The convention that was told, else the lecture's, of which `understand` is not sure."""
    told = one("convention", sources)
    if told is None:
        return model.layouts, "the lecture's, as nothing else was told"
    try:
        return convention.parse(told[0], model), told[1]
    except convention.ConventionError as error:
        raise Unreadable(f"{error} ({told[1]})") from None


def _reduction(function: ast.FunctionDef) -> tuple[str, str] | None:
    text = (ast.get_docstring(function) or "").lower()
    mean = re.search(r"\b(?:mean|averaged?|1 ?/ ?[nm])\b", text)
    total = re.search(r"\b(?:sum|summed|total)\b", text)
    if mean and not total:
        return "mean", f"the docstring says {mean[0]!r}"
    if total and not mean:
        return "sum", f"the docstring says {total[0]!r}"
    return None
