"""Our inputs in the place of those that a script or a function loads or makes for itself.

What only served to make its own is left out.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Container, Mapping, Sequence

from backproof.reading import patterns, roles, scopes, updates
from backproof.reading.arguments import SIMPLE
from backproof.reading.binding import parameters_of
from backproof.reading.constants import counts_in
from backproof.reading.drivers import DEFINITION, is_function, is_number, strength, used_by
from backproof.reading.files import with_ours
from backproof.reading.passed import is_object
from backproof.reading.recipes import PROBE, Reader, located
from backproof.reading.scopes import Loop
from backproof.reading.slices import bound, entering, loaded
from backproof.reading.usage import is_list_of_pairs, role_of_cut, role_of_data

_SHAPED = re.compile(
    r"ones|c_\[|hstack|vstack|stack|concatenate|insert|append|reshape\(\s*-1, 1|newaxis|None\]"
    r"|reshape\(1, -1|eye\(|one_?hot"
)

OURS = {**SIMPLE, "pairs": f"{PROBE}.pairs"}


def prelude(read: Reader, loop: Loop, body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of a script up to its loop that it needs, with our inputs for its own."""
    own = _data_by_use(read, loop) | dict.fromkeys(counts_in(read), "n")
    kept = _kept(with_ours(body, read), read, own)
    return [*given_inputs(read, kept, loop, own), *kept]


def _data_by_use(read: Reader, loop: Loop) -> dict[str, str]:
    """What the loop uses as inputs or labels and no name says so, with the role of each."""
    made = {name for statement in loop.body for name in bound(statement)}
    used = {name for statement in loop.body for name in loaded(statement)} - made
    missing = {"x", "y"} - {str(roles.role(name)) for name in used}
    plain = [one for one in read.script if not isinstance(one, DEFINITION)]
    drawn = {name for statement in plain for name in bound(statement)} & used
    nameless = [
        name
        for name in sorted(drawn)
        if (roles.role(name) is None or _is_array(name, plain))
        and updates.WEIGHT_LIKE.fullmatch(name.lower()) is None
    ]
    pairs = [name for name in nameless if _are_pairs(name, loop)]
    if len(pairs) == 1 and len(missing) == 2:
        return {pairs[0]: "pairs"}
    found = {
        name: role
        for name in nameless
        if (role := role_of_cut(name, loop.body) or role_of_data(name, loop.body)) in missing
    }
    return found if len(set(found.values())) == len(found) else {}  # which is which is not known


# What makes an array, given at least as many arguments.
_ARRAYS = dict.fromkeys(("array", "zeros", "ones", "empty", "rand", "randn", "random"), 1)
_ARRAYS |= dict.fromkeys(("randint", "normal", "uniform"), 3)


def _is_array(name: str, script: Sequence[ast.stmt]) -> bool:
    """Whether what is a size by its name is made an array: `D_in = np.array(...)`."""
    makers = [one for one in script if isinstance(one, ast.Assign) and name in bound(one)]
    return roles.role(name) in ("n", "d", "h", "k") and any(
        isinstance(node, ast.Call)
        and len(node.args) + len(node.keywords) >= _ARRAYS.get(patterns.called(node), math.inf)
        for one in makers
        for node in ast.walk(one.value)
    )


def _are_pairs(name: str, loop: Loop) -> bool:
    """Whether a loop goes through it by inputs and labels: `for position, move in games`."""
    for node in ast.walk(loop):
        if isinstance(node, ast.For) and ast.unparse(node.iter) == name:
            parts = node.target.elts if isinstance(node.target, ast.Tuple) else []
            words = [one.id for one in parts if isinstance(one, ast.Name)]
            found = [roles.role(word) or role_of_data(word, node.body) for word in words]
            if found == ["x", "y"]:
                return True
    return False


def given_inputs(
    read: Reader, kept: Sequence[ast.stmt], like: ast.AST, own: Mapping[str, str] | None = None
) -> list[ast.stmt]:
    """The statements that give what a script's statements look up our inputs, where `like` is.

    `own` has the roles of what is data though no name says so.
    """
    here = {name for statement in kept for name in loaded(statement)}
    used = here | used_by(read, here)
    defined = {*read.functions, *read.classes}
    given = {
        name
        for name in used - defined
        if roles.is_data(name) and not (is_function(read, name) or is_number(read, name))
    }
    made = {name for statement in kept for name in bound(statement)}
    given |= {name for name in used - made if strength(read, name) is not None}
    values = {name: OURS[role] for name, role in (own or {}).items() if name in used}
    meant = {name: strength(read, name) or roles.role(name) for name in sorted(given)}
    values |= {name: SIMPLE[str(role)] for name, role in meant.items()}
    values |= {name: OURS["pairs"] for name in given if is_list_of_pairs(name, kept, read)}
    return [located(f"{name} = {value}", like) for name, value in values.items()]


