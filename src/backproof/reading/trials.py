"""The ways in which a recipe may be meant, each of them tried: which parameters, laid out how.

Where the file draws its parameters itself, their shapes tell; where they are handed over, all
layouts that people use are tried. `settle.best` says which of the trials stands.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from backproof.notation import Model, member
from backproof.reading import constants, names, settle, slots, stacked, updates
from backproof.reading.convention import laid_out
from backproof.reading.forms import forms, outputs, with_signs
from backproof.reading.label_codes import class_code
from backproof.reading.probe import Slot
from backproof.reading.process import Child
from backproof.reading.recipes import DRIVER, PROBE, Reader, Recipe, asked_of_probe
from backproof.reading.returned import returned
from backproof.reading.slots import SIZES, Assignment
from backproof.reading.spec import Argument, Spec
from backproof.reading.usage import is_cut
from backproof.reading.wire import Frame


def trials(child: Child, read: Reader, recipe: Recipe, key: str) -> Iterator[settle.Trial]:
    """What comes of running a recipe in each of the layouts that it may be meant for."""
    slopes = constants.slopes_in(read)
    for name, _ in asked_of_probe(recipe.statements[-1:], "unrolled"):
        yield from _one_vector(child, read, recipe, key, name)
        return
    paths = _gifts(recipe)
    if paths:
        yield from _handed_over(child, read, recipe, key, paths)
        return
    for several in outputs(read):
        listed = forms(read, several, recipe.single)
        if re.search(rf"{PROBE}\.(?:table|rows)", ast.unparse(recipe.statements[-1])):
            listed = iter([("n d", f"n:{class_code(read)}" if several else "n")])
        for x, y in listed:
            frame, found = _drawn(child, recipe, key, several, x, y)
            if len(found) == 1 and _holds_bias(read, slots.word_of(found[0].path)):
                ones = x.replace("d", "1+d")  # which the file's own X has among its features
                _, apart = _drawn(child, recipe, key, several, ones, y)
                for assignment in slots.assignments(apart, several):
                    if assignment.depth == 1 and _with_ones(x, assignment) == [ones]:
                        yield settle.tried(child, _spec(recipe, key, assignment, ones, y), slopes)
            if not found:
                why = frame.header["problem"] or "it updates nothing that was found"
                yield settle.failed(Spec("mlp", DRIVER, (), {}), str(why))
                if frame.header.get("kind") in ("hung", "crashed"):
                    return
                continue
            counted = constants.examples_counted(read, recipe)
            assignments = list(slots.assignments(found, several))
            if not assignments:
                yield settle.failed(Spec("mlp", DRIVER, (), {}), _unassigned(found))
            for assignment in assignments:
                own = assignment.own_sizes
                classes = {axis: size for axis, size in own.items() if axis == "k"}
                for form in (x, *_with_ones(x, assignment)):
                    spec = _spec(recipe, key, assignment, form, y)._replace(fixed=counted)
                    if "d" in own:  # numbers that are variables, as many as there are
                        if own["d"] == 1 and x == "n d":
                            flat = {**spec.layouts, "x": "n", "y": y.partition(" ")[0]}
                            line = spec._replace(layouts=flat, fixed={**counted, **own})
                            yield settle.tried(child, line, slopes)
                        yield settle.tried(child, spec._replace(fixed={**counted, **own}), slopes)
                        continue
                    fixed = [classes, own] if classes and classes != own else [own] if own else []
                    fixed += [{**own, **one} for one in constants.examples_written(read, recipe)]
                    yield at_some_sizes(child, spec, slopes, fixed)


def _drawn(
    child: Child, recipe: Recipe, key: str, several: bool, x: str, y: str
) -> tuple[Frame, list[Slot]]:
    """The parameters that a recipe draws for inputs in these layouts."""
    case = _inputs(recipe, x, y, several)
    sizes = {axis: SIZES[axis] for axis in ("d", "h")}
    sizes["n"] = 1 if recipe.single else SIZES["n"]
    sizes["k"] = SIZES["k"] if several else 1
    frame = child.discover(key, *case, sizes)
    found = [Slot(path, tuple(shape), number) for path, shape, number in frame.header["slots"]]
    return frame, found


def _unassigned(found: Sequence[Slot]) -> str:
    """That the parameters found are those of no model, and what they are."""
    shapes = [f"{one.path.replace('__self', 'self')} {one.shape}" for one in found]
    listed = ", ".join(shapes[:6]) + (f" and {len(shapes) - 6} more" if len(shapes) > 6 else "")
    return f"its parameters make no chain of one to four layers: {listed}"


def at_some_sizes(
    child: settle.Watching,
    spec: Spec,
    slopes: Sequence[float],
    fixed: Iterable[Mapping[str, int]],
) -> settle.Trial:
    """The trial at any sizes; where that does not run, at the first of those fixed that does.

    A number of classes that the file may fix, and that is the one tried, is fixed where the code
    does not run with another.
    """
    fixed = list(fixed)
    trial = settle.tried(child, spec, slopes)
    if trial.problem is None:
        k = SIZES["k"]
        other = spec._replace(fixed={**spec.fixed, "k": k + 2})
        if {"k": k} in fixed and settle.tried(child, other).problem is not None:
            return trial._replace(spec=trial.spec._replace(fixed={**spec.fixed, "k": k}))
        return trial
    for sizes in () if trial.stuck else fixed:  # what does not end at some sizes takes its time
        own = settle.tried(child, spec._replace(fixed={**spec.fixed, **sizes}), slopes)
        if own.problem is None:
            return own
    return trial


def _gifts(recipe: Recipe) -> list[str]:
    """The paths of the parameters that are handed over."""
    paths = [name for (name,) in asked_of_probe(recipe.statements, "gift")]
    for name, keys in asked_of_probe(recipe.statements, "packed"):
        paths += [f"{name}[{key!r}]" for key in keys]
    return list(dict.fromkeys(paths))


def _one_vector(
    child: Child, read: Reader, recipe: Recipe, key: str, name: str
) -> Iterator[settle.Trial]:
    """The trials of a vector of all parameters: biases inside of their weights, or beside them."""
    slopes = constants.slopes_in(read)
    for several in outputs(read):
        fixed = constants.classes_in(read) if several else ()
        for depth in (2, 3, 1) if is_cut(read) else (1,):
            model = member(depth, "sigmoid", several)
            assert model is not None
            for layouts in slots.vectors(model):
                tensors = {
                    f"{name}[{place}]": tensor
                    for place, (tensor, layout) in enumerate(layouts.items())
                    if not layout.startswith("+")
                }
                assignment = Assignment(depth, several, tensors, layouts, ())
                for x, y in forms(read, several, single=False):
                    for form in (x, *_with_ones(x, assignment)):
                        spec = _spec(recipe, key, assignment, form, y)
                        places = tuple(f"d{tensor}" for tensor in tensors.values())
                        spec = spec._replace(returns=places)
                        yield at_some_sizes(child, spec, slopes, fixed)


def _handed_over(
    child: Child, read: Reader, recipe: Recipe, key: str, paths: list[str]
) -> Iterator[settle.Trial]:
    """The trials of parameters of which no shape is known."""
    slopes = constants.slopes_in(read)
    words = {_word(path): path for path in paths}
    for several in outputs(read):
        for depth in (1, 2, 3, 4):
            model = member(depth, "sigmoid", several)
            assert model is not None
            for bound in _bound(words, model):
                absent = tuple(name for name in model.parameters if name not in bound.values())
                if depth == 1 and absent == ("b",) and _holds_bias(read, paths[0]):
                    yield from _with_bias_inside(child, read, recipe, key, bound, model)
                    break
                ways = slots.proposals(bound, model, vectors=recipe.single)
                ran = False
                for told in with_signs(read, ways):
                    layouts = {name: layout for name, layout in told.items() if name not in "xy"}
                    assignment = Assignment(depth, several, bound, layouts, absent)
                    spec = _spec(recipe, key, assignment, told["x"], told["y"])
                    fixed = constants.classes_in(read) if several else ()
                    if depth == 2 and not several:
                        fixed = constants.units_in(read)
                    trial = at_some_sizes(child, spec, slopes, fixed)
                    ran = ran or trial.problem is None
                    yield trial
                biases = tuple(name for name in model.parameters if name[0] == "b")
                if absent == biases and not ran:  # it puts ones beside its inputs
                    yield from _with_bias_inside(child, read, recipe, key, bound, model)
            if depth == 1 and not several and len(paths) <= 2:
                yield from _of_a_line(child, read, recipe, key, paths)


def _of_a_line(
    child: Child, read: Reader, recipe: Recipe, key: str, paths: Sequence[str]
) -> Iterator[settle.Trial]:
    """The trials of a slope and an intercept that are numbers, of one feature."""
    model = member(1, "sigmoid")
    assert model is not None
    for form in stacked.lines(paths):
        tensors = dict(zip(form, model.parameters, strict=False))
        told = {tensor: "" if tensor[0] == "b" else "d" for tensor in tensors.values()}
        absent = tuple(one for one in model.parameters if one not in told)
        for x, y in (("n", "n"), ("n d", "n"), ("n d", "n 1")):
            assignment = Assignment(1, False, tensors, told, absent)
            spec = _spec(recipe, key, assignment, x, y)._replace(fixed={"d": 1})
            yield settle.tried(child, spec, constants.slopes_in(read))


def _bound(words: Mapping[str, str], model: Model) -> Iterator[dict[str, str]]:
    """Which of the parameters (word to path) is which tensor, by their names.

    Of a `W` and a `w`, or a `W` and a `V`, either may be the first layer.
    """
    bound = {
        path: tensor
        for word, path in words.items()
        if (tensor := _tensor(word, list(words), model)) is not None
    }
    weights = [tensor for tensor in bound.values() if tensor[0] in "Ww"]
    if len(bound) == len(words) and len(weights) == model.depth:
        yield bound
    elif model.depth == len(words) == 2 and all(_LETTER.fullmatch(word) for word in words):
        for ordered in itertools.permutations(words.values()):
            yield dict(zip(ordered, ("W1", "W2"), strict=True))


_LETTER = re.compile(r"[WwVvUu]")


def _word(path: str) -> str:
    """The last name of a path; of an entry in a list of layers, with its number: `weights1`."""
    found = re.search(r"\[(\d+)\]$", path)
    word = slots.word_of(path)
    theta = re.fullmatch(r"[Tt]heta_?(\d)", word)
    if theta is not None:  # often with its bias inside
        return f"W{theta[1]}"
    if found is None:
        return word
    return f"{'b' if word.lower().startswith('b') else 'W'}{int(found[1]) + 1}"


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
    """The trials of weights that have their biases inside, before the others or after them."""
    biases = {weight: f"b{weight[1:]}" for weight in bound.values()}
    every = {**bound, **{f"+{weight}": bias for weight, bias in biases.items()}}
    for before in (True, False):
        for told in with_signs(read, slots.proposals(every, model)):
            inside = {bias: f"+{weight}" for weight, bias in biases.items()}
            for weight in biases:
                axis = model.layouts[weight].split()[1]
                joined = f"1+{axis}" if before else f"{axis}+1"
                parts = [joined if one == axis else one for one in told[weight].split()]
                inside[weight] = " ".join(parts)
            assignment = Assignment(model.depth, model.several, bound, inside, ())
            ones = told["x"].replace("d", "1+d" if before else "d+1")
            for x in (ones, told["x"]):
                spec = _spec(recipe, key, assignment, x, told["y"])
                fixed = constants.classes_in(read) if model.several else ()
                yield at_some_sizes(child, spec, constants.slopes_in(read), fixed)


def _tensor(word: str, words: list[str], model: Model) -> str | None:
    tensor = names.bind(words).tensors.get(word)
    if len(words) == model.depth == 1:  # `b` for beta
        tensor = "W"
    if tensor is None and model.depth == 1:
        tensor = "b" if re.match(r"b|.*bias|.*intercept|.*_b$", word.lower()) else "W"
    return None if tensor is None else names.in_model(tensor, model)


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
    passed = f"{PROBE}.rate" in ast.unparse(recipe.statements[-1])
    fixed = None if passed else recipe.literal_rate or 1.0
    places: tuple[str, ...] = ()
    notes: dict[str, str] = {}
    if recipe.returns is not None:
        places = _of_a_kind(recipe.returns) or returned(recipe.returns, model).places
        left = list(updates.left_behind(recipe.returns))
        words = {node.attr for node in left if isinstance(node, ast.Attribute)}
        notes = {name: word for word, name in names.gradients_in(words, model).items()}
        # In a dict, under keys that are put together.
        if not notes and any(isinstance(node, ast.Subscript) for node in left):
            notes = {f"d{name}": f"d{name}" for name in model.parameters}
    if not recipe.updates:
        notes["loss"] = "loss"
    return Spec(
        model.name,
        DRIVER,
        (Argument("x", "x"), Argument("y", "y"), *own),
        layouts,
        updates=recipe.updates,
        rate=fixed,
        rate_unknown=recipe.updates and not passed and recipe.literal_rate is None,
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
            words = [updates.last_word(one) for one in node.value.elts]
            found = [names.gradient(word) or _shaped_like(word, function) for word in words]
            roles = [one.role for one in found if one is not None and one.layer is None]
            if len(found) == 2 and sorted(roles) == ["W", "b"]:
                return tuple(f"*{role}" for role in roles)
    return ()


def _shaped_like(word: str, function: ast.FunctionDef) -> names.Parameter | None:
    """Whose shapes a variable is set up with: `nabla_p = [np.zeros(p.shape) for p in pesos]`."""
    for node in updates.own_nodes(function.body):
        if (
            isinstance(node, ast.Assign)
            and updates.last_word(node.targets[0]) == word
            and re.search(r"zeros|empty", ast.unparse(node.value))
        ):
            used = [part for part in ast.walk(node.value) if isinstance(part, ast.expr)]
            found = {names.parameter(updates.last_word(part)) for part in used} - {None}
            return found.pop() if len(found) == 1 else None
    return None
