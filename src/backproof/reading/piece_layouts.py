"""How a piece of a backward pass lays its arrays out: it is run until the shapes go through."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from backproof.notation import PIECES, Model
from backproof.reading import settle
from backproof.reading.pieces import FORWARD, gifts_in, tensor_of
from backproof.reading.process import Child
from backproof.reading.recipes import DRIVER, Recipe
from backproof.reading.slots import SIZES, word_of
from backproof.reading.spec import Argument, Spec


def settled(child: Child, recipe: Recipe, key: str) -> tuple[Spec | None, str]:
    """The piece with its layouts and activation, or why it cannot be judged."""
    model = PIECES[recipe.piece]
    trial, problem = settle.best(_trials(child, recipe, key, model))
    if trial is None:
        return None, f"could not be run: {problem}"
    if not model.has_activation:
        return trial.spec, ""
    # A backward pass that goes through another activation than its name says is wrong.
    told = recipe.activation is None or FORWARD in ast.unparse(recipe.statements[-1])
    computed = [one for one, _ in trial.matches if one != "identity"] if told else []
    activation = recipe.activation
    if computed and activation not in computed:
        activation = computed[0]
    if activation is None:
        return None, "its forward function computes none of the activations"
    return trial.spec._replace(activation=activation), ""


def _trials(child: Child, recipe: Recipe, key: str, model: Model) -> Iterator[settle.Trial]:
    slots = tuple(Argument(name, name) for name in gifts_in(recipe.statements[-1:]))
    if not slots and model.piece != "activation":
        slots, problem = _discovered(child, key, model)
        if problem:
            yield settle.failed(Spec(model.name, DRIVER, (), {}), problem)
            return
    first = next(iter(model.parameters))
    arguments = (Argument(first, first), Argument(model.target, model.target), *slots)
    absent = tuple(tensor for tensor in model.parameters if tensor not in recipe.given)
    for layouts in _layouts(model):
        yield settle.tried(
            child,
            Spec(
                model.name,
                DRIVER,
                arguments,
                layouts,
                activation=recipe.activation,
                absent=absent,
                module=key,
                slots=slots,
            ),
        )


def _discovered(child: Child, key: str, model: Model) -> tuple[tuple[Argument, ...], str]:
    """The parameters of a layer that draws them itself."""
    blank = Spec(model.name, DRIVER, (), model.layouts)
    case = settle.case_of(model, blank)
    problem = ""
    for x, y in ((case["A_prev"], case[model.target]), (case["A_prev"].T, case[model.target].T)):
        sizes = {axis: SIZES[axis] for axis in model.axes}
        frame = child.discover(key, x.copy(), y.copy(), sizes)
        found = {path: tensor_of(word_of(path)) for path, _, _ in frame.header["slots"]}
        if sorted(map(str, found.values())) in (["W"], ["W", "b"]):
            return tuple(Argument(path, str(tensor)) for path, tensor in found.items()), ""
        problem = str(frame.header["problem"] or "its weights were not found")
    return (), problem


def _layouts(model: Model) -> Iterator[Mapping[str, str]]:
    if model.piece == "activation":
        yield model.layouts
        return
    for columns in (True, False):
        given = "k n" if columns else "n k"
        inputs = "d n" if columns else "n d"
        for weight in ("k d", "d k") if columns else ("d k", "k d"):
            for bias in ("k 1" if columns else "1 k", "k"):
                yield {"A_prev": inputs, "W": weight, "b": bias, model.target: given, "Z": given}
