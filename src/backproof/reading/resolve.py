"""From a recipe to what the engine judges: it is run until its layouts and its model are known."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

import numpy as np

from backproof.notation import FAMILY, Model, member
from backproof.reading import names, patterns, settle, slots, updates
from backproof.reading.convention import laid_out
from backproof.reading.probe import Slot
from backproof.reading.process import Child
from backproof.reading.recipes import DRIVER, PROBE, Reader, Recipe
from backproof.reading.returned import returned
from backproof.reading.slots import SIZES, Assignment
from backproof.reading.spec import Argument, Spec
from backproof.reading.told import Settings

_MOST = 100  # trials of one recipe


class Resolved(NamedTuple):
    """A recipe with all that is needed to judge it, or a question."""

    name: str
    line: int
    spec: Spec | None
    question: str | None = None
    match: tuple[str, str] | None = None
    stated: settle.Stated = settle.Stated(None, None)


_MODEL = FAMILY["mlp"]  # stands in until the forward pass tells


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
    trial, problem = settle.best(islice(_trials(child, read, recipe, key), _MOST))
    if trial is None and recipe.steps_once and not recipe.single:  # for one example, perhaps
        alone = recipe._replace(single=True)
        trial, _ = settle.best(islice(_trials(child, read, alone, key), _MOST))
        recipe = recipe if trial is None else alone
    if trial is None:
        why = problem or "no parameters were found that it updates"
        missing = "; ".join(child.failures.get(key, ())) if "NameError" in why else ""
        question = f"could not be run: {why}" + (f" ({missing})" if missing else "")
        return Resolved(recipe.name, recipe.line, None, question)
    resolved = _concluded(read, recipe, trial, settings, loss)
    if resolved.spec is None:
        return resolved
    penalty, penalised = settle.penalty_of(child, trial, resolved.spec.notes.get("loss"))
    if penalty is None and loss is not None and loss.spec is not None:
        penalty, penalised = loss.spec.penalty, loss.spec.penalised
        return resolved._replace(spec=resolved.spec._replace(penalty=penalty, penalised=penalised))
    own = dict(zip(trial.spec.family.layouts, resolved.spec.family.layouts, strict=True))
    penalised = tuple(own[name] for name in penalised)
    return resolved._replace(spec=resolved.spec._replace(penalty=penalty, penalised=penalised))


def _trials(child: Child, read: Reader, recipe: Recipe, key: str) -> Iterator[settle.Trial]:
    slopes = _slopes(read)
    whole = _unrolled(recipe)
    if whole is not None:
        yield from _one_vector(child, read, recipe, key, whole)
        return
    paths = _gifts(recipe)
    if paths:
        yield from _handed_over(child, read, recipe, key, paths)
        return
    for several in _outputs(read):
        for x, y in _forms(read, several, recipe.single):
            case = _inputs(recipe, x, y, several)
            sizes = {axis: SIZES[axis] for axis in ("d", "h")}
            sizes["n"] = 1 if recipe.single else SIZES["n"]
            sizes["k"] = SIZES["k"] if several else 1
            frame = child.discover(key, *case, sizes)
            found = [
                Slot(path, tuple(shape), number) for path, shape, number in frame.header["slots"]
            ]
            if not found:
                blank = Spec("mlp", DRIVER, (), {})
                why = frame.header["problem"] or "it updates nothing that was found"
                yield settle.Trial(blank, str(why), {}, (), (), {}, {}, {})
                if frame.header.get("kind") in ("hung", "crashed"):
                    return
                continue
            for assignment in slots.assignments(found, several):
                for form in (x, *_with_ones(x, assignment)):
                    spec = _spec(recipe, key, assignment, form, y)
                    trial = settle.tried(child, spec, slopes)
                    if trial.problem is not None and assignment.own_sizes:
                        own = settle.tried(child, spec._replace(fixed=assignment.own_sizes), slopes)
                        trial = trial if own.problem is not None else own
                    yield trial


def _slopes(read: Reader) -> list[float]:
    """The numbers in the file that may be a leaky ReLU's slope."""
    found = {
        node.value
        for node in ast.walk(read.program.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
    }
    return sorted(value for value in found if 1e-4 < value < 0.9 and value != 0.01)[:12]


def _gifts(recipe: Recipe) -> list[str]:
    """The paths of the parameters that the driver hands over itself."""
    paths = []
    for node in ast.walk(recipe.statements[-1]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "gift":
                paths.append(ast.literal_eval(node.args[0]))
            elif node.func.attr == "packed":
                name, keys = (ast.literal_eval(argument) for argument in node.args)
                paths += [f"{name}[{key!r}]" for key in keys]
    return list(dict.fromkeys(paths))


def _unrolled(recipe: Recipe) -> str | None:
    """The argument that holds all parameters in one vector."""
    for node in ast.walk(recipe.statements[-1]):
        if isinstance(node, ast.Call) and updates.last_word(node.func) == "unrolled":
            return str(ast.literal_eval(node.args[0]))
    return None


def _one_vector(
    child: Child, read: Reader, recipe: Recipe, key: str, name: str
) -> Iterator[settle.Trial]:
    """The trials of a vector of all parameters: biases inside of their weights, or beside them."""
    slopes = _slopes(read)
    for several in _outputs(read):
        for depth in (2, 3, 1):
            model = member(depth, "sigmoid", several)
            assert model is not None
            for layouts in slots.vectors(model):
                tensors = {
                    f"{name}[{place}]": tensor
                    for place, (tensor, layout) in enumerate(layouts.items())
                    if not layout.startswith("+")
                }
                assignment = Assignment(depth, several, tensors, layouts, ())
                for x, y in _forms(read, several, single=False):
                    for form in (x, *_with_ones(x, assignment)):
                        spec = _spec(recipe, key, assignment, form, y)
                        places = tuple(f"d{tensor}" for tensor in tensors.values())
                        yield settle.tried(child, spec._replace(returns=places), slopes)


def _handed_over(
    child: Child, read: Reader, recipe: Recipe, key: str, paths: list[str]
) -> Iterator[settle.Trial]:
    """The trials of parameters of which no shape is known."""
    slopes = _slopes(read)
    words = {slots.word_of(path): path for path in paths}
    for several in _outputs(read):
        for depth in (1, 2, 3, 4):
            model = member(depth, "sigmoid", several)
            assert model is not None
            bound = {
                path: tensor
                for word, path in words.items()
                if (tensor := _tensor(word, list(words), model)) is not None
            }
            weights = [tensor for tensor in bound.values() if tensor[0] in "Ww"]
            if len(bound) != len(paths) or len(weights) != depth:
                continue
            absent = tuple(name for name in model.parameters if name not in bound.values())
            if depth == 1 and absent == ("b",) and _holds_bias(read, paths[0]):
                yield from _with_bias_inside(child, read, recipe, key, bound, model)
                return
            for told in _with_signs(read, slots.proposals(bound, model)):
                layouts = {name: layout for name, layout in told.items() if name not in "xy"}
                assignment = Assignment(depth, several, bound, layouts, absent)
                spec = _spec(recipe, key, assignment, told["x"], told["y"])
                yield settle.tried(child, spec, slopes)


def _holds_bias(read: Reader, name: str) -> bool:
    """Whether a vector's first entry is apart from the others: `theta[1:]`, `grad[0] = 0`."""
    return re.search(rf"\b(?:{re.escape(name)}|grad\w*)\[(?:1:|0\b)", read.program.text) is not None


def _with_bias_inside(
    child: Child,
    read: Reader,
    recipe: Recipe,
    key: str,
    bound: Mapping[str, str],
    model: Model,
) -> Iterator[settle.Trial]:
    (weight,) = bound.values()
    for told in _with_signs(read, slots.proposals({**bound, "": "b"}, model)):
        inside = {weight: told[weight].replace("d", "1+d"), "b": f"+{weight}"}
        assignment = Assignment(1, model.several, bound, inside, ())
        for x in (told["x"].replace("d", "1+d"), told["x"]):
            spec = _spec(recipe, key, assignment, x, told["y"])
            yield settle.tried(child, spec, _slopes(read))


def _tensor(word: str, words: list[str], model: Model) -> str | None:
    tensor = names.bind(words).tensors.get(word)
    if tensor is None and model.depth == 1:
        tensor = "b" if re.match(r"b|.*bias|.*intercept|.*_b$", word.lower()) else "W"
    return None if tensor is None else names.in_model(tensor, model)


def _outputs(read: Reader) -> tuple[bool, ...]:
    """One row of the output or several: one first, unless the file is about classes."""
    text = read.program.text.lower()
    classes = re.search(
        r"one_?hot|num_?classes|n_?classes|num_?labels|softmax|np\.eye|argmax|mnist|digits", text
    )
    return (True, False) if classes else (False, True)


_SIGNS = re.compile(
    r"exp\(\s*-?\s*(?:y|t)\w*\s*\*|margin|np\.sign\(|where\([^()]*,\s*-?1\.?,\s*-?1|"
    r"\{-1|-1 (?:and|or)\b|[-+]1 ?/ ?[-+]1|2\.?\s*\*\s*\(?[yt]\w*\s*-\s*1|"
    r"\b[yYtT]\w*\[[^\]]*\]\s*=\s*-1"
)


def _with_signs(read: Reader, proposals: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    """The proposals, with labels -1 and 1 first where the file speaks of them."""
    for told in proposals:
        if _SIGNS.search(read.program.text) and "k" not in told["y"]:
            yield {**told, "y": f"{told['y'].partition(':')[0]}:sign"}
        yield told


def _forms(read: Reader, several: bool, single: bool) -> Iterator[tuple[str, str]]:
    """The layouts of x and y that are tried."""
    signs = _SIGNS.search(read.program.text)
    for x in ("n d", "d n", *(("d",) if single else ())):
        rows = x == "n d"
        if several:
            plain = ["n k", "k n"] if rows else ["k n", "n k"]
            numbers = ["n:class", "n 1:class" if rows else "1 n:class"]
            ys = [*plain, *numbers]
        else:
            ys = ["n 1", "n", "1 n"] if rows else ["1 n", "n", "n 1"]

            if signs:
                ys = [*(f"{y}:sign" for y in ys), *ys]
        if x == "d":
            ys = ["k", *ys] if several else ["", "1", *ys]
        yield from ((x, y) for y in ys)


def _with_ones(x: str, assignment: Assignment) -> list[str]:
    first = next(layout for name, layout in assignment.layouts.items() if name[0] in "Ww")
    joined = next((axis for axis in first.split() if axis in ("1+d", "d+1")), None)
    return [x.replace("d", joined)] if joined else []


def _inputs(recipe: Recipe, x: str, y: str, several: bool) -> tuple[np.ndarray, np.ndarray]:
    model = member(1, "sigmoid", several)
    assert model is not None
    spec = Spec(model.name, "", (), {}, single=recipe.single)
    case = settle.case_of(model, spec)
    ours = model.layouts
    theirs = {"x": x, "y": y}
    return laid_out(case, "x", ours, theirs), laid_out(case, "y", ours, theirs)


def _spec(recipe: Recipe, key: str, assignment: Assignment, x: str, y: str) -> Spec:
    model = member(assignment.depth, "sigmoid", assignment.several)
    assert model is not None
    own = tuple(Argument(path, tensor) for path, tensor in assignment.tensors.items())
    layouts = {**assignment.layouts, "x": x, "y": y}
    fixed = None if f"{PROBE}.rate" in ast.unparse(recipe.statements[-1]) else recipe.literal_rate
    places: tuple[str, ...] = ()
    notes: dict[str, str] = {}
    if recipe.returns is not None:
        places = _of_a_kind(recipe.returns) or returned(recipe.returns, model).places
        words = {
            updates.last_word(node)
            for node in ast.walk(recipe.returns)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        }
        notes = {name: word for word, name in names.gradients_in(words, model).items()}
    if not recipe.updates:
        notes["loss"] = "loss"
    return Spec(
        model.name,
        DRIVER,
        (Argument("x", "x"), Argument("y", "y"), *own),
        layouts,
        updates=recipe.updates,
        rate=fixed,
        absent=assignment.absent,
        single=recipe.single,
        batch=recipe.batch,
        loss_only=recipe.loss_only,
        returns=places,
        notes=notes,
        module=key,
        slots=own,
    )


def _of_a_kind(function: ast.FunctionDef) -> tuple[str, ...]:
    """`*b`, `*W` where all bias gradients and all weight gradients are returned together."""
    for node in updates.own_nodes(function.body):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            found = [names.gradient(updates.last_word(one)) for one in node.value.elts]
            roles = [one.role for one in found if one is not None and one.layer is None]
            if len(found) == 2 and sorted(roles) == ["W", "b"]:
                return tuple(f"*{role}" for role in roles)
    return ()


# --- what it computes --------------------------------------------------------------------------


def _concluded(
    read: Reader,
    recipe: Recipe,
    trial: settle.Trial,
    settings: Settings,
    loss: Resolved | None,
) -> Resolved:
    blank = Resolved(recipe.name, recipe.line, None)
    family = trial.spec.family
    if settings.model is not None:
        told = FAMILY[settings.model]
        activation = settings.activation or (trial.matches[0][0] if trial.matches else "sigmoid")
        return blank._replace(
            spec=_final(trial, told, activation, _noted(trial), read.program.text)
        )
    matches = [
        (activation, output)
        for activation, output in trial.matches
        if settings.activation in (None, activation)
    ]
    if ":sign" in trial.spec.layouts["y"] and "exp(" in read.program.text:
        # What follows the score is inside of the margin's loss, where no variable shows it.
        matches = [(a, "sigmoid" if output == "identity" else output) for a, output in matches]
    if not matches and loss is not None and loss.match is not None:
        matches = [loss.match]
    if not matches:
        return blank._replace(
            question="its forward pass computes what none of the models does, as far as its "
            "variables show; tell what it should be with --model and --activation"
        )
    activation, output = matches[0]
    if output == "identity" and _may_go_on(read.program.text.lower(), activation):
        named = settle.stated(trial, output, activation).objective
        if named is None and (loss is None or loss.stated.objective is None):
            return blank._replace(
                question="what its output goes through is not shown by any of its variables; tell "
                "what it should be with --model"
            )
    stated = settle.stated(trial, output, activation)
    if stated.objective is None and loss is not None and loss.match == (activation, output):
        stated = loss.stated._replace(name=stated.name)
    objective = stated.objective or _implied(read, trial, output, activation)
    model = settle.model_of(family.depth, objective, family.several or output == "softmax")
    if model is None:
        return blank._replace(
            question=f"{objective} of {family.depth} layers is none of the models"
        )
    spec = _final(trial, model, activation, stated.name, read.program.text)
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


_COUNTED = re.compile(r"max\([^()]*\)\s*\+\s*1\b|unique\(|len\(set\(|get_dummies|LabelBinarizer")


def _final(trial: settle.Trial, model: Model, activation: str, loss: str | None, text: str) -> Spec:
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
        absent=tuple(own[name] for name in spec.absent),
        returns=tuple(
            f"d{own[place[1:]]}" if place[1:] in own else place for place in spec.returns
        ),
        rate=None if trial.rates else spec.rate,
        all_classes=":class" in spec.layouts["y"] and _COUNTED.search(text) is not None,
        likelihood=re.search(r"lik|^ll|_ll$", f"{loss} {_loss_named(trial)}".lower()) is not None,
        notes=_with_loss(trial, loss),
    )


def _loss_named(trial: settle.Trial) -> str:
    """The names of the functions that gave a number, among which is the loss."""
    return " ".join(name for name, array in trial.seen if array.size == 1 and "lik" in name.lower())


def _renamed(arguments: tuple[Argument, ...], own: Mapping[str, str]) -> tuple[Argument, ...]:
    return tuple(one._replace(tensor=own[one.tensor]) for one in arguments)


def _with_loss(trial: settle.Trial, loss: str | None) -> dict[str, str]:
    gradients = {name: word for name, word in trial.spec.notes.items() if name != "loss"}
    return gradients if loss is None else {**gradients, "loss": loss}


def _implied(read: Reader, trial: settle.Trial, output: str, activation: str) -> str:
    """The loss that a file means which states none: squared error if its error goes back through
    the derivative of the output, and is not divided by it first.
    """
    if output in ("softmax", "identity"):
        return output
    if output == "tanh":
        return "tanh_squared"
    case = trial.case
    yhat = settle.predicted(trial.spec.family, case, activation, output)
    z = settle.predicted(trial.spec.family, case, activation, "identity")
    outputs, scores = settle.names_of(yhat, trial.seen), settle.names_of(z, trial.seen)
    through = _goes_through(read.program.tree, outputs, outputs | scores)
    return "sigmoid_squared" if through else "sigmoid"


def _goes_through(tree: ast.Module, outputs: set[str], held: set[str]) -> bool:
    through = divided = False
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            through = through or _is_own_slope(node, held)
        if isinstance(node, ast.Call) and _is_slope_call(node, held):
            through = True
        below = None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            below = node.right
        elif isinstance(node, ast.Call) and patterns.called(node) == "divide" and node.args[1:]:
            below = node.args[1]
        if below is not None and not any(patterns.called(p) == "exp" for p in ast.walk(below)):
            divided = divided or bool(_words(below) & outputs)
    return through and not divided


def _is_own_slope(node: ast.BinOp, held: set[str]) -> bool:
    """`yhat * (1 - yhat)`, however it is bracketed."""
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(other, ast.BinOp) and isinstance(other.op, ast.Sub):
            same = _last(other.right)
            if patterns.number(other.left) == 1 and same in held and same in _words(one):
                return True
    return False


def _is_slope_call(node: ast.Call, held: set[str]) -> bool:
    name = patterns.called(node)
    flagged = any(
        keyword.arg in ("deriv", "derivative", "prime", "derive", "d") for keyword in node.keywords
    ) or any(isinstance(part, ast.Constant) and part.value is True for part in node.args)
    if not (flagged or patterns.is_derivative(name) or re.search(r"deriv|prime|grad|slope", name)):
        return False
    return bool(node.args) and _last(node.args[0]) in held


def _last(node: ast.expr) -> str:
    from backproof.reading.updates import last_word

    return last_word(node) if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) else ""


def _words(node: ast.AST) -> set[str]:
    return {
        _last(part)
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute | ast.Subscript)
    }