def passed_objects(read: Reader, body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The script's statements that make the objects which a driver passes on, for each run anew."""
    passed = {name for statement in body for name in loaded(statement) if is_object(name, read)}
    if not passed:
        return []
    kept = making(read.script, passed, read)
    return [*given_inputs(read, kept, body[0]), *kept]


def with_data(function: ast.FunctionDef, read: Reader) -> None:
    """Put our inputs into a function that makes its own; one that takes them is left as it is.

    So are parameters and sizes that it reads from files.
    """
    function.body = with_ours(function.body, read)
    if any(roles.is_data(name) for name, _, _ in parameters_of(function)):
        return
    for place, statement in enumerate(function.body):
        data = {name for name in bound(statement) if roles.is_data(name)}
        trains = scopes.calls([statement]) & set(read.known)
        if (
            data
            and not trains
            and isinstance(statement, ast.Assign | ast.AnnAssign)
            and not loaded(statement) & data
        ):
            function.body[place : place + 1] = [
                located(f"{name} = {SIMPLE[str(roles.role(name))]}", statement)
                for name in sorted(data)
            ]
    start = next(
        (place for place, one in enumerate(function.body) if f"{PROBE}.give(" in ast.unparse(one)),
        len(function.body),
    )
    tail = function.body[start:]
    needed = {name for statement in tail for name in loaded(statement)}
    function.body = [*making(function.body[:start], needed), *tail]


def _kept(statements: Sequence[ast.stmt], read: Reader, own: Mapping[str, str]) -> list[ast.stmt]:
    """Of a script's statements those that its instrumented loop needs, and the loop."""
    place = next(
        (
            place
            for place, one in enumerate(statements)
            if isinstance(one, ast.For | ast.While) and f"{PROBE}." in _header(one)
        ),
        0,
    )
    while place > 0 and PROBE in ast.unparse(statements[place - 1]):
        place -= 1
    tail = list(statements[place:])
    needed = entering(tail)
    return [*making(statements[:place], needed | used_by(read, needed), read, own), *tail]


def _header(loop: ast.For | ast.While) -> str:
    return ast.unparse(loop.iter if isinstance(loop, ast.For) else loop.test)


def making(
    statements: Sequence[ast.stmt],
    needed: set[str],
    read: Reader | None = None,
    data: Container[str] = (),
) -> list[ast.stmt]:
    """The statements that make what is needed, but for inputs; definitions come by themselves.

    Inputs are what names say, and `data`.
    """
    kept: list[ast.stmt] = []
    computed = _computed(statements)
    for statement in reversed(statements):
        names = bound(statement)
        wanted = names & needed
        own = f"{PROBE}." in ast.unparse(statement)
        if read is None and not names:
            kept.append(statement)  # in a function: a check, a seed
            continue
        if not wanted or (isinstance(statement, DEFINITION) and read is not None):
            continue
        only_data = all(roles.is_data(one) or one in data for one in wanted - computed)
        sizes = read is not None and any(is_number(read, one) for one in wanted)
        if only_data and not (own or sizes or wanted & computed or _remakes(statement, wanted)):
            continue
        kept.append(statement)
        needed |= loaded(statement)
        if read is not None:
            needed |= used_by(read, needed)
    return kept[::-1]


def _computed(statements: Sequence[ast.stmt]) -> set[str]:
    """The variables that are made of exchanged parameters: an `output` that is no label."""
    found: set[str] = set()
    for statement in statements:
        exchanged = isinstance(statement, ast.Assign) and patterns.called(statement.value) in (
            "give",
            "gift",
        )
        if exchanged or loaded(statement) & found:
            found |= bound(statement)
    return found


def _remakes(statement: ast.stmt, data: frozenset[str]) -> bool:
    """Whether a statement gives data another form: `X = np.c_[ones, X]`.

    What only scales or turns the file's own data is not needed for ours.
    """
    if not _SHAPED.search(ast.unparse(statement)):
        return False
    plain = isinstance(statement, ast.Assign) and all(
        isinstance(target, ast.Name) for target in statement.targets
    )
    return plain and bool(loaded(statement) & data)
