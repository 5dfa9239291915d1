"""Functions from where they stand inside of others, and from lambdas, as functions of the file.

`grad = lambda w, X, y: ...` is a function of that name. So is the `f` of `def make(X, y): ...
def f(w): ...; return f`, which takes what `make` does as well. Syntax only; nothing else changes.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence

from backproof.reading import names, patterns, syntax, updates
from backproof.reading.binding import defaults_of, parameters_of
from backproof.reading.scopes import is_main_guard
from backproof.reading.slices import bound, free

_SCOPED = (ast.Global, ast.Nonlocal, ast.Yield, ast.YieldFrom, ast.Await)


def lifted(tree: ast.Module) -> ast.Module:
    """The same module with its lambdas defined, and functions inside of functions beside them."""
    new = copy.deepcopy(tree)
    new.body = [_defined(one) for one in new.body]
    for guarded in filter(is_main_guard, new.body):
        guarded.body = [_defined(one) for one in guarded.body]
    taken = {name for statement in new.body for name in bound(statement)}
    found: list[ast.stmt] = []
    for statement in new.body:
        found.append(statement)
        if isinstance(statement, ast.FunctionDef):
            found += [one for one in _inside(statement) if one.name not in taken]
    new.body = [*found, *_together(found)]
    return new


def _together(body: Sequence[ast.stmt]) -> Iterator[ast.FunctionDef]:
    """A function that gives what `grad_w` and `grad_b` do, where nothing calls these.

    They give one gradient each, under their own names, of the same parameters.
    """
    functions = [one for one in body if isinstance(one, ast.FunctionDef)]
    called = {patterns.called(node) for one in body for node in ast.walk(one)}
    slopes = [
        one
        for one in functions
        if names.gradient(one.name) is not None
        and one.name not in called
        and not isinstance(updates.returned_value(one), ast.Tuple | ast.Dict | type(None))
    ]
    taken = {ast.unparse(one.args) for one in slopes}
    if len(slopes) < 2 or len(taken) != 1:
        return
    listed = ", ".join(name for name, _, _ in parameters_of(slopes[0]))
    calls = ", ".join(f"{one.name!r}: {one.name}({listed})" for one in slopes)
    text = f"def {'_and_'.join(one.name for one in slopes)}({listed}):\n    return {{{calls}}}"
    (made,) = syntax.parsed(text).body
    assert isinstance(made, ast.FunctionDef)
    for part in ast.walk(made):
        ast.copy_location(part, slopes[0])
    yield made


def _defined(statement: ast.stmt) -> ast.stmt:
    """`def f(w): return ...` for `f = lambda w: ...`."""
    if not (
        isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Lambda)
        and len(statement.targets) == 1
        and isinstance(statement.targets[0], ast.Name)
    ):
        return statement
    result = ast.copy_location(ast.Return(statement.value.body), statement.value.body)
    made = ast.FunctionDef(statement.targets[0].id, statement.value.args, [result], [])
    return ast.fix_missing_locations(ast.copy_location(made, statement))


def _inside(outer: ast.FunctionDef) -> Iterator[ast.FunctionDef]:
    """The functions inside of one that takes no step itself, with what they need of it."""
    body = [_defined(one) for one in outer.body]
    inner = [one for one in body if isinstance(one, ast.FunctionDef)]
    if any(updates.updates(outer.body)) or outer.args.vararg or outer.args.kwarg:
        return
    for function in inner:
        plain = not any(isinstance(node, _SCOPED) for node in ast.walk(function))
        if plain and not any(updates.updates(function.body)) and not function.args.vararg:
            yield _lifted(function, outer, body)


def _lifted(
    function: ast.FunctionDef, outer: ast.FunctionDef, body: Sequence[ast.stmt]
) -> ast.FunctionDef:
    before: list[ast.stmt] = []
    wanted = {*free(function)}
    # Siblings that are defined later are there as well when it is called.
    for statement in reversed([one for one in body if one is not function]):
        if isinstance(statement, ast.FunctionDef | ast.Assign) and bound(statement) & wanted:
            before.insert(0, statement)
            wanted |= free(statement)
    given = [one for one in parameters_of(outer) if one[0] in wanted]
    made = copy.deepcopy(function)
    arguments, own = made.args, {name for name, _, _ in parameters_of(function)}
    defaults = defaults_of(outer.args)
    for name, default, _ in given:
        if name in own:
            continue
        argument = ast.copy_location(ast.arg(name), function)
        if default or arguments.defaults or arguments.kwonlyargs:
            arguments.kwonlyargs.append(argument)
            arguments.kw_defaults.append(defaults.get(name))
        else:
            arguments.args.append(argument)
    made.body = [*map(copy.deepcopy, before), *made.body]
    return made
