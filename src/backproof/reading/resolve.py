"""From a recipe to what the engine judges: it is run until its layouts and its model are known."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

from backproof.notation import FAMILY, LARGEST, Model, member
from backproof.reading import dropout, forward, patterns, penalties, settle
from backproof.reading.conditions import drops
from backproof.reading.constants import slopes_in
from backproof.reading.process import Child
from backproof.reading.recipes import Reader, Recipe
from backproof.reading.spec import Argument, Spec
from backproof.reading.straight import is_of_one
from backproof.reading.told import Settings
from backproof.reading.trials import trials
from backproof.reading.updates import last_word, returned_value

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
    return resolved._replace(spec=spec)


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
    if ":sign" in trial.spec.layouts["y"] and _HINGE.search(used) and "exp(" not in used:
        return blank._replace(
            question="its loss is the hinge loss, max(0, 1 - margin), which is none of the "
            "models'; judge it by backproof.check(gradient, loss=...)"
        )
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
    objective = stated.objective or _implied(run, trial, output, activation)
    model = member(family.depth, objective, family.several or output == "softmax")
    if model is None:
        return blank._replace(
            question=f"{objective} of {family.depth} layers is none of the models"
        )
    spec = _final(recipe, trial, model, activation, stated.name, read.program.text)
    if not (stated.factor or "-").startswith("-"):
        spec = spec._replace(stated=stated.factor)
    return blank._replace(spec=spec, match=(activation, output), stated=stated)


_HINGE = re.compile(r"max(?:imum)?\((?:0\.?0?, 1\.?0? - |1\.?0? - .*, 0\.?0?\))|< 1\b")


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


def _implied(run: ast.Module, trial: settle.Trial, output: str, activation: str) -> str:
    """The loss that is meant where the file states none: squared error if the error goes back
    through the derivative of the output, in what is run, and is not divided by it first.
    """
    if output in ("softmax", "identity"):
        return output
    if output == "tanh":
        return "tanh_squared"
    case = trial.case
    yhat = forward.predicted(trial.spec.family, case, activation, output)
    z = forward.predicted(trial.spec.family, case, activation, "identity")
    outputs, scores = forward.names_of(yhat, trial.seen), forward.names_of(z, trial.seen)
    if trial.spec.single and yhat.size > 1:
        outputs |= forward.names_of_entries(yhat, trial.seen)
        scores |= forward.names_of_entries(z, trial.seen)
    idle = _not_taken(run, {name for name, _ in trial.seen})
    through, divided = _goes_through(run, outputs, outputs | scores, idle)
    slope = yhat * (1.0 - yhat)
    # In a loop over the layers a variable holds the output's error only for a turn.
    shown = (slope, slope * (yhat - case["y"]), slope * (case["y"] - yhat))
    through = through or any(forward.names_of(one, trial.seen) for one in shown)
    through = through and not divided
    return "sigmoid_squared" if through else "sigmoid"


def _not_taken(tree: ast.Module, seen: set[str]) -> set[ast.AST]:
    """What stands in branches of which nothing was seen that would have been (see `shown`)."""
    found: set[ast.AST] = set()
    whole = {node.value for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AugAssign)}
    texts = Counter(map(_text, ast.walk(tree)))
    for node in ast.walk(tree):
        for way in (node.body, node.orelse) if isinstance(node, ast.If) else ():
            inside = [part for one in way for part in ast.walk(one)]
            own = Counter(_text(part) for part in inside)
            shown = {_text(part) for part in inside if part not in whole} - {""}
            shown = {text for text in shown if own[text] == texts[text]}
            if shown and not shown & seen:
                found |= {*inside}
    return found


def _text(node: ast.AST) -> str:
    """What a value goes by that no variable holds; empty for what has none."""
    return ast.unparse(node) if isinstance(node, ast.BinOp | ast.Call) else ""


def _goes_through(
    tree: ast.Module, outputs: set[str], held: set[str], idle: set[ast.AST]
) -> tuple[bool, bool]:
    """Whether something is multiplied by the slope of the output, and whether divided by it.

    `idle` is what does not run.
    """
    through = divided = False
    helpers = _slopes_of_arguments(tree) | _in_diagonals(tree)
    stems = {re.sub(r"\d+$", "", name) for name in outputs}
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if node in idle:
            continue
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and node not in helpers:
            through = through or _is_own_slope(node, held)
        if isinstance(node, ast.Call) and node not in helpers:
            through = through or _is_slope_call(node, held, own)
        below = None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            below = node.right
        elif isinstance(node, ast.Call) and patterns.called(node) == "divide" and node.args[1:]:
            below = node.args[1]
        if below is not None and not any(patterns.called(p) == "exp" for p in ast.walk(below)):
            divided = divided or bool(_words(below) & outputs or _made_up(below) & stems)
    return through, divided


def _slopes_of_arguments(tree: ast.Module) -> set[ast.AST]:
    """What functions of one argument return, such as `x * (1 - x)`: it says nothing of outputs."""
    return {
        value
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and len([one for one in node.args.args if one.arg != "self"]) == 1
        and (value := returned_value(node)) is not None
    }


def _in_diagonals(tree: ast.Module) -> set[ast.AST]:
    """What stands in `np.diag(p * (1 - p))`: part of a second derivative, which no error meets."""
    return {
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and "diag" in patterns.called(node).lower()
        for argument in node.args
        for part in ast.walk(argument)
    }


def _is_own_slope(node: ast.BinOp, held: set[str]) -> bool:
    """`yhat * (1 - yhat)`, however it is bracketed."""
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(other, ast.BinOp) and isinstance(other.op, ast.Sub):
            same = _last(other.right)
            if patterns.number(other.left) == 1 and same in held and same in _words(one):
                return True
    return False


_SLOPE = re.compile(r"deriv|prim[ae]|grad|slope|ableitung|turunan|^d$|^diff")


def _is_slope_call(node: ast.Call, held: set[str], own: set[str]) -> bool:
    """`sigmoid_prime(yhat)`, or `nonlin(yhat, deriv=True)` of a function of the file's own."""
    name = patterns.called(node)
    flagged = any(_SLOPE.search((keyword.arg or "").lower()) for keyword in node.keywords)
    if name in own:
        flagged |= any(isinstance(one, ast.Constant) and one.value is True for one in node.args)
    if not (flagged or patterns.is_derivative(name) or _SLOPE.search(name.lower())):
        return False
    return bool(node.args) and _last(node.args[0]) in held


def _last(node: ast.expr) -> str:
    """The name nearest to the value; of what no variable holds, its text (see `shown`)."""
    named = isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
    return last_word(node) if named else ast.unparse(node)


def _made_up(node: ast.AST) -> set[str]:
    """What keys that are put together begin with: `A` of `cache[f"A{L}"]`."""
    return {
        last_word(part)
        for part in ast.walk(node)
        if isinstance(part, ast.Subscript) and isinstance(part.slice, ast.JoinedStr | ast.BinOp)
    }


def _words(node: ast.AST) -> set[str]:
    return {
        _last(part)
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.BinOp)
    }
