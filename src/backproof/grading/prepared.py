"""What of a submission is run: the graded functions and what they need, on the lines they were on.

Nothing is executed here. Plots, downloads and training runs are left out, and so is every import
that the sandbox does not have; in its place stands an object that takes every call.
"""

from __future__ import annotations

import ast
import contextlib
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from backproof.grading.assignment import Assignment
from backproof.grading.forms import quantities_in
from backproof.grading.held import Held, held
from backproof.reading import syntax
from backproof.reading.guards import replacement
from backproof.reading.program import Program
from backproof.reading.slices import bound, free

CALL: Final = "backproof_call"  # calls a function after what it needs beside its arguments is set
BARE: Final = "backproof_bare"  # calls a function of another program, as of that without guards
KEEP: Final = "backproof_keep"  # has a right function return the caches of another
_ANY_NAME: Final = frozenset({"eval", "exec", "globals", "locals", "vars"})
_THERE: Final = frozenset({*sys.stdlib_module_names, "numpy"})
_NOTEBOOK: Final = ("IPython", "ipywidgets")  # and google.colab
_NOTHING: Final = (
    "type('Nothing', (), {'__getattr__': lambda s, n: s, '__call__': lambda s, *a, **k: s, "
    "'__iter__': lambda s: iter(()), '__len__': lambda s: 0})()"
)
_Place: TypeAlias = tuple[int, int]  # the line and the column at which something begins
_LEFT_BYTES: Final = 1 << 20  # what else is called as a parameter must not crowd out the answer
# Stands at the end of what is run.
CALLING: Final = f"""

def {CALL}(name, told, *arguments):
    globals().update(told.get("globals", {{}}))
    if "seed" in told:
        __import__("random").seed(told["seed"])
        __import__("numpy").random.seed(told["seed"])
    arguments = [*arguments]
    for place, call, way in told.get("caches", ()):
        made = {CALL}(*call)
        for step in way:
            made = made[step]
        arguments[place] = made
    value = globals()[name](*arguments, **told.get("keywords", {{}}))
    if "left" in told:
        left = {{one: globals().get(one) for one in told["left"]}}
        told["left"] = {{
            one: value
            for one, value in left.items()
            if isinstance(value, (int, float))
            or (getattr(type(value), "__module__", "") == "numpy" and value.nbytes <= {_LEFT_BYTES})
        }}
    return value
"""


_KEEPING: Final = f"""

def {KEEP}(right, own):
    def fill(made, kept):
        if made is None:
            return kept
        if type(made) is tuple and len(made) == len(kept):
            return tuple(fill(*both) for both in zip(made, kept))
        return made

    def both(*arguments, **named):
        made = right(*arguments, **named)
        try:
            return fill(made, own(*arguments, **named))
        except Exception:
            return made

    return both

"""


class Prepared(NamedTuple):
    """A submission as it is run.

    Attributes:
        text: its program.
        bare: the same without small constants against a division by zero; None if it has none.
        guarded: the graded functions whose values one of these may move; all that give a loss.
        definitions: the same without statements that are no definitions, if it cannot be run.
        defined: the graded functions that it defines.
        held: those that stand inside of something, and where.
        imports: the modules outside of the assignment's that it imports, and where.
        body: its statements.
    """

    text: str
    bare: str | None
    guarded: frozenset[str]
    definitions: str
    defined: frozenset[str]
    held: Held
    imports: tuple[tuple[str, str], ...]
    body: Sequence[ast.stmt]

    @property
    def with_bare(self) -> str:
        """Its text, and that of `bare` for the functions that a guard may move."""
        assert self.bare is not None
        return self.text + calling(dict.fromkeys(self.guarded, self.bare))

    def uses(self, name: str) -> frozenset[str]:
        """What a function looks up outside of itself, directly or not."""
        reached = _needed(self.body, {self.held.classes.get(name, name)}, ())
        found = {one for statement in reached for one in free(statement)}
        if name in self.held.classes:  # what it calls there it looks up on its class
            found |= {one for one, of in self.held.classes.items() if of == self.held.classes[name]}
        return frozenset(found - {name})

    def with_right(self, text: str, solution: str, keeping: Collection[str] = ()) -> str:
        """A text of it in which the functions of `solution` stand for its own, also in classes.

        Those in `keeping` return beside it what they have of their own where that is free: a cache.
        """
        names = {
            one.name for one in syntax.parsed(solution).body if isinstance(one, ast.FunctionDef)
        }
        own = [
            f"{of}.{one} = staticmethod({one})"
            for one, of in self.held.classes.items()
            if one in names
        ]
        kept = [name for name in sorted(keeping) if name in self.defined]
        before = f"{KEEP}_own = {{{', '.join(f'{name!r}: {name}' for name in kept)}}}"
        after = [f"{name} = {KEEP}({name}, {KEEP}_own[{name!r}])" for name in kept]
        with_kept = [before, solution, _KEEPING, *after] if kept else [solution]
        return "\n".join([text, "", *with_kept, *own])


