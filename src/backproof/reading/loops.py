"""Recipes for training loops: the loop turns once, on our parameters instead of the file's own."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterable, Sequence

from backproof.reading import names, patterns, rates, roles, scopes, syntax, updates
from backproof.reading.arguments import bound_arguments, callee, instance
from backproof.reading.drivers import OURS, driver_of, needed, with_globals
from backproof.reading.inputs import passed_objects, prelude, with_data
from backproof.reading.objects import completing, filled_by_script, prepared, starter_of
from backproof.reading.recipes import (
    PROBE,
    Reader,
    Recipe,
    Unbound,
    located,
    parsed,
)
from backproof.reading.roots import (
    bound_before,
    declared_globals,
    keys_of,
    left_alone,
    reached,
    roots_of,
)
from backproof.reading.scopes import Loop, Scope
from backproof.reading.slices import bound
from backproof.reading.updates import held_in
from backproof.reading.usage import is_table


def training(read: Reader) -> list[Recipe]:
    """The loops of the file in which it trains: those of functions, or else of the script."""
    with_loops = [
        (scope, loop)
        for scope in read.found
        if (loop := scopes.training_loop(scope, set(read.known))) is not None
    ]
    own = [pair for pair in with_loops if pair[0].function is not None]
    # A loop that only calls another one that trains adds nothing.
    inner = {scope.function.name for scope, _ in own if scope.function}
    chosen = [(scope, loop) for scope, loop in own if not scopes.calls(loop.body) & inner] or [
        pair for pair in with_loops if pair[0].function is None
    ]
    recipes = []
    for scope, loop in chosen:
        try:
            recipes.append(_trained(read, scope, loop))
        except Unbound as error:
            name, line = _title(scope, loop), loop.lineno
            recipes.append(Recipe(name, line, (), frozenset(), question=str(error)))
    return recipes


def _title(scope: Scope, loop: Loop | None) -> str:
    return scope.name or f"the loop in line {loop.lineno if loop else scope.line}"


def _trained(read: Reader, scope: Scope, loop: Loop) -> Recipe:
    if _scales_labels(loop):
        raise Unbound("scales its labels in the loop in which it trains")
    if rates.is_no_multiple(reached(read, scope, loop)):
        raise Unbound(
            "takes steps that are no multiples of the gradient, as Adam and Newton's method do"
        )
    loops = scopes.updating_loops(loop, set(read.known))
    bodies = reached(read, scope, loop)
    steps = [one for body in bodies for one in updates.updates(body)]
    if _draws_anew(scope, loops, steps):
        raise Unbound(
            f"draws its parameters anew in each turn of the loop in line {loop.lineno}, once for "
            "each class perhaps; put what trains one of them into a function of its own"
        )
    wanted = {one.word for one in steps} | keys_of(read) | _renewed(read, loop)
    wanted |= left_alone(scope, bodies) | {word for body in bodies for word in held_in(body)}
    known_rates = {word for body in bodies for word in rates.rate_names(body, read.program.tree)}
    known_rates -= read.shrinkage.named
    roots = roots_of(read, scope, loops, wanted)
    momentum = rates.momentum_of(bodies)
    if not any(_assigned_in(scope, loops[0], name) for name in known_rates) or (
        momentum and not _assigned_in(scope, loops[0], momentum)
    ):
        momentum = ""
    divisor = scopes.divisor_of_batches(loops, bodies)
    if "." not in divisor and not _assigned_in(scope, loops[0], divisor):
        divisor = ""
    once = _instrumented(read, scope, loops, roots, known_rates, momentum, divisor)
    replaced: dict[int, ast.stmt] = {}
    if scope.function is None:
        body = prelude(read, loop, once)
        driver = driver_of(body, {name for statement in body for name in bound(statement)})
    else:
        new = copy.deepcopy(scope.function)
        new.body = once
        declared = [name for name in declared_globals(read, scope, loop) if name in roots]
        if declared:
            new.body.insert(0, located(f"global {', '.join(declared)}", new))
            for statement in new.body[1:]:
                _without_global(statement, set(declared))
        with_data(new, read)
        starter, body = _calling(read, scope, new)
        body = [*(made := passed_objects(read, body)), *body]
        driver = with_globals(read, body, {name for one in made for name in bound(one)})
        replaced = {id(scope.function): new}
        if starter is not None:
            replaced[id(starter)] = _up_to(starter, new.name)
    statements = needed(read, driver, replaced)
    return Recipe(
        _title(scope, loop),
        scope.line if scope.function else loop.lineno,
        statements,
        frozenset(wanted),
        frozenset(known_rates),
        _fixed_rate(read, bodies, steps, known_rates),
        disturbed=rates.is_disturbed(bodies, known_rates, by_velocity=not momentum),
        momentum=momentum,
        single=scopes.is_one_at_a_time(loops)
        or any(scopes.takes_one(body) for body in bodies[1:])
        or any(f"{PROBE}.pairs" in ast.unparse(one) for one in statements[-1:])
        or _goes_by_row(scope, loops),
        batch=None if divisor else scopes.batch_size(loops, read.program.tree),
        divisor=divisor,
    )


def _draws_anew(scope: Scope, loops: Sequence[Loop], steps: Sequence[updates.Update]) -> bool:
    """Whether all that is moved is drawn inside of the outer loop: `for c in classes: w = ...`."""
    if len(loops) < 2 or not steps:
        return False
    before = bound_before(scope.body, loops[0])
    inside = bound_before(loops[0].body, loops[1])
    return all(
        isinstance(one.target, ast.Name) and one.base in inside and one.base not in before
        for one in steps
    )


def _goes_by_row(scope: Scope, loops: Sequence[Loop]) -> bool:
    """Whether the innermost loop goes through the rows of a table, labels in the last column."""
    return (
        scope.function is not None
        and isinstance(loops[-1], ast.For)
        and isinstance(loops[-1].iter, ast.Name)
        and is_table(loops[-1].iter.id, scope.function)
    )


def _renewed(read: Reader, loop: Loop) -> set[str]:
    """The parameters that the loop takes from a function which updates: `W, b = update(W, b)`."""
    return {
        part.id
        for node in ast.walk(loop)
        if isinstance(node, ast.Assign) and patterns.called(node.value) in read.known
        for part in ast.walk(node.targets[0])
        if isinstance(part, ast.Name) and names.parameter(part.id) is not None
    }


def _scales_labels(loop: Loop) -> bool:
    """`targets = targets / 100`: what it learns then are other labels than those it is given."""
    return any(
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.BinOp)
        and isinstance(node.value.op, ast.Div)
        and patterns.number(node.value.right) not in (None, 1.0)
        and any(roles.role(updates.last_word(target)) == "y" for target in node.targets)
        for node in ast.walk(loop)
    )


def _fixed_rate(
    read: Reader,
    bodies: Sequence[Sequence[ast.stmt]],
    steps: Sequence[updates.Update],
    known_rates: set[str],
) -> float | None:
    """The learning rate where none is passed: by the file's own call or default, or a factor."""
    if not known_rates:
        return rates.literal_rate(steps)
    definitions = {s.function.name: s.function for s in read.found if s.function is not None}
    fixed = rates.fixed_rates(bodies, definitions)
    return fixed.pop() if len(fixed) == 1 else None


