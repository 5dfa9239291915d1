"""A way to run a part of somebody's file once on our numbers, and what is known of the file.

A recipe is a copy of those statements of the file that are needed, in which `__probe__` gives the
parameters, lets the training loop turn once and takes what came of it (see `probe`), and one more
function, `__backproof__`, that starts it all. `loops`, `calling`, `pieces` and `layers` make
recipes. Nothing of the file is run here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from backproof.reading import scopes, syntax
from backproof.reading.optimisers import Handed, handed
from backproof.reading.program import Program
from backproof.reading.scopes import Scope
from backproof.reading.shrinkage import Shrinkage, shrinkage

DRIVER = "__backproof__"
PROBE = "__probe__"


class Recipe(NamedTuple):
    """A way to run a part of a file.

    Attributes:
        name: what is run: a function, `Class.method`, or `the loop in line 12`.
        line: where it stands.
        statements: what has to be executed, the driver last.
        wanted: the names that parameters go by.
        rates: the names that the learning rate goes by.
        literal_rate: the learning rate where it has no name; None where it is not known.
        disturbed: a step is some constant times the rate that is passed.
        momentum: the name of the share of its velocities that they keep; empty without one.
        single: it goes through the examples one at a time.
        batch: how many examples it takes at a time, None for all.
        divisor: the name of a batch's size, by which it divides; it is made the number of examples.
        updates: it moves its parameters; otherwise it gives gradients.
        smaller: sizes that the file fixes, and what they were made here.
        question: what stands in the way; None if nothing.
        returns: the function whose result are gradients.
        loss_only: it only computes the loss.
        steps_once: it has no loop of its own.
        piece: which piece of a backward pass it is, a key of `notation.PIECES`.
        activation: that the piece goes back through, as far as names say.
        given: the tensors whose gradients the piece gives, in their order.
    """

    name: str
    line: int
    statements: tuple[ast.stmt, ...]
    wanted: frozenset[str]
    rates: frozenset[str] = frozenset()
    literal_rate: float | None = 1.0
    disturbed: bool = False
    momentum: str = ""
    single: bool = False
    batch: int | None = None
    divisor: str = ""
    updates: bool = True
    smaller: Mapping[int, int] = {}
    question: str | None = None
    returns: ast.FunctionDef | None = None
    loss_only: bool = False
    steps_once: bool = False
    piece: str = ""
    activation: str | None = None
    given: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What is judged of it: `training`, `stepping`, `called`, `loss` or `piece`."""
        if self.piece:
            return "piece"
        if self.loss_only:
            return "loss"
        if self.updates:
            return "stepping" if self.steps_once else "training"
        return "called"


class Unbound(Exception):  # noqa: N818 - becomes the recipe's question
    """A parameter of somebody's function that nothing is known of."""


class Reader(NamedTuple):
    """What is known of a file: its scopes, its definitions, and who updates."""

    program: Program
    found: tuple[Scope, ...]
    functions: Mapping[str, ast.FunctionDef]
    classes: Mapping[str, ast.ClassDef]
    known: frozenset[str]
    script: tuple[ast.stmt, ...]
    handed: Handed  # to an optimiser
    shrinkage: Shrinkage


def reader(program: Program) -> Reader:
    """Look through the file."""
    found = scopes.scopes(program.tree)
    functions = {s.function.name: s.function for s in found if s.function and not s.owner}
    classes = {node.name: node for node in ast.walk(program.tree) if isinstance(node, ast.ClassDef)}
    return Reader(
        program,
        tuple(found),
        functions,
        classes,
        frozenset(scopes.updaters(found)),
        tuple(_flat(program.tree.body)),
        handed(program.tree),
        shrinkage(program.tree),
    )


def _flat(body: Sequence[ast.stmt]) -> Iterable[ast.stmt]:
    """The statements of the module, those under a main guard among them."""
    for statement in body:
        if scopes.is_main_guard(statement):
            yield from _flat(statement.body)
        else:
            yield statement


def asked_of_probe(body: Iterable[ast.AST], method: str) -> Iterator[list[Any]]:
    """The arguments of a driver's calls `__probe__.method(...)`; None for what is no literal."""
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == f"{PROBE}.{method}":
                yield [_literal(argument) for argument in node.args]


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def parsed(text: str) -> Any:
    """The statement that is written so."""
    (statement,) = syntax.parsed(text).body
    return statement


def located(text: str, like: ast.AST) -> ast.stmt:
    """The statement that is written so, as if it stood where `like` does."""
    statement: ast.stmt = parsed(text)
    for part in ast.walk(statement):
        ast.copy_location(part, like)
    return statement
