"""Recipes for functions and methods that are called: backward passes that want what forward gives.

Which they are; what has to be called before them is `composing`.
"""

from __future__ import annotations

import ast

from backproof.reading import names, patterns, rates, roles, scopes, updates
from backproof.reading.arguments import callee, instance
from backproof.reading.binding import parameters_of
from backproof.reading.composing import FORWARD, Composer, returned_names
from backproof.reading.drivers import needed, used_by, with_globals
from backproof.reading.objects import called_in, completing, kept_for, looks_up, prepared
from backproof.reading.recipes import (
    PROBE,
    Reader,
    Recipe,
    Unbound,
    asked_of_probe,
    parsed,
)
from backproof.reading.roots import words_of
from backproof.reading.scopes import Scope
from backproof.reading.slices import bound, loaded
from backproof.reading.usage import is_unrolled


def called(read: Reader) -> list[Recipe]:
    """The functions and methods that give gradients, each with what has to be called before it."""
    scopes = [one for one in read.found if one.function is not None and _gives_gradients(read, one)]
    return [_recipe_or_question(read, scope, moves=False) for scope in scopes]


def stepping(read: Reader) -> list[Recipe]:
    """The functions and methods that take one step, for a file in which no loop of its trains."""
    return [
        _recipe_or_question(read, scope, moves=True)
        for scope in read.found
        if scope.function is not None
        and (any(updates.updates(scope.body)) or _moved(scope.function))
        and scopes.training_loop(scope, set(read.known)) is None
        and (scope.owner is not None or _takes_inputs(scope.function))
    ]


def _recipe_or_question(read: Reader, scope: Scope, *, moves: bool) -> Recipe:
    try:
        return _recipe(read, scope, moves=moves)
    except Unbound as error:
        blank = Recipe(scope.name, scope.line, (), frozenset(), question=str(error))
        return blank._replace(updates=moves, steps_once=moves)


def given_to_probe(body: list[ast.stmt]) -> set[str]:
    """The names of what the driver exchanges the parameters of."""
    return {name for name, _ in asked_of_probe(body, "give")}


def _takes_inputs(function: ast.FunctionDef) -> bool:
    return any(roles.is_data(name) for name, _, _ in parameters_of(function))


def _moved(function: ast.FunctionDef) -> dict[str, str]:
    """The parameters that a function returns after a step, and where in its result they are."""
    taken = {name for name, _, _ in parameters_of(function)}
    stepped = {one.base for one in updates.updates(function.body)} & taken
    renamed = updates.renamed_in(function.body)
    value = updates.returned_value(function)
    parts: list[tuple[str, ast.expr | None]] = [("__result", value)]
    if isinstance(value, ast.Tuple | ast.List):
        parts = [(f"__result[{place}]", one) for place, one in enumerate(value.elts)]
    elif isinstance(value, ast.Dict) and _container_moved(value) in taken:
        return {_container_moved(value): "__result"}
    elif isinstance(value, ast.Dict) and not _repacked(value, function):
        keys = [ast.unparse(key) if key is not None else "" for key in value.keys]
        parts = [(f"__result[{key}]", one) for key, one in zip(keys, value.values, strict=True)]
    found = {}
    for where, one in parts:
        container = "" if one is None else _repacked(one, function)
        if container in taken:
            found[container] = where
        elif isinstance(one, ast.Name) and one.id in stepped:
            found[one.id] = where
        elif isinstance(one, ast.Name) and renamed.get(one.id) in taken:
            found[renamed[one.id]] = where
        elif isinstance(one, ast.BinOp) and isinstance(one.op, ast.Add | ast.Sub):
            left = one.left.id if isinstance(one.left, ast.Name) else ""
            if left in taken and names.parameter(left) is not None:
                found[left] = where
    return found


def _container_moved(made: ast.Dict) -> str:
    """`p` where a dict is `{"W1": p["W1"] - lr * dW1, ...}`: all parameters, each a step on."""
    bases = {
        updates.base_of(value.left)
        if isinstance(value, ast.BinOp)
        and isinstance(value.op, ast.Add | ast.Sub)
        and isinstance(value.left, ast.Subscript)
        and key is not None
        and ast.unparse(value.left.slice) == ast.unparse(key)
        else ""
        for key, value in zip(made.keys, made.values, strict=True)
    }
    return bases.pop() if len(bases) == 1 else ""