def calling(texts: Mapping[str, str]) -> str:
    """A function that calls others, each in the program that is told by its name.

    A program is run when the first of it is called. What is printed there is not told.
    """
    programs = [*dict.fromkeys(texts.values())]
    places = {name: programs.index(texts[name]) for name in sorted(texts)}
    return f"""

def {BARE}(name, *arguments, made={{}}, places={places!r}):
    import sys
    place = places[arguments[0] if name == {CALL!r} else name]
    printed = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = None
    try:
        if place not in made:
            made[place] = {{"__name__": __name__}}
            exec({programs!r}[place], made[place])
        return made[place][name](*arguments)
    finally:
        sys.stdout, sys.stderr = printed
"""


def prepared(read: Program, assignment: Assignment, beside: Collection[str] = ()) -> Prepared:
    """What of the program is run for the assignment; `beside` are modules handed in with it."""
    wanted = {function.name for function in assignment.functions}
    given = {name for function in assignment.functions for name in function.globals}
    body = list(_flat(read.tree.body))
    every = syntax.nodes(read.tree)
    there = {one.name for one in every if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    inside = held(read, body, (wanted & there) - {name for one in body for name in bound(one)})
    chosen = _needed(body, wanted | {*inside.classes.values()}, given)
    plain = [one for one in chosen if _is_definition(one)]
    guards = [one for one in every if isinstance(one, ast.Constant) and _is_guard(one)]
    places = [(one.lineno, one.col_offset) for one in guards]
    with _replaced(guards):
        bare = _laid_out(read.text, chosen, beside, places) if guards else None
    return Prepared(
        _laid_out(read.text, chosen, beside) + inside.bindings + CALLING,
        None if bare is None else bare + inside.bindings + CALLING,
        frozenset() if bare is None else _guarded(body, inside, assignment, every, places),
        _laid_out(read.text, plain, beside) + inside.bindings + CALLING,
        frozenset(wanted & {*inside.calls, *(name for one in chosen for name in bound(one))}),
        inside,
        tuple(_imports(read, every, assignment, beside)),
        body,
    )


def _flat(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of the module; of those under a condition or main guard the definitions."""
    for statement in body:
        if isinstance(statement, ast.Try | ast.With):
            yield from _flat(statement.body)
        elif isinstance(statement, ast.If):
            yield from (one for one in statement.body if _is_definition(one))
        elif not isinstance(statement, ast.If | ast.For | ast.While | ast.Expr):
            yield statement


def _is_definition(statement: ast.stmt) -> bool:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
    return isinstance(statement, kinds)


def _needed(body: Sequence[ast.stmt], wanted: set[str], given: Collection[str]) -> list[ast.stmt]:
    """The statements that bind what is wanted, and what these need in turn."""
    chosen: dict[int, ast.stmt] = {}
    while True:
        before = len(chosen)
        for place, statement in enumerate(body):
            star = isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*"
            if place not in chosen and (star or (bound(statement) & wanted) - {*given}):
                chosen[place] = statement
                wanted |= free(statement)
        if len(chosen) == before:
            return [chosen[place] for place in sorted(chosen)]


def _laid_out(
    text: str,
    chosen: Sequence[ast.stmt],
    beside: Collection[str],
    changed: Sequence[_Place] = (),
) -> str:
    """The chosen statements on their own lines, all others left blank.

    Those with something at one of the places that is `changed` are written as they are now.
    """
    lines = text.splitlines()
    there = {*_THERE, *beside}
    laid: dict[int, list[str]] = {}
    for statement in chosen:
        first = min(
            [statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))]
        )
        stand_in = _stand_in(statement, there)
        if stand_in is not None:
            laid.setdefault(first, []).append(stand_in)
        elif _has_any(statement, changed):
            laid.setdefault(first, []).append(ast.unparse(statement))
        else:
            laid.setdefault(first, []).append(_source(lines, statement, first))
    made: list[str] = []
    for number in sorted(laid):
        made += [""] * (number - 1 - len(made))
        made += "\n".join(laid[number]).split("\n")
    return "\n".join(made)


def _source(lines: Sequence[str], statement: ast.stmt, first: int) -> str:
    """The statement as it is written; one that shares its line or is indented is written anew."""
    last = statement.end_lineno or statement.lineno
    whole = lines[first - 1 : last]
    alone = statement.col_offset == 0 and _ends(whole[-1], statement)
    return "\n".join(whole) if alone else ast.unparse(statement)


def _ends(line: str, statement: ast.stmt) -> bool:
    rest = line.encode()[statement.end_col_offset or 0 :].decode(errors="replace").strip()
    return not rest or rest.startswith("#")


def _stand_in(statement: ast.stmt, there: Collection[str]) -> str | None:
    """For an import of what the sandbox does not have."""
    if isinstance(statement, ast.Import):
        absent = [one for one in statement.names if one.name.split(".")[0] not in there]
        if not absent:
            return None
        kept = [one for one in statement.names if one not in absent]
        parts = [f"import {', '.join(ast.unparse(one) for one in kept)}"] if kept else []
        named = [(one.asname or one.name).split(".")[0] for one in absent]
        return "; ".join([*parts, *(f"{name} = {_NOTHING}" for name in named)])
    if isinstance(statement, ast.ImportFrom):
        own = (statement.module or "").split(".")[0]
        if own not in there or statement.level:
            named = [one.asname or one.name for one in statement.names if one.name != "*"]
            return "; ".join(f"{name} = {_NOTHING}" for name in named) or "pass"
    return None


def _is_guard(constant: ast.Constant) -> bool:
    return replacement(constant.value) is not constant.value


@contextlib.contextmanager
def _replaced(guards: Sequence[ast.Constant]) -> Iterator[None]:
    """Has these be what they are without guards: to make another tree takes ten times as long."""
    kept = [one.value for one in guards]
    for one in guards:
        one.value = replacement(one.value)  # type: ignore[assignment] # of the same type
    try:
        yield
    finally:
        for one, value in zip(guards, kept, strict=True):
            one.value = value


def _has_any(statement: ast.stmt, places: Sequence[_Place]) -> bool:
    """Whether any of these places is in the statement."""
    first = min(
        (one.lineno, one.col_offset)
        for one in (statement, *getattr(statement, "decorator_list", ()))
    )
    last = statement.end_lineno or statement.lineno, statement.end_col_offset or 0
    return any(first <= place < last for place in places)


def _guarded(
    body: Sequence[ast.stmt],
    inside: Held,
    assignment: Assignment,
    every: Sequence[ast.AST],
    guards: Sequence[_Place],
) -> frozenset[str]:
    """The functions that reach a statement with a guard, or may reach any by a name's text."""
    names = {function.name for function in assignment.functions}
    if any(
        isinstance(node, ast.Global) or (isinstance(node, ast.Name) and node.id in _ANY_NAME)
        for node in every
    ):
        return frozenset(names)
    with_some = {id(one) for one in body if _has_any(one, guards)}
    found = {
        name
        for name in names
        if any(id(one) in with_some for one in _needed(body, {inside.classes.get(name, name)}, ()))
    }
    # Of a loss a guard may be seen where there is none: see `marking`.
    return frozenset(found) | {
        function.name
        for function in assignment.functions
        if any(one.symbol == "loss" for one in quantities_in(function.returns))
    }


def _imports(
    read: Program, every: Sequence[ast.AST], assignment: Assignment, beside: Collection[str]
) -> Iterator[tuple[str, str]]:
    """The modules that the program imports and the assignment does not allow, and where.

    What belongs to the notebook that it was written in is none of them.
    """
    allowed = {*assignment.imports, *sys.stdlib_module_names, *beside, *_NOTEBOOK}
    for node in every:
        named: list[str] = []
        told: list[str] = []  # each once for a statement
        if isinstance(node, ast.Import):
            named = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            named = [f"{node.module}.{one.name}" for one in node.names]
        for name in named:
            module, _, rest = name.partition(".")
            of_colab = module == "google" and rest.split(".")[0] == "colab"
            if module not in allowed and module not in told and not of_colab:
                told.append(module)
                yield module, read.where(getattr(node, "lineno", 0))
