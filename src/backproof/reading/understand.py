"""A file from its text to what can be judged: find, run for the layouts, choose.

First the functions that take all they need and give gradients (`source`), then the loops in which
the file trains (`loops`), then what is called (`calling`). A file is judged by all of the first
and second; by the third only where there is none of those.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from backproof.notation import FAMILY
from backproof.reading import (
    beside,
    calling,
    convention,
    drivers,
    layers,
    loops,
    losses,
    patterns,
    penalties,
    piece_layouts,
    pieces,
    recipes,
    settle,
    slots,
    source,
    straight,
)
from backproof.reading.classwise import one_class
from backproof.reading.conditions import at_sizes, conditions
from backproof.reading.constants import classes_in, counts_in, slopes_in
from backproof.reading.lifted import lifted
from backproof.reading.losses import LossFunction
from backproof.reading.process import Child, Module
from backproof.reading.program import Program
from backproof.reading.recipes import Reader, Recipe
from backproof.reading.resolve import Resolved, concluded, resolve, with_penalty
from backproof.reading.shown import shown
from backproof.reading.smaller import with_smaller_sizes
from backproof.reading.source import Found
from backproof.reading.spec import Spec
from backproof.reading.told import Settings, Unreadable
from backproof.reading.trials import at_some_sizes

_FUNCTIONS = "functions"
_ONE_CLASS = "one class is trained against the others, in turn, and judged for one"

_UNKNOWN = (
    "its hidden layer computes what none of the activations does, as far as its variables show; "
    "tell what it should be with --activation"
)


class Judgeable(NamedTuple):
    """A part of a file with all that is needed to judge it."""

    name: str
    line: int
    spec: Spec
    convention: str
    reduction: str | None = None


class Plan(NamedTuple):
    """What of a file may be judged; `nothing` says why `functions` is empty, where it is."""

    program: Program
    settings: Settings
    reader: Reader
    functions: tuple[Found, ...]
    recipes: Mapping[str, Recipe]
    nothing: str
    smaller: Mapping[str, Recipe]  # of some recipes, with smaller sizes, by `_smaller` of its key

    @property
    def modules(self) -> dict[str, Module]:
        """What the child process has to execute."""
        made = {}
        ready = [one for one in self.functions if one.question is None]
        if ready:
            used = [name for one in ready for name in (one.function, one.loss) if name]
            made[_FUNCTIONS] = _module(self.program, drivers.functions(self.reader, used))
        for key, recipe in [*self.recipes.items(), *self.smaller.items()]:
            if recipe.question is None:
                made[key] = _module(self.program, recipe.statements, recipe.wanted, recipe.rates)
        return made

    @property
    def questions(self) -> dict[str, str]:
        """What stands in the way of judging what was found, without having run anything."""
        asked = {
            one.name: one.question
            for one in self.recipes.values()
            if one.question and not one.loss_only
        }
        return asked | {one.function: one.question for one in self.functions if one.question}


def plan(program: Program, settings: Settings) -> Plan:
    """Look through a program; raises `Unreadable` where what was told does not fit it."""
    tree, classwise = one_class(lifted(program.tree))
    notes = [f"{program.where(line)}: {_ONE_CLASS}" for line in classwise]
    program = program._replace(tree=tree, notes=(*program.notes, *notes))
    reader = recipes.reader(program)
    nothing = ""
    try:
        found = source.found_in(program, settings)
        counts = counts_in(reader)  # which have to be ours, so there is a driver
        functions = tuple(
            one for one in found if not drivers.used_by(reader, {one.function}) & counts
        )
    except source.NothingFound as error:
        functions, nothing = (), str(error)
    listed = _recipes(reader, {one.function for one in functions if one.question is None})
    if settings.function is not None:
        listed = [one for one in listed if one.loss_only or _is_called(one, settings.function)]
        if not any(_is_called(one, settings.function) for one in listed) and not functions:
            raise Unreadable(nothing)
    keyed = {f"recipe {place}": recipe for place, recipe in enumerate(listed)}
    smaller = {
        _smaller(key): other
        for key, recipe in keyed.items()
        if (other := with_smaller_sizes(recipe)) is not None
    }
    return Plan(program, settings, reader, functions, keyed, nothing, smaller)


def _smaller(key: str) -> str:
    """The key of a recipe with smaller sizes."""
    return f"{key} smaller"


def _is_called(recipe: Recipe, name: str) -> bool:
    own = recipe.name.partition(" (")[0]
    return name in (recipe.name, own, own.split(".")[-1])


def _recipes(reader: Reader, judged: set[str]) -> list[Recipe]:
    found = [*losses.losses(reader), *loops.training(reader)]
    found += [one for one in calling.called(reader) if one.name not in judged]
    found += [*calling.stepping(reader), *pieces.pieces(reader), *layers.layers(reader)]
    if judged or any(one.question is None and not one.loss_only for one in found):
        return found
    return [*found, *straight.passes(reader)]


def _module(
    program: Program,
    statements: Sequence[ast.stmt],
    wanted: frozenset[str] = frozenset(),
    rates: frozenset[str] = frozenset(),
) -> Module:
    path = str(program.path.absolute())
    made = [ast.Module([shown(one)], []) for one in statements]
    try:
        codes = tuple(compile(one, path, "exec", dont_inherit=True) for one in made)
    except SyntaxError as error:  # what the parser lets pass: `db = *np.sum(dz)`
        raise Unreadable(f"{program.path.name}, line {error.lineno}: {error.msg}") from None
    return Module(codes, program.text, program.places, tuple(sorted(wanted)), tuple(sorted(rates)))


class Understood(NamedTuple):
    """What can be judged, and by name what stands in the way of the rest.

    `whole` is whether more than pieces can be judged, where there is more; `losses` are the loss
    functions of the file.
    """

    judgeable: Sequence[Judgeable]
    questions: Mapping[str, str]
    whole: bool
    losses: Sequence[LossFunction] = ()


def understand(child: Child, planned: Plan) -> Understood:
    """Run what was found until it is known what it computes."""
    questions = dict(planned.questions)
    loss: Resolved | None = None
    for key, recipe in planned.recipes.items():
        if recipe.loss_only:
            loss = resolve(child, planned.reader, recipe, key, planned.settings)
    stating = loss
    if loss is not None and losses.is_measure(planned.reader, loss.name):
        stating = None
    ready = [one for one in planned.functions if one.question is None]
    judgeable: list[Judgeable] = []
    for one in ready:
        found = _function(child, planned, one, stating)
        if isinstance(found, str):
            questions[one.function] = found
        else:
            judgeable.append(found)
    stage, ran = "", set[str]()
    for key, recipe in planned.recipes.items():
        kind = recipe.kind
        if recipe.question is not None or kind in ("loss", "piece"):
            continue
        if judgeable and kind != "training" and stage != kind:
            continue
        resolved = resolve(child, planned.reader, recipe, key, planned.settings, stating)
        other = planned.smaller.get(_smaller(key))
        if resolved.too_large and other is not None:
            again = _smaller(key)
            resolved = resolve(child, planned.reader, other, again, planned.settings, stating)
        if resolved.spec is None:
            questions[resolved.name] = str(resolved.question)  # it got further
        else:
            stage = kind
            ran |= resolved.ran
            judgeable.append(_judgeable(planned, resolved))
            # What it calls is judged with it, but for what another class calls as it is called.
            called = _called_by(recipe) - {resolved.name.split(".")[-1]}
            questions = {q: why for q, why in questions.items() if q.split(".")[-1] not in called}
    if stage == "training":
        for resolved in _beside_training(child, planned, ran, stating):
            if resolved.spec is None:
                questions[resolved.name] = (
                    f"training does not come to it, and it {resolved.question}"
                )
            else:
                judgeable.append(_judgeable(planned, resolved))
    own = penalties.with_own(child, [(one.name, one.spec) for one in judgeable])
    judgeable = [one._replace(spec=spec) for one, spec in zip(judgeable, own, strict=True)]
    asked: Mapping[str, str] = {}
    if planned.settings.model is None:
        listed = [(one.name, one.spec) for one in judgeable]
        asked = beside.questions(planned.reader, listed, stating)
    judgeable = [one for one in judgeable if one.name not in asked]
    questions.update(asked)
    measured = losses.measured(planned.reader) if stating is None else None
    judgeable = [one._replace(spec=one.spec._replace(measured=measured)) for one in judgeable]
    calling = _calling(planned, judgeable)
    last = "" if loss is None else loss.name.split(".")[-1]
    is_called = any(last in called for _, called in calling)
    told = planned.settings.function
    alone = any(one.loss_only and _is_called(one, told or "") for one in planned.recipes.values())
    apart = (bool(judgeable) or alone) and not is_called
    if apart and loss is not None and loss.spec is not None:
        loss = _laid_out_alike(child, loss, judgeable)
        judgeable.append(_judgeable(planned, loss))
        calling.append((loss.name, {last}))
    whole = bool(judgeable)
    more = any(one.kind == "training" for one in planned.recipes.values())
    for key, recipe in planned.recipes.items():
        if recipe.piece:
            spec, problem = piece_layouts.settled(child, recipe, key)
            if spec is not None:
                judgeable.append(_piece(planned, recipe, spec))
            else:
                questions.setdefault(recipe.name, problem)
    for judged in judgeable:
        questions.pop(judged.name, None)
    why = "it is called, and gave no number"
    if loss is not None and loss.spec is None:
        why = str(loss.question)
    functions = losses.known(planned.reader, [*planned.recipes.values()], calling, why)
    whole = not asked and (whole or not (more or questions))
    return Understood(judgeable, questions, whole, functions)


def _beside_training(
    child: Child, planned: Plan, ran: Collection[str], loss: Resolved | None
) -> Iterator[Resolved]:
    """The steps that training calls in a branch that was not taken: `ran` is what was run."""
    reader = planned.reader
    trains = [scope.body for scope in reader.found if scope.name.split(".")[-1] in ran]
    called = losses.reached(reader, [statement for body in trains for statement in body])
    for key, recipe in planned.recipes.items():
        last = recipe.name.split(".")[-1]
        if recipe.kind == "stepping" and recipe.question is None and last in called - {*ran}:
            yield resolve(child, reader, recipe, key, planned.settings, loss)


def _calling(planned: Plan, judgeable: Sequence[Judgeable]) -> list[tuple[str, set[str]]]:
    """What is judged together with a loss, and the last names of all that it calls."""
    recipes = {one.name: one for one in planned.recipes.values()}
    found = []
    for one in judgeable:
        spec = one.spec
        if not (spec.loss or "loss" in spec.notes or "loss" in spec.returns):
            continue
        recipe = recipes.get(one.name)
        own = planned.reader.functions.get(one.name)
        if spec.module == _FUNCTIONS and own is not None:
            body: Sequence[ast.stmt] = own.body
        else:
            body = () if recipe is None else recipe.statements[-1:]
        called = losses.reached(planned.reader, body)
        found.append((one.name, called | ({spec.loss} if spec.loss else set())))
    return found


def _called_by(recipe: Recipe) -> set[str]:
    return {
        patterns.called(node)
        for statement in recipe.statements
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
    }


def _laid_out_alike(child: Child, loss: Resolved, judged: Sequence[Judgeable]) -> Resolved:
    """The loss in the layouts of what is judged with it, where it runs in them."""
    assert loss.spec is not None
    for one in judged:
        if one.spec.family == loss.spec.family and {*one.spec.layouts} == {*loss.spec.layouts}:
            alike = loss.spec._replace(layouts=one.spec.layouts)
            if settle.tried(child, alike).problem is None:
                return loss._replace(spec=alike)
    return loss


def _judgeable(planned: Plan, resolved: Resolved) -> Judgeable:
    spec = resolved.spec
    assert spec is not None
    used = next(one for one in planned.recipes.values() if one.name == resolved.name)
    text = conditions(planned.reader, used, spec)
    other = planned.smaller.get(spec.module)
    if other is not None:
        text += "".join(f", {large} made {small}" for large, small in other.smaller.items())
    return Judgeable(resolved.name, resolved.line, spec, text, planned.settings.reduction)


def _piece(planned: Plan, recipe: Recipe, spec: Spec) -> Judgeable:
    text = convention.describe(spec.layouts, spec.family)
    if spec.family.piece == "activation":
        text = "entry by entry"
    return Judgeable(recipe.name, recipe.line, spec, text, planned.settings.reduction)


def _function(child: Child, planned: Plan, found: Found, loss: Resolved | None) -> Judgeable | str:
    """A function as it was found, in the layouts in which it runs through; or a question.

    What its names and calls say of the model has to be what it computes, where that shows.
    """
    spec = source.to_spec(found)._replace(module=_FUNCTIONS)
    told = _told(found)
    if planned.settings.convention is None and "convention" not in told:
        slopes = slopes_in(planned.reader)
        trial, _ = settle.best(laid_out(child, spec, slopes, classes_in(planned.reader)))
        if trial is not None:
            spec = spec._replace(layouts=trial.spec.layouts, fixed=trial.spec.fixed)
            if not told & {"model", "activation"}:
                sure = conclude_function(planned, found, trial, loss)
                if isinstance(sure, str):
                    return sure
                spec = sure
            unstated = not trial.losses and loss is None
            spec = with_penalty(child, spec, trial, "loss", loss, unstated=unstated)
    text = convention.describe(spec.layouts, FAMILY[spec.model]) + at_sizes(spec)
    return Judgeable(found.function, found.line, spec, text, found.reduction)


def conclude_function(
    planned: Plan, found: Found, trial: settle.Trial, loss: Resolved | None
) -> Spec | str:
    """The function's model by what it computes, or why that is none; its own where none shows."""
    model = trial.spec.family
    own = (trial.spec.activation or "identity", settle.output_of(model))
    matches = (own,) if own in trial.matches else trial.matches
    if not matches:
        hidden = settle.hidden_of(trial, slopes_in(planned.reader))
        if hidden is not None and own[0] not in hidden:
            return _UNKNOWN if not hidden else trial.spec._replace(activation=hidden[0])
        if not settle.shows(trial, trial.case["y"].size):
            return trial.spec
    recipe = Recipe(found.function, found.line, (), frozenset(), updates=False)
    trial = trial._replace(matches=matches)
    sure = concluded(planned.reader, recipe, trial, planned.settings, loss)
    if sure.spec is None:
        return str(sure.question)
    if sure.stated.objective is None and own in matches:
        return trial.spec
    return sure.spec


def _told(found: Found) -> set[str]:
    return {name for name, why in found.why.items() if why.startswith("told by")}


def laid_out(
    child: settle.Watching,
    spec: Spec,
    slopes: Sequence[float] = (),
    fixed: Sequence[Mapping[str, int]] = (),
) -> Iterator[settle.Trial]:
    """The trials of a function in all layouts that its arguments may have.

    `fixed` are the sizes of which some may be the only ones that it runs at.
    """
    fixed = fixed if "k" in spec.family.axes else ()
    tensors = {a.name: a.tensor for a in spec.arguments if a.tensor in spec.family.parameters}
    for layouts in slots.proposals(tensors, spec.family):
        told = spec._replace(layouts={**spec.ours, **layouts})
        yield at_some_sizes(child, told, slopes, fixed)