def _without_global(statement: ast.stmt, names_: set[str]) -> None:
    """Take names out of a `global` statement, because they are declared already."""
    if isinstance(statement, ast.Global):
        statement.names = [name for name in statement.names if name not in names_] or ["__none"]


def _instrumented(
    read: Reader,
    scope: Scope,
    loops: Sequence[Loop],
    roots: Sequence[str],
    rate_names: Iterable[str],
    momentum: str,
    divisor: str,
) -> list[ast.stmt]:
    """The body of the scope with the probe around its loop, and nothing after it.

    A momentum is set to a half, and the rate is doubled: from zero velocity a step of one half of
    the gradient then is the rate times the gradient, to the last bit.
    """
    body = copy.deepcopy(list(scope.body))
    keys = {_place(loop) for loop in loops}
    strengths = [
        name
        for statement in scope.body
        for name in sorted(bound(statement))
        if roles.role(name) in OURS or name in read.shrinkage.named
    ]
    local = [name for name in sorted(rate_names) if _assigned_in(scope, loops[0], name)]
    given = list(dict.fromkeys([*roots, *local, *strengths]))
    held = ", ".join(f"{name!r}: {name}" for name in roots)
    before = [f"{name} = {PROBE}.give({name!r}, {name})" for name in given]
    if divisor:
        before.append(f"{divisor} = {PROBE}.size('n')")
    if momentum:
        before += [f"{momentum} = 0.5", *(f"{name} = 2.0 * {name}" for name in local)]
    after = [f"{PROBE}.take({{{held}}}, {{**globals(), **locals()}})"]
    after += ["return"] if scope.function is not None else []

    def put(statements: list[ast.stmt]) -> bool:
        for place, statement in enumerate(statements):
            found = _place(statement) == _place(loops[0])
            if found:
                for node in ast.walk(statement):
                    if _place(node) in keys:
                        _once(node)
                    _measured(node)
                new = [located(text, statement) for text in before]
                last = [located(text, statement) for text in after]
                statements[place:] = [*new, statement, *last]
            elif isinstance(statement, ast.If | ast.Try | ast.With):
                found = any(
                    put(getattr(statement, part, [])) for part in ("body", "orelse", "finalbody")
                )
                if found:
                    del statements[place + 1 :]
            if found:
                return True
        return False

    put(body)
    return body


