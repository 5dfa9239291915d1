"""Recipes for functions and methods that are called: backward passes that want what forward gives.

Each parameter is worked out from its name: inputs, labels, sizes, parameters; what is none of these
is looked for among the results of the file's other functions (`cache`, `A2`, `y_hat`), which are
then called first.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator

from backproof.reading import names, rates, roles, updates
from backproof.reading.arguments import (
    anything,
    instance,
    is_unrolled,
    outside,
    preparing,
    value_for,
    written,
)
from backproof.reading.binding import parameters_of
from backproof.reading.drivers import needed, used_by, with_globals
from backproof.reading.recipes import (
    PROBE,
    Reader,
    Recipe,
    Unbound,
    asked_of_probe,
    parsed,
)
from backproof.reading.roots import words_of
from backproof.reading.slices import bound, loaded
from backproof.reading.updates import Scope

_FORWARD = re.compile(
    r"(?:l_?)?(?:model_?)?(?:forward|feed_?for?ward|fwd|predict|propagat|hypothesis|compute_output|"
    r"think|run|activat|prop_?forward|model$|net$|network$|mlp$|output$)",
)
_YHAT = re.compile(
    r"y_?hat|yhat|a_?l|a_?2|a_?3|a|y_?pred(?:ict(?:ed)?)?|pred(?:iction)?s?|probs?|probabilities|"
    r"outputs?|out|p|h|scores|o|yp|final_?outputs?|y_?prob|final|yh|s"
)
_CACHE = re.compile(
    r"cache[sd]?|memory|store|intermediate.*|activations?|layers?|hidden.*|state|ctx"
)
_DEPTH = 3


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
        and updates.training_loop(scope, set(read.known)) is None
        and (scope.owner is not None or _takes_inputs(scope.function))
    ]


def _recipe_or_question(read: Reader, scope: Scope, *, moves: bool) -> Recipe:
    try:
        return _recipe(read, scope, moves=moves)
    except Unbound as error:
        return Recipe(scope.name, scope.line, (), frozenset(), question=str(error))


def losses(read: Reader) -> list[Recipe]:
    """The one loss function of a file, with the forward pass before it."""
    found = []
    for scope in read.found:
        function = scope.function
        if function is None or not names.is_loss(function.name) or function.decorator_list:
            continue
        if _returns_gradients(function):
            continue
        composer = _Composer(read, scope.owner)
        composer.done.add(function.name)
        try:
            before, call = _call(read, composer, scope)
        except Unbound:
            continue
        lines = [*before, *composer.lines, f"{PROBE}.note({{'loss': {call}}})"]
        body = [parsed(line) for line in lines]
        wanted = words_of(read, scope) | _given(body)
        statements = needed(read, with_globals(read, body), {})
        found.append(
            Recipe(
                scope.name,
                function.lineno,
                statements,
                frozenset(wanted),
                updates=False,
                loss_only=True,
            )
        )
    return found if len(found) == 1 else []


def _given(body: list[ast.stmt]) -> set[str]:
    """The names of what the driver exchanges the parameters of."""
    return {name for name, _ in asked_of_probe(body, "give")}


def _takes_inputs(function: ast.FunctionDef) -> bool:
    return any(roles.is_data(name) for name, _, _ in parameters_of(function))


def _moved(function: ast.FunctionDef) -> dict[str, str]:
    """The parameters that a function returns after a step, and where in its result they are."""
    taken = {name for name, _, _ in parameters_of(function)}
    stepped = {one.base for one in updates.updates(function.body)} & taken
    value = updates.returned_value(function)
    parts: list[tuple[str, ast.expr | None]] = [("__result", value)]
    if isinstance(value, ast.Tuple | ast.List):
        parts = [(f"__result[{place}]", one) for place, one in enumerate(value.elts)]
    elif isinstance(value, ast.Dict) and _container_moved(value) in taken:
        return {_container_moved(value): "__result"}
    elif isinstance(value, ast.Dict):
        keys = [ast.unparse(key) if key is not None else "" for key in value.keys]
        parts = [(f"__result[{key}]", one) for key, one in zip(keys, value.values, strict=True)]
    found = {}
    for where, one in parts:
        if isinstance(one, ast.Name) and one.id in stepped:
            found[one.id] = where
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


def _unrolled(read: Reader, function: ast.FunctionDef) -> str | None:
    """The parameter that holds all parameters in one vector, if there is one."""
    listed = [name for name, _, _ in parameters_of(function)]
    return next((name for name in listed if is_unrolled(name, function, read)), None)


def _returns_gradients(function: ast.FunctionDef) -> bool:
    """Whether a function returns gradients, beside the loss perhaps."""
    value = updates.returned_value(function)
    found = _returned_names(function)
    together = isinstance(value, ast.Tuple) and any(names.is_collection(name) for name in found)
    return together or any(names.gradient(name) is not None for name in found)


def _gives_gradients(read: Reader, scope: Scope) -> bool:
    function = scope.function
    assert function is not None
    parameters = [name for name, _, _ in parameters_of(function)]
    if any(updates.updates(scope.body)) or _moved(function):
        return False
    if _unrolled(read, function) and any(roles.role(name) == "x" for name in parameters):
        return True
    if names.is_piece(parameters):
        return False
    if names.is_loss(function.name):
        return scope.owner is None and _returns_gradients(function)
    if any(names.gradient(name) is not None for name in _returned_names(function)):
        return True
    if names.is_backward(function.name) and updates.returned_value(function) is not None:
        return True
    if scope.owner is not None and names.is_backward(function.name):
        return any(
            isinstance(node, ast.Attribute | ast.Subscript)
            and isinstance(node.ctx, ast.Store)
            and updates.base_of(node) == "self"
            and names.gradient(updates.last_word(node)) is not None
            for node in ast.walk(function)
        )
    return False


def _returned_names(function: ast.FunctionDef) -> list[str]:
    """The names in the function's last `return`, the keys of a dict among them."""
    value = updates.returned_value(function)
    found: list[str] = []
    for part in () if value is None else ast.walk(value):
        if isinstance(part, ast.Name):
            found.append(part.id)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            found.append(part.value)
    return found


