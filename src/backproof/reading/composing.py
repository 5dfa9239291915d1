"""What has to be called before somebody's function can be: statements that make its arguments.

An argument that no name tells is looked for among the results of the file's other functions
(`cache`, `A2`, `y_hat`), which are then called first.
"""

from __future__ import annotations

import ast
import contextlib
import math
import re
from collections.abc import Iterator

from backproof.reading import names, patterns, roles, updates
from backproof.reading.arguments import anything, callee, data_by_use, value_for, written
from backproof.reading.binding import given_in, parameters_of
from backproof.reading.chosen import chosen_activation
from backproof.reading.passed import as_called
from backproof.reading.recipes import PROBE, Reader, Unbound
from backproof.reading.usage import role_of_data

FORWARD = re.compile(
    r"(?:[fl]_?)?(?:model_?)?(?:forward|feed_?for?ward|fwd|predict|propagat|hypothesis|compute_output|"
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


def returned_names(function: ast.FunctionDef) -> list[str]:
    """The names in the function's last `return`, the keys of a dict among them."""
    value = updates.returned_value(function)
    found: list[str] = []
    for part in () if value is None else ast.walk(value):
        if isinstance(part, ast.Name):
            found.append(part.id)
        elif isinstance(part, ast.Attribute):
            found.append(part.attr.strip("_"))
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


def _listed_in(function: ast.FunctionDef, name: str) -> list[str]:
    """What a function puts into a tuple under a name: `cache = (Z1, A1, W1, b1)`."""
    for node in updates.own_nodes(function.body):
        if isinstance(node, ast.Assign) and updates.last_word(node.targets[0]) == name:
            return _words(node.value)
    return []


def _taken_from(function: ast.FunctionDef, name: str) -> list[str]:
    """What a function takes out of a tuple: `(Z1, A1, W1, b1) = cache`."""
    for node in updates.own_nodes(function.body):
        if isinstance(node, ast.Assign) and ast.unparse(node.value) == name:
            return _words(node.targets[0])
    return []


def _words(node: ast.expr) -> list[str]:
    """The names in a tuple of names; empty for anything else."""
    if not isinstance(node, ast.Tuple) or not all(isinstance(one, ast.Name) for one in node.elts):
        return []
    return [updates.last_word(one) for one in node.elts]


def _layer_of(name: str) -> float:
    """The layer that a result is of: of A1, A2 and A3 the last is meant, and yhat is after all."""
    number = re.search(r"\d+$", name)
    return float(number[0]) if number else math.inf


def _is_prediction(name: str, function: ast.FunctionDef, read: Reader) -> bool:
    """Whether what is called like the labels is the prediction: `loss(y, t)`, `y = predict(x)`.

    Of two that are called so one has to be. The file's own calls tell which, also those of another
    function that takes the two; where there are none, it is the `y` from which a `t` is subtracted,
    or of which the logarithm is taken.
    """
    labels = _labels(function)
    if name not in labels or len(labels) != 2:
        return False
    alike = [
        scope.function
        for scope in read.found
        if scope.function is not None and _labels(scope.function) == labels
    ]
    predicted = {
        one for one in labels if any(_is_passed_prediction(one, other, read) for other in alike)
    }
    if len(predicted) == 1:
        return name in predicted
    if name != "y" or "t" not in labels:
        return False
    nodes = list(ast.walk(function))
    subtracted = any(isinstance(node, ast.BinOp) and ast.unparse(node) == "y - t" for node in nodes)
    return subtracted or any(
        isinstance(node, ast.Call) and _LOG_OF_Y.fullmatch(ast.unparse(node)) for node in nodes
    )


def _labels(function: ast.FunctionDef) -> set[str]:
    return {one for one, _, _ in parameters_of(function) if roles.role(one) == "y"}


def _is_passed_prediction(name: str, function: ast.FunctionDef, read: Reader) -> bool:
    """Whether a call in the file passes what a forward pass has returned."""
    listed = [one for one, _, _ in parameters_of(function) if one != "self"]
    for scope in read.found:
        nodes = [node for statement in scope.body for node in ast.walk(statement)]
        made = {
            ast.unparse(node.targets[0])
            for node in nodes
            if isinstance(node, ast.Assign) and _runs_forward(node.value)
        }
        for node in nodes:
            if isinstance(node, ast.Call) and patterns.called(node) == function.name:
                value = given_in(node, listed).get(name)
                if value is not None and (ast.unparse(value) in made or _runs_forward(value)):
                    return True
    return False


def _runs_forward(value: ast.expr) -> bool:
    return FORWARD.match(patterns.called(value).lower().strip("_")) is not None


_LOG_OF_Y = re.compile(r"\w*\.?\w*log\w*\(y\b.*\)")


class Composer:
    """The statements before a call, and what they have made so far."""

    def __init__(self, read: Reader, owner: ast.ClassDef | None) -> None:
        self.read = read
        self.owner = owner
        self.lines: list[str] = []
        self.made: dict[str, str] = {}  # what a result is called in its function: our variable
        self.done: set[str] = set()
        self.listed: dict[str, list[str]] = {}  # what is in a tuple that was made

    def arguments(self, function: ast.FunctionDef, skip: int, deep: int = 0) -> str:
        """The arguments for a call; raises `Unbound` for what nothing is known of."""
        return written(
            parameters_of(function)[skip:],
            lambda name, default: self._value(name, function, default, deep),
            "",
            "what that is could not be read from its name or from what the other functions return; "
            "give it a default, or let a loop of the file call it with what it takes",
        )

    def _value(self, name: str, function: ast.FunctionDef, default: bool, deep: int) -> str | None:
        if deep < _DEPTH and _is_prediction(name, function, self.read):
            self._produce("yhat", function, deep)
            value = self._among_made("yhat")
            if value is not None:
                return value
        is_result = _YHAT.fullmatch(name.lower()) or _CACHE.fullmatch(name.lower())
        is_size = roles.role(name) in ("d", "h", "k", "dims")
        if is_size and role_of_data(name, [function]) is not None and not default:
            # `H` may be the size of a hidden layer, or what that gives: then it is multiplied.
            value = self.made.get(name) or self._held_by_forward(name, function, deep)
            if value is not None:
                return value
        if not is_result or is_size:
            value = value_for(name, function, self.read, default)
            if value is not None:
                return value
        if default:
            return None
        if name in self.made:
            return self.made[name]
        if deep < _DEPTH:
            self._produce(name, function, deep)
        found = self._by_parts(name, function) or self._among_made(name)
        found = found or self._held_by_forward(name, function, deep)
        found = found or value_for(name, function, self.read, default)
        found = found or as_called(name, function, self.read)
        found = found or data_by_use(name, function, self.read) or anything(name, function)
        return found or chosen_activation(name, self.read)

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

    def _held_by_forward(self, name: str, function: ast.FunctionDef, deep: int) -> str | None:
        """What the forward pass calls so and does not return: `self.A1`, or a variable of its own.

        Whoever calls `backward(X, y, A1, A2)` has it from there, by that name.
        """
        if deep >= _DEPTH or roles.is_data(name) or names.parameter(name) is not None:
            return None
        for scope in self.read.found:
            other = scope.function
            if (
                other is None
                or other is function
                or scope.owner is not self.owner
                or other.name in self.read.known
                or FORWARD.match(other.name.lower().strip("_")) is None
                or name in [one for one, _, _ in parameters_of(other)]  # it has it from others
            ):
                continue
            set_there = {
                ast.unparse(target)
                for statement in other.body
                if isinstance(statement, ast.Assign)
                for target in statement.targets
            }
            if f"self.{name}" in set_there and (other.name in self.done or self.call(other, deep)):
                return f"__self.{name}"
            if name in set_there:
                with contextlib.suppress(Unbound):
                    arguments = self.arguments(other, 0 if self.owner is None else 1, deep + 1)
                    target = callee(self.owner, other)
                    return f"{PROBE}.local({name!r}, {target}, {arguments})"
        return None

    def _by_parts(self, name: str, function: ast.FunctionDef) -> str | None:
        """A cache put together anew, where what is taken out of it is only a part of what is in."""
        made, wanted = self._among_made(name), _taken_from(function, name)
        listed = self.listed.get(made or "", [])
        if made is None or not wanted or wanted == listed or not set(wanted) <= set(listed):
            return None
        return f"({', '.join(f'{made}[{listed.index(word)}]' for word in wanted)},)"

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
                or other.name in self.read.known  # of parameters that are others by then
                or updates.returned_value(other) is None
            ):
                continue
            if scope.owner is not None and scope.owner is not self.owner:
                continue
            if names.is_backward(other.name) and not FORWARD.match(other.name.lower()):
                continue
            returned = [one.lower() for one in returned_names(other)]
            forward = FORWARD.match(other.name.lower().strip("_")) is not None
            if name.lower() in returned:
                yield (0 if forward else 1), other
            elif forward:
                yield 2, other

    def call(self, function: ast.FunctionDef, deep: int = 0) -> bool:
        """Call a function of the file and keep its results under the names it returns."""
        kept = list(self.lines), dict(self.made)
        self.done.add(function.name)
        owner = self.owner if self.owner is not None and function in self.owner.body else None
        try:
            arguments = self.arguments(function, 0 if owner is None else 1, deep)
        except Unbound:
            self.lines, self.made = kept
            return False
        results = self._results(function)
        variables = [f"__{function.name}_{place}" for place in range(len(results))]
        self.lines.append(f"{', '.join(variables)} = {callee(owner, function)}({arguments})")
        self.made.update(zip(results, variables, strict=True))
        for name, variable in zip(results, variables, strict=True):
            self.listed[variable] = _listed_in(function, name)
            for key in _keys_in(function, name):
                self.made.setdefault(key, f"{variable}[{key!r}]")
        if len(results) == 1:
            self.made.setdefault("*", variables[0])
        return True

    def _results(self, function: ast.FunctionDef) -> list[str]:
        value = updates.returned_value(function)
        if isinstance(value, ast.Tuple):
            unpacked = self._unpacked_as(function, len(value.elts))
            found = [
                updates.last_word(one).strip("_")
                if isinstance(one, ast.Name | ast.Attribute | ast.Subscript)
                else ("cache" if isinstance(one, ast.Dict | ast.Tuple | ast.List) else name)
                for one, name in zip(value.elts, unpacked, strict=True)
            ]
            nameless = [place for place, name in enumerate(found) if not name]
            result = nameless[-1] if nameless else None  # the later one is made of the others
            return [
                name or ("yhat" if place == result else f"_{place}")
                for place, name in enumerate(found)
            ]
        word = updates.last_word(value) if isinstance(value, ast.Name | ast.Attribute) else ""
        return [word or "yhat"]

    def _unpacked_as(self, function: ast.FunctionDef, count: int) -> list[str]:
        """What the file calls the results of a function: `A1, P = forward(X)`; empty if nothing."""
        found = [""] * count
        for node in ast.walk(self.read.program.tree):
            if (
                isinstance(node, ast.Assign)
                and patterns.called(node.value) == function.name
                and isinstance(node.targets[0], ast.Tuple)
                and len(node.targets[0].elts) == count
            ):
                words = [updates.last_word(one).strip("_") for one in node.targets[0].elts]
                found = [one or word for one, word in zip(found, words, strict=True)]
        return found
