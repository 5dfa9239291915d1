"""One class against the others, trained in turn: as the training of one of them.

`for c in classes: t = (y == c); w = np.zeros(d); for i in range(turns): ...` is that of labels 0
and 1, where the loop over the classes is taken out. Syntax only.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence

from backproof.reading import roles
from backproof.reading.updates import last_word, own_nodes, updates


def one_class(tree: ast.Module) -> tuple[ast.Module, tuple[int, ...]]:
    """The file with such loops taken out, and the lines that they began at."""
    if not any(isinstance(node, ast.For) and _compared_in(node) for node in ast.walk(tree)):
        return tree, ()
    made = _OneClass()
    changed = made.visit(copy.deepcopy(tree))
    assert isinstance(changed, ast.Module)
    return ast.fix_missing_locations(changed), tuple(made.lines)


class _OneClass(ast.NodeTransformer):
    """With the body of a loop over classes in its place, for the class whose labels are 1."""

    def __init__(self) -> None:
        self.lines: list[int] = []

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        told = _compared_in(node)
        if not told:
            self.generic_visit(node)
            return node
        self.lines.append(node.lineno)
        names = [part for part in ast.walk(node.target) if isinstance(part, ast.Name)]
        first: list[ast.stmt] = [
            ast.copy_location(ast.Assign([part], ast.Constant(0)), node) for part in names
        ]
        return [*first, *(_Compared(told).visit(one) for one in node.body)]


class _Compared(ast.NodeTransformer):
    """With 1 in place of the class that labels are compared with."""

    def __init__(self, name: str) -> None:
        self._name = name

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        one = ast.copy_location(ast.Constant(1), node)
        if ast.unparse(node.left) == self._name:
            node.left = one
        elif ast.unparse(node.comparators[0]) == self._name:
            node.comparators = [one]
        return node


def _compared_in(loop: ast.For) -> str:
    """The variable of a loop over classes, of each of which it trains anew; empty for others."""
    told = _class_of(loop)
    anew = told and _trains_anew(loop.body) and not _takes_numbers(loop, told)
    return told if anew else ""


def _class_of(loop: ast.For) -> str:
    """The variable of the loop that labels are compared with; empty without one."""
    targets = {part.id for part in ast.walk(loop.target) if isinstance(part, ast.Name)}
    for node in own_nodes(loop.body):
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq):
            continue
        sides = {ast.unparse(one): one for one in (node.left, node.comparators[0])}
        for name in targets & {*sides}:
            other = next((one for text, one in sides.items() if text != name), None)
            if other is not None and roles.role(last_word(other).strip("_")) == "y":
                return name
    return ""


def _takes_numbers(loop: ast.For, name: str) -> bool:
    """Whether the classes' numbers are computed with, and not only compared with one of them."""
    compared = [
        node
        for node in own_nodes(loop.body)
        if isinstance(node, ast.Compare)
        and name in (ast.unparse(node.left), ast.unparse(node.comparators[0]))
    ]
    labels = {
        ast.unparse(one)
        for node in compared
        for one in (node.left, node.comparators[0])
        if ast.unparse(one) != name
    }
    inside = {part for node in compared for part in ast.walk(node)}
    sizes = {
        part
        for node in own_nodes(loop.body)
        if (isinstance(node, ast.Attribute) and node.attr in ("shape", "size"))
        or (isinstance(node, ast.Call) and ast.unparse(node.func) == "len")
        for part in ast.walk(node)
    }
    return any(
        isinstance(node, ast.Name | ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and ast.unparse(node) in labels
        and node not in inside | sizes
        for node in own_nodes(loop.body)
    )


def _trains_anew(body: Sequence[ast.stmt]) -> bool:
    """Whether all that a loop in these statements moves is set before it in them."""
    found = False
    bound = set[str]()
    for statement in body:
        if isinstance(statement, ast.For | ast.While):
            moved = {ast.unparse(one.target) for one in updates(statement.body)}
            found = found or (bool(moved) and moved <= bound)
        elif isinstance(statement, ast.Assign):
            parts = [part for one in statement.targets for part in _parts(one)]
            bound |= {ast.unparse(part) for part in parts}
    return found


def _parts(target: ast.expr) -> list[ast.expr]:
    return [*target.elts] if isinstance(target, ast.Tuple | ast.List) else [target]
