"""In words, how a part of a file is laid out and under which conditions it was run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from backproof.reading import convention, left_out, roles
from backproof.reading.binding import defaults_of
from backproof.reading.recipes import Reader, Recipe
from backproof.reading.rescaling import rescaled
from backproof.reading.spec import Spec
from backproof.reading.usage import is_limit


def conditions(read: Reader, recipe: Recipe, spec: Spec) -> str:
    """`examples are rows, updated in place, lambda = 0.25`."""
    text = convention.describe(spec.layouts, spec.family)
    if spec.updates:
        text += ", updated in place"
    if spec.single:
        text += ", one at a time"
    if recipe.momentum:
        text += f", from zero velocity at {recipe.momentum} = 0.5"
    words = _words(recipe)
    text += _at_lambda(read, words, spec)
    if _clips(read, recipe, words):
        text += ", its gradients unclipped"
    if any(isinstance(one, ast.expr) and rescaled(one) for one in _needed_nodes(read, recipe)):
        text += ", its data not put on one scale"
    if any(map(left_out.is_rounded, _own_nodes(read, recipe))):
        text += ", its parameters unrounded"
    if spec.absolute:
        text += ", its loss not judged: a mean of absolute differences"
    if recipe.divisor:
        text += f", in one batch: {recipe.divisor} = n"
    if spec.portion:
        text += ", a batch of one half of the examples"
    if spec.by_all:
        text += ", each batch divided by the number of all examples, as by a smaller learning rate"
    if spec.all_classes:
        text += ", every class among the labels"
    return text + at_sizes(spec)


def at_sizes(spec: Spec) -> str:
    """The sizes that the file fixes, where it fixes any."""
    sizes = ", ".join(f"{axis} = {size}" for axis, size in spec.fixed.items())
    return f", always {sizes}" if sizes else ""


def _at_lambda(read: Reader, words: set[str], spec: Spec) -> str:
    """What an L2 term's lambda was, where there is one."""
    if spec.penalty is not None:
        alone = spec.loss_term == "none" and "loss" in spec.notes
        return f", lambda = {spec.strength:g}{' in its gradients alone' if alone else ''}"
    named = any(roles.role(word) in ("lambda", "l1") for word in words)
    # A term whose strength has no name has that of the probe.
    named = named or bool(words & {*read.shrinkage.named, "penalty"})
    return ", any L2 term not judged (lambda = 0)" if named else ""


def _clips(read: Reader, recipe: Recipe, words: set[str]) -> bool:
    """Whether it clips gradients, at a limit that has a name or at a number."""
    defaults = {
        name: default
        for statement in recipe.statements
        for node in ast.walk(statement)
        if isinstance(node, ast.FunctionDef)
        for name, default in defaults_of(node.args).items()
    }
    limits = {word for word in words if roles.role(word) == "clip"}
    if any(word not in defaults or is_limit(defaults[word]) for word in limits):
        return True
    every = _own_nodes(read, recipe)
    returned = {part for one in every if isinstance(one, ast.Return) for part in ast.walk(one)}
    return any(left_out.clipped(node) is not None for node in every if node not in returned)


def _own_nodes(read: Reader, recipe: Recipe) -> list[ast.AST]:
    """The file's script, and its functions and classes that the recipe needs, as they stand."""
    own = {one.name for one in recipe.statements if isinstance(one, ast.FunctionDef | ast.ClassDef)}
    return [
        node
        for one in read.program.tree.body
        if not isinstance(one, ast.FunctionDef | ast.ClassDef) or one.name in own
        for node in ast.walk(one)
    ]


def _needed_nodes(read: Reader, recipe: Recipe) -> Iterator[ast.AST]:
    """The nodes of what goes by the names of the recipe's functions and methods, as they stand."""
    own = {
        one.name
        for statement in recipe.statements
        for one in ast.walk(statement)
        if isinstance(one, ast.FunctionDef)
    }
    for scope in read.found:
        if scope.function is not None and scope.function.name in own:
            yield from ast.walk(scope.function)


def drops(recipe: Recipe) -> bool:
    """Whether there is dropout in it; a function by itself may go with another forward pass."""
    if recipe.returns is not None and "." not in recipe.name:
        recipe = recipe._replace(statements=(recipe.returns,))
    return any(roles.role(word) in ("keep", "drop") for word in _words(recipe))


def _words(recipe: Recipe) -> set[str]:
    """All names of its statements: of variables, attributes and parameters."""
    found = {
        node.id if isinstance(node, ast.Name) else getattr(node, "attr", getattr(node, "arg", ""))
        for statement in recipe.statements
        for node in ast.walk(statement)
    }
    return {word for word in found if word}
