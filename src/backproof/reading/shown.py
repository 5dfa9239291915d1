"""A copy of somebody's statements that shows what they compute on the way and no variable holds.

`X.T @ (1 / (1 + np.exp(-X @ w)) - y)` has its prediction inside of an expression, and after
`p -= y` or `np.subtract(p, y, out=p)` it is gone. In the copy such values go through the probe,
under the name of the variable that holds them for a moment, or under their own text.
"""

from __future__ import annotations

import ast
import copy

from backproof.reading import updates
from backproof.reading.recipes import PROBE


def shown(statement: ast.stmt) -> ast.stmt:
    """The copy of a statement; one without anything to show is only copied."""
    made = _Shown(changes=_changes_arrays(statement)).visit(copy.deepcopy(statement))
    assert isinstance(made, ast.stmt)
    return ast.fix_missing_locations(made)


def _changes_arrays(statement: ast.stmt) -> bool:
    """Whether an array is written into: `p -= y`, `p[i] = 0`, `np.exp(p, out=p)`."""
    return any(
        isinstance(node, ast.AugAssign)
        or (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store))
        or (isinstance(node, ast.Call) and _out(node) is not None)
        for node in ast.walk(statement)
    )


def _out(call: ast.Call) -> ast.expr | None:
    """What a call writes its result into."""
    return next((one.value for one in call.keywords if one.arg == "out"), None)


class _Shown(ast.NodeTransformer):
    """With a call of the probe around what expressions are made of, and after what is changed.

    Where any array is changed in place every variable is shown as it is set: the array may go by
    another name then, as in `delta = probs`.
    """

    def __init__(self, *, changes: bool) -> None:
        self._changes = changes

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.body = [made for one in node.body for made in self._all(one)]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = [made for one in node.body for made in self._all(one)]
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        target = node.targets[0]
        node.value = self._within(node.value)
        if isinstance(target, ast.Name) and self._changes and _computes(node.value):
            node.value = _through(node.value, target.id)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST | list[ast.AST]:
        node.value = self._within(node.value)
        if not isinstance(node.target, ast.Name):
            return node
        held = ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
        after = ast.copy_location(ast.Expr(_through(held, node.target.id)), node)
        return [node, after]

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        node.value = self._within(node.value)
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if node.value is not None:
            node.value = self._within(node.value)
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        node.body = self._within(node.body)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        node.value = self.visit(node.value)  # its index is a number
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        text = ast.unparse(node)
        return _through(self._within(node), text) if _computes(node) else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if updates.base_of(node.func) == PROBE:
            return self.generic_visit(node)
        text = ast.unparse(node)
        return _through(self._within(node), text)

    def _all(self, statement: ast.stmt) -> list[ast.stmt]:
        made = self.visit(statement)
        return made if isinstance(made, list) else [made]

    def _within(self, node: ast.expr) -> ast.expr:
        """An expression whose own value is seen anyway, with what it is made of shown."""
        into = _out(node) if isinstance(node, ast.Call) else None
        made = (
            self.generic_visit(node) if isinstance(node, ast.BinOp | ast.Call) else self.visit(node)
        )
        assert isinstance(made, ast.expr)
        return _through(made, updates.last_word(into)) if isinstance(into, ast.Name) else made


def _computes(node: ast.expr) -> bool:
    """Whether its value depends on anything; numbers are left to the compiler."""
    return isinstance(node, ast.BinOp | ast.Call) and any(
        isinstance(part, ast.Name) for part in ast.walk(node)
    )


def _through(value: ast.expr, name: str) -> ast.expr:
    method = ast.Attribute(ast.Name(PROBE, ast.Load()), "shown", ast.Load())
    return ast.copy_location(ast.Call(method, [ast.Constant(name), value], []), value)
