"""From a recipe to what the engine judges: it is run until its layouts and its model are known."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

from backproof.notation import FAMILY, LARGEST, Model, member
from backproof.reading import dropout, forward, penalties, settle, thresholds
from backproof.reading.conditions import drops
from backproof.reading.constants import slopes_in
from backproof.reading.implied import implied
from backproof.reading.measures import is_absolute
from backproof.reading.process import Child
from backproof.reading.recipes import Reader, Recipe
from backproof.reading.spec import Argument, Spec
from backproof.reading.straight import is_of_one
from backproof.reading.told import Settings
from backproof.reading.trials import trials

_MOST = 200  # trials of one recipe


class Resolved(NamedTuple):
    """A recipe with all that is needed to judge it, or a question."""

    name: str
    line: int
    spec: Spec | None
    question: str | None = None
    match: tuple[str, str] | None = None
    stated: settle.Stated = settle.Stated(None, None)
    too_large: bool = False  # it runs at sizes of its own alone, which no case has
    ran: frozenset[str] = frozenset()  # the functions of the file that it runs


def resolve(
    child: Child,
    read: Reader,
    recipe: Recipe,
    key: str,
    settings: Settings,
    loss: Resolved | None = None,
) -> Resolved:
    """Work out what the recipe computes; `loss` is what is known of the file's loss function."""
    if recipe.question is not None:
        return Resolved(recipe.name, recipe.line, None, recipe.question)
    trial, problem = settle.best(islice(trials(child, read, recipe, key), _MOST))
    if _may_be_of_one(read, recipe, trial):
        alone = recipe._replace(single=True)
        other, _ = settle.best(islice(trials(child, read, alone, key), _MOST))
        if other is not None and (trial is None or not other.faults):
            trial, recipe = other, alone
    if trial is None:
        which = "its parameters" if recipe.loss_only else "parameters that it updates"
        why = problem or f"{which} could not be found"
        missing = "; ".join(child.failures.get(key, ())) if "NameError" in why else ""
        if "'Nothing'" in why:
            missing = "Nothing stands for what comes of a file or a module that is not here"
        question = f"could not be run: {why}" + (f" ({missing})" if missing else "")
        return Resolved(recipe.name, recipe.line, None, question)
    large = {axis: size for axis, size in trial.spec.fixed.items() if size > LARGEST}
    if large:
        sizes = ", ".join(f"{axis} = {size}" for axis, size in large.items())
        question = f"fixes {sizes}, and cases go to {LARGEST}; let it take other sizes"
        return Resolved(recipe.name, recipe.line, None, question, too_large=True)
    resolved = concluded(read, recipe, trial, settings, loss)
    if resolved.spec is None:
        return resolved
    unstated = resolved.stated.objective is None
    name = resolved.spec.notes.get("loss")
    spec = with_penalty(child, resolved.spec, trial, name, loss, unstated=unstated)
    in_batches = spec.updates and not recipe.divisor  # of others nothing has to be written out
    if in_batches and _BATCHES.search("\n".join(map(ast.unparse, recipe.statements))):
        spec = settle.of_a_portion(child, spec)
    if resolved.match and drops(recipe):
        dropped = dropout.amiss(child, spec, resolved.match)
        if dropped:
            question = dropout.AMISS.format(gradients=", ".join(dropped))
            return Resolved(recipe.name, recipe.line, None, question)
    return resolved._replace(spec=spec, ran=trial.ran)


_BATCHES = re.compile(r"batch|lote|range\([^()]*,[^()]*,", re.IGNORECASE)


def with_penalty(
    child: Child,
    spec: Spec,
    trial: settle.Trial,
    name: str | None,
    loss: Resolved | None,
    *,
    unstated: bool,
) -> Spec:
    """With the L2 term of the trial's loss called `name`, or of the file's, or of its steps.

    The steps are asked only where the loss is `unstated`, or a lambda does nothing to it.
    """
    term = penalties.term_of(child, trial, name)
    own = dict(zip(trial.spec.family.layouts, spec.family.layouts, strict=True))
    beside = loss.spec if loss is not None else None
    if term.key is None and beside is not None and beside.penalty is not None:
        return spec._replace(penalty=beside.penalty, penalised=beside.penalised)
    if term.key is None and not trial.spec.rate_unknown:
        moved = penalties.moves_loss(child, trial, name) or (
            beside is not None
            and "loss" in penalties.moved_by_penalty(child, beside._replace(penalty="1"))
        )
        if unstated or not moved:
            term = penalties.term_of_steps(child, trial)
    return spec._replace(
        penalty=term.key,
        penalised=tuple(own[one] for one in term.penalised),
        loss_term=term.where,
    )


_BATCH = re.compile(r"axis|\bsum\(|mean\(|\b[xyXYmM]\w*\.shape|len\(|/ ?[mn]\b|/ ?n_")


def _may_be_of_one(read: Reader, recipe: Recipe, trial: settle.Trial | None) -> bool:
    """Whether what does not go with several examples may be meant for one at a time."""
    if recipe.single or (trial is not None and not trial.faults):
        return False
    if trial is None and (recipe.steps_once or is_of_one(read.script)):
        return True
    function = recipe.returns
    return function is not None and _BATCH.search(ast.unparse(function)) is None