def _keys_in(function: ast.FunctionDef, name: str) -> list[str]:
    """The keys of the dict that a function makes under a name: `cache = {"A2": A2}`."""
    return [
        key.value
        for node in updates.own_nodes(function.body)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Dict)
        and updates.last_word(node.targets[0]) == name
        for key in node.value.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    ]


def _layer_of(name: str) -> float:
    """The layer that a result is of: of A1, A2 and A3 the last is meant, and yhat is after all."""
    number = re.search(r"\d+$", name)
    return float(number[0]) if number else math.inf


# --- the calls ---------------------------------------------------------------------------------


class _Composer:
    """The statements before a call, and what they have made so far."""

    def __init__(self, read: Reader, owner: ast.ClassDef | None) -> None:
        self.read = read
        self.owner = owner
        self.lines: list[str] = []
        self.made: dict[str, str] = {}  # what a result is called in its function: our variable
        self.done: set[str] = set()

    def arguments(self, function: ast.FunctionDef, skip: int, deep: int = 0) -> str:
        """The arguments for a call; raises `Unbound` for what nothing is known of."""
        return written(
            parameters_of(function)[skip:],
            lambda name, default: self._value(name, function, default, deep),
            "",
            "what that is could not be read from its name or from what the other functions return",
        )

    def _value(self, name: str, function: ast.FunctionDef, default: bool, deep: int) -> str | None:
        is_result = _YHAT.fullmatch(name.lower()) or _CACHE.fullmatch(name.lower())
        if not is_result or roles.role(name) in ("d", "h", "k", "dims"):
            value = value_for(name, function, self.read, default)
            if value is not None:
                return value
        if default:
            return None
        if name in self.made:
            return self.made[name]
        if deep < _DEPTH:
            self._produce(name, function, deep)
        found = self._among_made(name) or value_for(name, function, self.read, default)
        return found or anything(name, function)

    def _among_made(self, name: str) -> str | None:
        lowered = name.lower()
        by_case = {made.lower(): variable for made, variable in self.made.items()}
        if name in self.made or lowered in by_case:
            return self.made.get(name) or by_case[lowered]
        for pattern in (_CACHE, _YHAT):
            if pattern.fullmatch(lowered):
                alike = [made for made in self.made if pattern.fullmatch(made.lower())]
                if alike:
                    return self.made[max(alike, key=_layer_of)]
        return self.made.get("*") if _YHAT.fullmatch(lowered) else None

    def _produce(self, name: str, function: ast.FunctionDef, deep: int) -> None:
        """Call what gives `name`: a function that returns it, or else the forward pass.

        Of what is there already only a function that returns it by its name is better.
        """
        ranked = sorted(self._producers(name, function), key=lambda pair: pair[0])
        if self._among_made(name) is not None and not any(rank < 2 for rank, _ in ranked):
            return
        for _, producer in ranked:
            if self.call(producer, deep + 1) and self._among_made(name) is not None:
                return

    def _producers(
        self, name: str, function: ast.FunctionDef
    ) -> Iterator[tuple[int, ast.FunctionDef]]:
        for scope in self.read.found:
            other = scope.function
            if (
                other is None
                or other.name in (function.name, *self.done)
                or updates.returned_value(other) is None
            ):
                continue
            if scope.owner is not None and scope.owner is not self.owner:
                continue
            if names.is_backward(other.name) and not _FORWARD.match(other.name.lower()):
                continue
            returned = [one.lower() for one in _returned_names(other)]
            forward = _FORWARD.match(other.name.lower().strip("_")) is not None
            if name.lower() in returned:
                yield (0 if forward else 1), other
            elif forward:
                yield 2, other

    def call(self, function: ast.FunctionDef, deep: int = 0) -> bool:
        """Call a function of the file and keep its results under the names it returns."""
        kept = list(self.lines), dict(self.made)
        self.done.add(function.name)
        is_method = self.owner is not None and function in self.owner.body
        try:
            arguments = self.arguments(function, 1 if is_method else 0, deep)
        except Unbound:
            self.lines, self.made = kept
            return False
        target = function.name
        if is_method and self.owner is not None:
            target = f"__self.{outside(self.owner, function)}"
        results = self._results(function)
        variables = [f"__{function.name}_{place}" for place in range(len(results))]
        self.lines.append(f"{', '.join(variables)} = {target}({arguments})")
        self.made.update(zip(results, variables, strict=True))
        for name, variable in zip(results, variables, strict=True):
            for key in _keys_in(function, name):
                self.made.setdefault(key, f"{variable}[{key!r}]")
        if len(results) == 1:
            self.made.setdefault("*", variables[0])
        return True

    def _results(self, function: ast.FunctionDef) -> list[str]:
        value = updates.returned_value(function)
        if isinstance(value, ast.Tuple):
            return [
                updates.last_word(one)
                if isinstance(one, ast.Name | ast.Attribute | ast.Subscript)
                else ("cache" if isinstance(one, ast.Dict | ast.Tuple | ast.List) else f"_{place}")
                for place, one in enumerate(value.elts)
            ]
        word = updates.last_word(value) if isinstance(value, ast.Name | ast.Attribute) else ""
        return [word or "yhat"]


