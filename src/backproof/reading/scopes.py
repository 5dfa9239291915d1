"""The bodies of statements in a file, which of them train, and the loops in which they do.

Syntax only; which statements move parameters is told by `updates`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias, TypeGuard

from backproof.reading import patterns, roles
from backproof.reading.updates import base_of, last_word, own_nodes, updates

Loop: TypeAlias = ast.For | ast.While


class Scope(NamedTuple):
    """A body of statements: the script itself (`function` None), a function, or a method."""

    name: str
    body: Sequence[ast.stmt]
    function: ast.FunctionDef | None = None
    owner: ast.ClassDef | None = None

    @property
    def line(self) -> int:
        """Where it begins."""
        return self.function.lineno if self.function else self.body[0].lineno


def is_main_guard(statement: ast.stmt) -> TypeGuard[ast.If]:
    """Whether what is below runs only where the file is run as a script."""
    return isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)


def scopes(tree: ast.Module) -> list[Scope]:
    """The functions, methods and the script of a file.

    Of several functions of one name the last is there when anything is called.
    """
    found: list[Scope] = []
    script: list[ast.stmt] = []

    def look(body: Sequence[ast.stmt]) -> None:
        for statement in body:
            if isinstance(statement, ast.FunctionDef):
                found.append(Scope(statement.name, statement.body, statement))
            elif isinstance(statement, ast.ClassDef):
                for part in statement.body:
                    if isinstance(part, ast.FunctionDef):
                        name = f"{statement.name}.{part.name}"
                        found.append(Scope(name, part.body, part, statement))
            elif is_main_guard(statement):
                look(statement.body)
            else:
                script.append(statement)

    look(tree.body)
    found = list({one.name: one for one in found}.values())
    if script:
        found.append(Scope("", script))
    return found


def updaters(found: Sequence[Scope]) -> set[str]:
    """The functions and methods (by their last names) that update, directly or by calling one."""
    known = {
        scope.function.name
        for scope in found
        if scope.function is not None and any(updates(scope.body))
    }
    while True:
        more = {
            scope.function.name
            for scope in found
            if scope.function is not None and calls(scope.body) & known
        }
        if more <= known:
            return known
        known |= more


def calls(body: Sequence[ast.AST]) -> set[str]:
    """The last names of all that is called in these statements."""
    return {patterns.called(node) for node in own_nodes(body) if isinstance(node, ast.Call)}


def training_loop(scope: Scope, known: set[str]) -> Loop | None:
    """The outermost loop of the scope in which parameters are updated, if there is one."""
    for statement in _statements(scope.body):
        if not isinstance(statement, ast.For | ast.While):
            continue
        if is_updating(statement.body, known) and not _over_layers(statement):
            return statement
    return None


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements in order, also of `if`, `try` and `with`, but not of loops."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With):
            for part in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(statement, part, []))


def is_updating(body: Sequence[ast.AST], known: set[str]) -> bool:
    """Whether these statements update, or call what does."""
    return any(True for _ in updates(body)) or bool(calls(body) & known)


def updating_loops(loop: Loop, known: set[str]) -> list[Loop]:
    """`loop` and the loops inside of it, down to the one whose body updates once a turn."""
    chain = [loop]
    for statement in _statements(loop.body):
        if isinstance(statement, ast.For | ast.While) and is_updating(statement.body, known):
            if not _over_layers(statement):
                chain += updating_loops(statement, known)
            break
    return chain


def _over_layers(loop: Loop) -> bool:
    """Whether the turns of a loop are the layers of a network: `for l in range(L)`."""
    if not isinstance(loop, ast.For):
        return False
    text = ast.unparse(loop.iter).lower()
    if _DATA.search(text):
        return _goes_by_entry(loop)
    targets = {part.id for part in ast.walk(loop.target) if isinstance(part, ast.Name)}
    for node in own_nodes(loop.body):  # the neurons of a layer
        if isinstance(node, ast.For) and patterns.called(node.iter) != "range":
            within = {part.id for part in ast.walk(node.iter) if isinstance(part, ast.Name)}
            if within & targets:
                targets |= {part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)}
        elif (  # `w = self.weights[i]`, which is changed in place
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Subscript)
            and _indexed_by(node.value, targets)
        ):
            targets |= {one.id for one in node.targets if isinstance(one, ast.Name)}
    direct = list(updates(loop.body))
    if direct and all(_indexed_by(one.target, targets) for one in direct):
        return True
    if direct:
        return False
    calls = [node.func for node in own_nodes(loop.body) if isinstance(node, ast.Call)]
    if any(isinstance(func, ast.Attribute) and base_of(func) in targets for func in calls):
        return True
    return re.search(r"layer|\bl\b|parameters|params", text) is not None


_DATA = re.compile(r"epoch|iter|\bx\b|\by\b|train|batch|sample|example|zip\(\s*(?:self\.)?x")


def _goes_by_entry(loop: ast.For) -> bool:
    """Whether each turn moves entries of its own: `for i, x_i in enumerate(x): W[i] += ...`."""
    first = loop.target.elts[0] if isinstance(loop.target, ast.Tuple) else loop.target
    if patterns.called(loop.iter) not in ("enumerate", "range") or not isinstance(first, ast.Name):
        return False
    direct = list(updates(loop.body))
    return bool(direct) and all(_has_index(one.target, first.id) for one in direct)


def _has_index(node: ast.expr, name: str) -> bool:
    """Whether a variable is itself an index: of `W[j][i]` and `W[j, i]`, not of `W[y[i]]`."""
    while isinstance(node, ast.Subscript):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if any(isinstance(part, ast.Name) and part.id == name for part in parts):
            return True
        node = node.value
    return False


def _indexed_by(node: ast.expr, variables: set[str]) -> bool:
    if base_of(node) in variables:
        return True
    return any(
        isinstance(part, ast.Name) and part.id in variables
        for outer in ast.walk(node)
        if isinstance(outer, ast.Subscript)
        for part in ast.walk(outer.slice)
    )


def batch_size(loops: Sequence[Loop], tree: ast.Module) -> int | None:
    """The number of examples in a batch, where the loops go through the examples by a number."""
    for loop in loops:
        if not isinstance(loop, ast.For) or patterns.called(loop.iter) not in ("range", "xrange"):
            continue
        assert isinstance(loop.iter, ast.Call)
        for step in loop.iter.args[2:]:
            number = patterns.number(step)
            for node in ast.walk(tree) if isinstance(step, ast.Name) else ():
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == ast.unparse(
                    step
                ):
                    number = patterns.number(node.value)
            if number is not None and number >= 1:
                return int(number)
    return None


def divisor_of_batches(loops: Sequence[Loop], bodies: Sequence[Sequence[ast.stmt]]) -> str:
    """The size of a batch by which `range(0, n, size)` goes and sums are divided; empty for none.

    Not where the loop stops by it as well, so that not all examples could be one batch.
    """
    for loop in loops:
        called = patterns.called(loop.iter) if isinstance(loop, ast.For) else None
        if called not in ("range", "xrange"):
            continue
        assert isinstance(loop, ast.For)
        assert isinstance(loop.iter, ast.Call)
        if len(loop.iter.args) != 3:
            continue
        _, stop, step = [ast.unparse(argument) for argument in loop.iter.args]
        if not re.fullmatch(r"(?:self\.)?[a-z_]\w*", step) or step in stop:
            continue
        for node in (node for body in bodies for node in own_nodes(body)):
            if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
                divisor = node.right if isinstance(node, ast.BinOp) else node.value
                if ast.unparse(divisor) == step:
                    return step
    return ""


def is_one_at_a_time(loops: Sequence[Loop]) -> bool:
    """Whether the innermost loop goes through the examples: `for x, t in zip(X, y)`, `X[i]`."""
    loop = loops[-1]
    text = ast.unparse(loop.iter) if isinstance(loop, ast.For) else ""
    if isinstance(loop, ast.For) and _is_of_pairs(loop):
        return True
    if re.search(r"batch|range\(.*,.*,.*\)", text.lower()):
        return False
    targets = (
        {part.id for part in ast.walk(loop.target) if isinstance(part, ast.Name)}
        if isinstance(loop, ast.For)
        else set()
    )
    if re.search(r"zip\(|enumerate\(", text) and names_data(text):
        return True
    if "zip(" in text and "y" in map(roles.role, targets):  # `for row, label in zip(rows, truths)`
        return True
    if len(targets) == 2 and re.fullmatch(
        r"(?:self\.)?\w*(?:data|pairs|samples|batch|set)\w*", text
    ):
        return True
    return takes_one(loop.body, targets)


def takes_one(body: Sequence[ast.stmt], targets: Iterable[str] = ()) -> bool:
    """Whether one example is taken: by an index that is drawn, or that is among `targets`."""
    inner = [node.target for node in own_nodes(body) if isinstance(node, ast.For)]
    bound = {part.id for one in inner for part in ast.walk(one) if isinstance(part, ast.Name)}
    index = {*targets} - bound
    for node in own_nodes(body):
        if isinstance(node, ast.Assign) and _draws_one(node.value):
            index |= {part.id for part in ast.walk(node.targets[0]) if isinstance(part, ast.Name)}
    for node in own_nodes(body):
        if isinstance(node, ast.Subscript) and roles.is_data(last_word(node.value)):
            parts = {part.id for part in ast.walk(node.slice) if isinstance(part, ast.Name)}
            sliced = any(
                isinstance(part, ast.Slice)
                and (part.lower is not None or part.upper is not None)
                and not _is_of_one(part)
                for part in ast.walk(node.slice)
            )
            if parts & index and not sliced:
                return True
    return False


def _is_of_one(cut: ast.Slice) -> bool:
    """`i:i + 1`, which keeps an example's axis."""
    upper = cut.upper
    return (
        cut.lower is not None
        and isinstance(upper, ast.BinOp)
        and isinstance(upper.op, ast.Add)
        and patterns.number(upper.right) == 1
        and ast.unparse(upper.left) == ast.unparse(cut.lower)
    )


def _is_of_pairs(loop: ast.For) -> bool:
    """`for x, t in mini_batch`: of one example each, where many `batches` would be X and Y."""
    if not isinstance(loop.target, ast.Tuple) or not isinstance(loop.iter, ast.Name):
        return False
    words = [last_word(one) for one in loop.target.elts if isinstance(one, ast.Name)]
    several = re.search(r"batches|lotes|load|iter|gen", loop.iter.id.lower())
    return (
        [roles.role(word) for word in words] == ["x", "y"]
        and words[0].islower()
        and not any("batch" in word for word in words)
        and several is None
    )


def _draws_one(node: ast.expr) -> bool:
    """`np.random.randint(n)`: one index, not a batch of them."""
    if not isinstance(node, ast.Call) or "size" in ast.unparse(node):
        return False
    most = {"choice": 1, "randint": 2}.get(patterns.called(node), -1)
    return len(node.args) <= most


def names_data(text: str) -> bool:
    """Whether an expression names inputs or labels."""
    words = re.findall(r"[A-Za-z_]\w*", text)
    return any(roles.is_data(word) for word in words)