def concluded(
    read: Reader,
    recipe: Recipe,
    trial: settle.Trial,
    settings: Settings,
    loss: Resolved | None,
) -> Resolved:
    """The recipe with the model that its trial computes, or a question."""
    blank = Resolved(recipe.name, recipe.line, None)
    family = trial.spec.family
    if settings.model is not None:
        told = FAMILY[settings.model]
        if told.depth != family.depth:
            words = f"its parameters are those of {family.depth} layers"
            return blank._replace(question=f"{told.name} has {told.depth} layers, but {words}")
        activation = settings.activation or (trial.matches[0][0] if trial.matches else "sigmoid")
        return blank._replace(
            spec=_final(recipe, trial, told, activation, _noted(trial), read.program.text)
        )
    matches = [
        (activation, output)
        for activation, output in trial.matches
        if settings.activation in (None, activation)
    ]
    used = "\n".join(ast.unparse(one) for one in recipe.statements) or read.program.text
    other = thresholds.amiss(read, used, trial, matches)
    if other is not None:
        return blank._replace(question=other)
    if ":sign" in trial.spec.layouts["y"] and "exp(" in used:
        # What follows the score is inside of the margin's loss, where no variable shows it.
        matches = [(a, "sigmoid" if output == "identity" else output) for a, output in matches]
    if not matches and loss is not None and loss.match is not None:
        matches = [loss.match]
    if not matches:
        where = forward.parting(family, trial.case, trial.seen, slopes_in(read))
        return blank._replace(
            question=f"its forward pass is none of the models': {where}; if it should be one of "
            "them, tell which with --model and --activation; any other is judged by its loss, with "
            "backproof.check(gradient, loss=...)"
        )
    activation, output = matches[0]
    if output == "identity" and _may_go_on(used.lower(), activation):
        named = settle.stated(trial, output, activation).objective
        if named is None and (loss is None or loss.stated.objective is None):
            return blank._replace(
                question="what its output goes through is not shown by any of its variables; tell "
                "what it should be with --model"
            )
    stated = settle.stated(trial, output, activation)
    if stated.objective is None and loss is not None and loss.match == (activation, output):
        stated = loss.stated._replace(name=stated.name)
    run = ast.Module([*recipe.statements], []) if recipe.statements else read.program.tree
    objective = stated.objective or implied(run, trial, output, activation)
    model = member(family.depth, objective, family.several or output == "softmax")
    if model is None:
        return blank._replace(
            question=f"{objective} of {family.depth} layers is none of the models"
        )
    spec = _final(recipe, trial, model, activation, stated.name, read.program.text)
    if stated.objective is None and is_absolute(recipe.statements, stated.name or ""):
        spec = spec._replace(absolute=True)
    if not (stated.factor or "-").startswith("-"):
        spec = spec._replace(stated=stated.factor)
    return blank._replace(spec=spec, match=(activation, output), stated=stated)


def _may_go_on(text: str, activation: str) -> bool:
    """Whether the output may go through something that no variable shows."""
    if "softmax" in text:
        return True
    exponential = activation in ("sigmoid", "tanh", "softplus", "gelu", "gelu_tanh")
    return not exponential and re.search(r"exp\(|sigm|logistic|expit", text) is not None


def _noted(trial: settle.Trial) -> str | None:
    return next(iter(trial.losses), None)


_COUNTED = re.compile(
    r"max\([^()]*\)\s*\)?\s*\+\s*1\b|unique\(|len\(set\(|get_dummies|LabelBinarizer"
)


def _final(
    recipe: Recipe,
    trial: settle.Trial,
    model: Model,
    activation: str,
    loss: str | None,
    text: str,
) -> Spec:
    spec = trial.spec
    if ":sign" in spec.layouts["y"] and model.output != "sigmoid":
        # Of a squared error, -1 and 1 are targets like any other.
        spec = spec._replace(layouts={**spec.layouts, "y": spec.layouts["y"].partition(":")[0]})
    # The parameters of softmax regression go by other names than those of its relatives.
    own = dict(zip(spec.family.layouts, model.layouts, strict=True))
    return spec._replace(
        model=model.name,
        activation=activation if model.has_activation else None,
        layouts={
            own[name]: f"+{own[layout[1:]]}" if layout.startswith("+") else layout
            for name, layout in spec.layouts.items()
        },
        arguments=_renamed(spec.arguments, own),
        slots=_renamed(spec.slots, own),
        loss_arguments=_renamed(spec.loss_arguments, own),
        absent=tuple(own[name] for name in spec.absent),
        returns=tuple(
            f"d{own[place[1:]]}" if place[1:] in own else place for place in spec.returns
        ),
        rate=None if trial.rates else spec.rate,
        rate_unknown=recipe.disturbed or (spec.rate_unknown and not trial.rates),
        all_classes=":class" in spec.layouts["y"] and _COUNTED.search(text) is not None,
        likelihood=settle.is_likelihood(loss, trial),
        notes=_with_loss(trial, loss),
    )


def _renamed(arguments: tuple[Argument, ...], own: Mapping[str, str]) -> tuple[Argument, ...]:
    return tuple(one._replace(tensor=own.get(one.tensor, one.tensor)) for one in arguments)


def _with_loss(trial: settle.Trial, loss: str | None) -> dict[str, str]:
    gradients = {name: word for name, word in trial.spec.notes.items() if name != "loss"}
    return gradients if loss is None else {**gradients, "loss": loss}