def _repacked(value: ast.expr, function: ast.FunctionDef) -> str:
    """`p` where `W1 = p["W1"]` and the like are moved, and then put into a dict under their keys.

    `value` is that dict, or a variable that holds it in the end.
    """
    taken: dict[str, str] = {}  # what is unpacked, and from what
    held: ast.expr | None = value
    for node in updates.own_nodes(function.body):
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        target, made = node.targets[0], node.value
        if isinstance(value, ast.Name) and ast.unparse(target) == value.id:
            held = made
        pairs = [(target, made)]
        if isinstance(target, ast.Tuple) and isinstance(made, ast.Tuple):
            pairs = list(zip(target.elts, made.elts, strict=False))
        for one, source in pairs:
            if isinstance(one, ast.Name) and _is_key(source, one.id):
                taken[one.id] = updates.base_of(source)
    if not isinstance(held, ast.Dict):
        return ""
    moved = {one.word for one in updates.updates(function.body)}
    bases = {
        taken.get(part.id, "")
        if isinstance(part, ast.Name) and part.id in moved and _is_text(key, part.id)
        else ""
        for key, part in zip(held.keys, held.values, strict=True)
    }
    return bases.pop() if len(bases) == 1 else ""


def _is_key(node: ast.expr, key: str) -> bool:
    """Whether it is `p["W1"]`, for that key."""
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and _is_text(node.slice, key)
    )


def _is_text(node: ast.expr | None, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text


def _unrolled(read: Reader, function: ast.FunctionDef) -> str | None:
    """The parameter that holds all parameters in one vector, if there is one."""
    listed = [name for name, _, _ in parameters_of(function)]
    return next((name for name in listed if is_unrolled(name, function, read)), None)


def returns_gradients(function: ast.FunctionDef) -> bool:
    """Whether a function returns gradients, beside the loss perhaps."""
    value = updates.returned_value(function)
    found = returned_names(function)
    together = isinstance(value, ast.Tuple) and any(names.is_collection(name) for name in found)
    together = together or _is_loss_and_slopes(function)
    return together or any(names.gradient(name) is not None for name in found)


def _is_loss_and_slopes(function: ast.FunctionDef) -> bool:
    """`return J / m, X.T.dot(error) / m`: a loss, and a product, or `g`, for each parameter."""
    value = updates.returned_value(function)
    listed = [name for name, _, _ in parameters_of(function)]
    taken = [name for name in listed if names.parameter(name) is not None]
    if not isinstance(value, ast.Tuple) or len(value.elts) != len(taken) + 1 or not taken:
        return False
    loss, *slopes = value.elts
    words = {part.id for part in ast.walk(loss) if isinstance(part, ast.Name)} - {*listed}
    return (
        {"x", "y"} <= {roles.role(name) for name in listed}
        and any(names.is_loss(word) for word in words)
        and all(_is_product(one) or ast.unparse(one) in ("g", "G") for one in slopes)
    )


def _is_loss_and_gradient(function: ast.FunctionDef) -> bool:
    """`return loss, grad`, of a function of any name that takes inputs and labels."""
    value = updates.returned_value(function)
    if not isinstance(value, ast.Tuple) or len(value.elts) != 2:
        return False
    loss, gradient = map(updates.last_word, value.elts)
    taken = {roles.role(name) for name, _, _ in parameters_of(function)}
    return {"x", "y"} <= taken and names.is_loss(loss) and names.is_collection(gradient)


def _is_product(node: ast.expr) -> bool:
    return any(
        patterns.called(part) in ("dot", "matmul")
        or (isinstance(part, ast.BinOp) and isinstance(part.op, ast.MatMult))
        for part in ast.walk(node)
    )


def _gives_gradients(read: Reader, scope: Scope) -> bool:
    function = scope.function
    assert function is not None
    parameters = [name for name, _, _ in parameters_of(function)]
    if any(updates.updates(scope.body)) or _moved(function):
        return False
    if function.name in read.handed.gradients:
        return True
    if _unrolled(read, function) and any(roles.role(name) == "x" for name in parameters):
        return True
    if names.is_piece(parameters):
        return False
    if function.name in read.handed.losses:
        return False
    if names.is_loss(function.name):
        return scope.owner is None and returns_gradients(function)
    if any(names.gradient(name) is not None for name in returned_names(function)):
        return True
    if _is_loss_and_slopes(function) or _is_loss_and_gradient(function):
        return True
    if names.is_backward(function.name) and updates.returned_value(function) is not None:
        return True
    if scope.owner is not None and names.is_backward(function.name):
        return any(True for _ in updates.left_behind(function))
    return False


# --- the calls ---------------------------------------------------------------------------------


def _recipe(read: Reader, scope: Scope, *, moves: bool) -> Recipe:
    assert scope.function is not None
    if moves and _moves_layers(scope):
        raise Unbound(
            "moves the parameters of layers that it is handed, and no loop of the file trains any; "
            "let one go through the layers, the loss and this step"
        )
    composer = Composer(read, scope.owner)
    function = scope.function
    before, call = called_with(read, composer, scope)
    composer.done.add(function.name)
    lines = [*before, *composer.lines, *_losses(composer, scope), f"__result = {call}"]
    kept = _kept_globally(read, [parsed(line) for line in lines])
    body = [parsed(line) for line in [*(f"{g} = {PROBE}.give({g!r}, {g})" for g in kept), *lines]]
    moved = _moved(function)
    if moves:
        held = "{'__self': __self}" if scope.owner is not None else "globals()"
        if scope.owner is None and moved:
            held = ", ".join(f"{name!r}: {value}" for name, value in moved.items())
            held = f"{{{held}}}"
        body += [parsed(f"{PROBE}.take({held}, {{}})")]
    else:
        if scope.owner is not None:
            body += [parsed(f"{PROBE}.note(vars(__self))")]
        whole = None if scope.owner is not None else _unrolled(read, function)
        result = f"{PROBE}.rolled({whole!r}, __result)" if whole else "__result"
        body += [parsed(f"return {result}")]
    wanted = words_of(read, scope) | given_to_probe(body) | set(moved)
    known_rates = rates.rate_names(function.body, read.program.tree) if moves else set()
    known_rates -= read.shrinkage.named
    steps = list(updates.updates(function.body))
    return Recipe(
        scope.name,
        function.lineno,
        needed(read, with_globals(read, body, kept), {}),
        frozenset(wanted),
        frozenset(known_rates),
        rates.literal_rate(steps) if not known_rates else None if moves else 1.0,
        disturbed=moves and rates.is_disturbed([function.body], known_rates),
        updates=moves,
        steps_once=moves,
        returns=None if moves else function,
        single=_is_called_for_each(read, function),
    )


def _moves_layers(scope: Scope) -> bool:
    """Whether a method moves what its loop goes through: `for l in layers: l.W -= ...`."""
    looped = {
        node.target.id
        for node in updates.own_nodes(scope.body)
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name)
    }
    steps = [one for one in updates.updates(scope.body) if isinstance(one.target, ast.Attribute)]
    return scope.owner is not None and bool(steps) and {one.base for one in steps} <= looped