def _place(node: ast.AST) -> tuple[int, int] | None:
    if isinstance(node, ast.For | ast.While):
        return node.lineno, node.col_offset
    return None


def _once(loop: ast.AST) -> None:
    if isinstance(loop, ast.For):
        call = syntax.expression(f"{PROBE}.once(0)")
        assert isinstance(call, ast.Call)
        call.args = [loop.iter]
        ast.copy_location(call, loop.iter)
        ast.fix_missing_locations(call)
        loop.iter = call
    elif isinstance(loop, ast.While):
        test = syntax.expression(f"{PROBE}.first({loop.lineno}) and 0")
        assert isinstance(test, ast.BoolOp)
        test.values[1] = loop.test
        ast.copy_location(test, loop.test)
        ast.fix_missing_locations(test)
        loop.test = test


_MEASURED = re.compile(
    r"(?:\w+_)?acc(?:urac(?:y|ies))?(?:_(?:tr(?:ain)?|val|dev|te(?:st)?|now|\d+))?"
)


def _measured(node: ast.AST) -> None:
    """Let an accuracy be anything where the file's own labels, which are not ours, do not fit."""
    if not isinstance(node, ast.Assign):
        return
    word = updates.last_word(node.targets[0])
    sums = any(isinstance(part, ast.Name) and part.id == word for part in ast.walk(node.value))
    if _MEASURED.fullmatch(word) and not sums:
        call = syntax.expression(f"{PROBE}.measured(lambda: 0)")
        assert isinstance(call, ast.Call)
        assert isinstance(call.args[0], ast.Lambda)
        call.args[0].body = node.value
        ast.copy_location(call, node.value)
        ast.fix_missing_locations(call)
        node.value = call


def _assigned_in(scope: Scope, loop: Loop, name: str) -> bool:
    if scope.function is not None:
        arguments = scope.function.args
        if name in [a.arg for a in [*arguments.args, *arguments.kwonlyargs]]:
            return True
    return name in bound_before(scope.body, loop)


def _calling(
    read: Reader, scope: Scope, function: ast.FunctionDef
) -> tuple[ast.FunctionDef | None, list[ast.stmt]]:
    """The statements that call a function or method with what its parameters stand for.

    Where another method draws the parameters first, that is called instead, and given beside them.
    """
    assert scope.function is not None
    if scope.owner is None:
        return None, [parsed(f"return {callee(None, function)}({bound_arguments(function, read)})")]
    filled = filled_by_script(scope.owner, scope.function, read)
    made = instance(scope.owner, read) if filled is None else filled[0]
    before = prepared(scope.owner, scope.function, read)
    starter = starter_of(scope.owner, scope.function, before)
    run = starter or function
    before += completing(scope.owner, [run.name], before, parameters=False)
    static = any(
        isinstance(one, ast.Name) and one.id in ("staticmethod", "classmethod")
        for one in run.decorator_list
    )
    arguments = bound_arguments(run, read, skip=0 if static else 1)
    return starter, [
        *(() if filled is None else copy.deepcopy(filled[1])),
        parsed(f"__self = {made}"),
        *(parsed(line) for line in before),
        parsed(f"return {callee(scope.owner, run)}({arguments})"),
    ]


def _up_to(starter: ast.FunctionDef, name: str) -> ast.FunctionDef:
    """A function without what comes after the statement that calls another."""
    new = copy.deepcopy(starter)
    place = next(n for n, part in enumerate(new.body) if name in scopes.calls([part]))
    new.body = new.body[: place + 1]
    return new
