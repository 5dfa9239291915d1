"""Recipes for scripts that go straight through one forward and one backward pass, without a loop.

Their parameters are exchanged where they are set up. Judged are the gradients that stand in
variables, or else the changes that are to be added to the parameters.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from backproof.reading import names, patterns, roles, updates
from backproof.reading.drivers import driver_of, needed
from backproof.reading.inputs import given_inputs, making
from backproof.reading.recipes import PROBE, Reader, Recipe, located, parsed
from backproof.reading.roots import is_drawn
from backproof.reading.slices import bound

_CHANGE = re.compile(r"(?:del(?:ta)?|change|update)s?_?(?:in_)?(?P<of>.+)")


def passes(read: Reader) -> list[Recipe]:
    """The script's backward pass, if it assigns gradients, or changes, to variables."""
    setup = _parameters(read.script)
    gradients = _assigned(read.script, lambda name: names.gradient(name) is not None)
    if gradients and setup:
        return [_recipe(read, setup, gradients, {})]
    changes = _assigned(read.script, lambda name: _changed(name, setup) is not None)
    if changes and _assigned(read.script, roles.is_rate):
        return [
            _recipe(read, setup, changes, {name: str(_changed(name, setup)) for name in changes})
        ]
    return []


def _recipe(
    read: Reader,
    setup: Mapping[str, int],
    wanted: Mapping[str, int],
    changes: Mapping[str, str],
) -> Recipe:
    """The recipe for the variables wanted, or for those that are changes of which parameter."""
    known = all(names.parameter(name) is not None for name in setup)
    first, last = min(wanted.values()), max(wanted.values())
    steps = set(_assigned(read.script, roles.is_rate)) if changes else set()
    judged = {tensor for name in wanted if (tensor := names.gradient(name)) is not None}
    body: list[ast.stmt] = []
    for place, statement in enumerate(read.script[: last + 1]):
        body.append(copy.deepcopy(statement))
        for name in sorted(bound(statement)):
            if setup.get(name) == place:
                ours = f"{PROBE}.gift({name!r})" if known else f"{PROBE}.give({name!r}, {name})"
                if not changes and names.parameter(name) not in judged:
                    ours = f"0 * {name}"  # without a gradient, so the model is one without it
                body.append(located(f"{name} = {ours}", statement))
            elif name in steps:
                body.append(located(f"{name} = {PROBE}.rate", statement))
    like = read.script[first]
    kept = making(body, {*wanted, *_losses(read.script[: last + 1])}, read)
    after = [f"{name} = {name} + {change}" for change, name in changes.items()]
    held = ", ".join(f"{name!r}: {name}" for name in changes.values())
    after.append(f"{PROBE}.take({{{held}}}, globals())" if changes else f"{PROBE}.note(globals())")
    by_name = ", ".join(f"{name!r}: {name}" for name in wanted)
    result = [] if changes else [parsed(f"return {{{by_name}}}")]
    whole = [*given_inputs(read, kept, like), *kept, *(located(one, like) for one in after)]
    made = {name for statement in whole for name in bound(statement)}
    driver = driver_of([*whole, *result], made)
    return Recipe(
        f"the backward pass in line {like.lineno}",
        like.lineno,
        needed(read, driver, {}),
        frozenset(setup),
        frozenset(steps),
        updates=bool(changes),
        returns=None if changes else driver,
        single=any(True for _ in _examples(read.script, 0)),
    )


def _parameters(script: Sequence[ast.stmt]) -> dict[str, int]:
    """The parameters that the script sets up, and with which of its statements."""
    found: dict[str, int] = {}
    for place, statement in enumerate(script):
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            like = updates.WEIGHT_LIKE.fullmatch(name.lower()) and names.gradient(name) is None
            if (names.parameter(name) is not None or like) and _is_set_up(statement.value):
                found.setdefault(name, place)
    return found


def _is_set_up(value: ast.expr) -> bool:
    literal = patterns.called(value) in ("array", "asarray", "matrix") and not any(
        isinstance(part, ast.Subscript) for part in ast.walk(value)
    )
    return literal or is_drawn(value)


def _assigned(script: Sequence[ast.stmt], means: Callable[[str], bool]) -> dict[str, int]:
    """The variables of a meaning that the script assigns, and with which of its statements."""
    return {
        target.id: place
        for place, statement in enumerate(script)
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name) and means(target.id)
    }


def _losses(script: Sequence[ast.stmt]) -> set[str]:
    return set(_assigned(script, names.is_loss))


def _changed(name: str, setup: Mapping[str, int]) -> str | None:
    """The parameter that a variable is the change of: `del_w`, `delta_weights_hidden_output`."""
    match = _CHANGE.fullmatch(name.lower())
    of = "" if match is None else match["of"].replace("weights", "weight")
    return next((one for one in setup if one.lower().replace("weights", "weight") == of), None)


def is_of_one(script: Sequence[ast.stmt]) -> bool:
    """Whether the script's own inputs are one example: `x = np.array([1, 2])`, or `[[1, 2]]`."""
    return any(True for deep in (0, 1) for _ in _examples(script, deep))


def _examples(script: Sequence[ast.stmt], deep: int) -> Iterator[ast.List]:
    """The lists of numbers that the script's inputs are, inside of so many others."""
    for statement in script:
        if (
            isinstance(statement, ast.Assign)
            and roles.role(updates.last_word(statement.targets[0])) == "x"
            and isinstance(statement.value, ast.Call)
        ):
            listed = next(iter(statement.value.args), None)
            for _ in range(deep):
                inner = listed.elts if isinstance(listed, ast.List) else []
                listed = inner[0] if len(inner) == 1 else None
            if isinstance(listed, ast.List) and all(
                patterns.number(one) is not None for one in listed.elts
            ):
                yield listed