def called_with(read: Reader, composer: Composer, scope: Scope) -> tuple[list[str], str]:
    """The call of a function or method as source, and what sets its object up."""
    function, owner = scope.function, scope.owner
    assert function is not None
    if owner is None:
        return [], f"{function.name}({composer.arguments(function, 0)})"
    before = [f"__self = {instance(owner, read)}", *prepared(owner, function, read)]
    before.append(f"__self = {PROBE}.give('__self', __self)")
    _run_forward(composer, scope)
    static = any(ast.unparse(one) == "staticmethod" for one in function.decorator_list)
    call = f"{callee(owner, function)}({composer.arguments(function, 0 if static else 1)})"
    run = called_in(owner, [*composer.lines, call])
    return [*before, *completing(owner, run, before)], call


def _kept_globally(read: Reader, body: list[ast.stmt]) -> list[str]:
    """The parameters that what is called looks up among the globals, where the file sets them."""
    called = {name for statement in body for name in loaded(statement)}
    made = {name for statement in read.script for name in bound(statement)}
    used = used_by(read, called) & made
    return sorted(name for name in used if names.parameter(name) is not None)


def _run_forward(composer: Composer, scope: Scope) -> None:
    """Run the forward pass of an object first, where the method does not do so itself."""
    assert scope.owner is not None
    assert scope.function is not None
    if any(FORWARD.match(name.lower().strip("_")) for name in scopes.calls(scope.body)):
        return
    if names.is_loss(scope.function.name) and not looks_up(scope.owner, scope.function):
        return
    function = scope.function
    passes = [
        part
        for part in scope.owner.body
        if isinstance(part, ast.FunctionDef)
        and part is not function
        and FORWARD.match(part.name.lower().strip("_"))
    ]
    for part in sorted(passes, key=lambda one: -kept_for(one, function)):
        if composer.call(part):
            return


def _losses(composer: Composer, scope: Scope) -> list[str]:
    """The call of the file's own loss, where its arguments are known by now."""
    own = [] if scope.function is None else returned_names(scope.function)
    if any(names.is_loss(name) for name in own):
        return []
    found = []
    for other in composer.read.found:
        if other.function is None or not names.is_loss(other.function.name):
            continue
        if other.owner is not None and other.owner is not scope.owner:
            continue
        skip = 1 if other.owner is not None else 0
        kept = list(composer.lines), dict(composer.made), set(composer.done)
        before = len(composer.lines)
        try:
            arguments = composer.arguments(other.function, skip, deep=1)
        except Unbound:
            composer.lines, composer.made, composer.done = kept
            continue
        target = callee(other.owner, other.function)
        found.append((target, arguments, composer.lines[before:]))
    if len(found) != 1:  # which of several is meant is not known
        return []
    target, arguments, more = found[0]
    return [*more, f"{PROBE}.note({{'loss': {target}({arguments})}})"]


def _is_called_for_each(read: Reader, function: ast.FunctionDef) -> bool:
    """Whether the file calls it for each example: `for x, y in batch: backprop(x, y)`."""
    for scope in read.found:
        for node in updates.own_nodes(scope.body):
            if not isinstance(node, ast.For) or function.name not in scopes.calls(node.body):
                continue
            if scopes.is_one_at_a_time([node]):
                return True
    return False