def _recipe(read: Reader, scope: Scope, *, moves: bool) -> Recipe:
    assert scope.function is not None
    composer = _Composer(read, scope.owner)
    function = scope.function
    before, call = _call(read, composer, scope)
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
    wanted = words_of(read, scope) | _given(body) | set(moved)
    known_rates = rates.rate_names(function.body, read.program.tree) if moves else set()
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


def _call(read: Reader, composer: _Composer, scope: Scope) -> tuple[list[str], str]:
    """The call of a function or method as source, and what sets its object up."""
    function, owner = scope.function, scope.owner
    assert function is not None
    if owner is None:
        return [], f"{function.name}({composer.arguments(function, 0)})"
    before = [f"__self = {instance(owner, read)}", *preparing(owner, function, read)]
    before.append(f"__self = {PROBE}.give('__self', __self)")
    _run_forward(composer, scope)
    return before, f"__self.{outside(owner, function)}({composer.arguments(function, 1)})"


def _kept_globally(read: Reader, body: list[ast.stmt]) -> list[str]:
    """The parameters that what is called looks up among the globals, where the file sets them."""
    called = {name for statement in body for name in loaded(statement)}
    made = {name for statement in read.script for name in bound(statement)}
    used = used_by(read, called) & made
    return sorted(name for name in used if names.parameter(name) is not None)


def _run_forward(composer: _Composer, scope: Scope) -> None:
    """Run the forward pass of an object first, where the method does not do so itself."""
    assert scope.owner is not None
    assert scope.function is not None
    if any(_FORWARD.match(name.lower().strip("_")) for name in updates.calls(scope.body)):
        return
    for part in scope.owner.body:
        if (
            isinstance(part, ast.FunctionDef)
            and part is not scope.function
            and _FORWARD.match(part.name.lower().strip("_"))
            and composer.call(part)
        ):
            return


def _losses(composer: _Composer, scope: Scope) -> list[str]:
    """The call of the file's own loss, where its arguments are known by now."""
    own = [] if scope.function is None else _returned_names(scope.function)
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
        target = other.function.name
        if other.owner is not None:
            target = f"__self.{outside(other.owner, other.function)}"
        found.append((target, arguments, composer.lines[before:]))
    if len(found) != 1:  # which of several is meant is not known
        return []
    target, arguments, more = found[0]
    return [*more, f"{PROBE}.note({{'loss': {target}({arguments})}})"]


def _is_called_for_each(read: Reader, function: ast.FunctionDef) -> bool:
    """Whether the file calls it for each example: `for x, y in batch: backprop(x, y)`."""
    for scope in read.found:
        for node in updates.own_nodes(scope.body):
            if not isinstance(node, ast.For) or function.name not in updates.calls(node.body):
                continue
            if updates.is_one_at_a_time([node]):
                return True
    return False
