"""The numbers that a file writes out where others leave a size, or a slope, open."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from backproof.notation import LARGEST
from backproof.reading import patterns, roles, updates
from backproof.reading.recipes import Reader, Recipe


def examples_counted(read: Reader, recipe: Recipe) -> dict[str, int]:
    """The number of examples, where the file writes them out and divides by how many they are."""
    if recipe.single:
        return {}
    counts = {count for statement in read.script if (count := _rows_in(statement)) is not None}
    divided = {
        patterns.number(node.right)
        for statement in recipe.statements
        for node in ast.walk(statement)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
    }
    # Of 1 and 2 it is not known: half a square is divided by 2 as well.
    found = [count for count in counts if count > 2 and count in divided]
    return {"n": found[0]} if len(counts) == len(found) == 1 else {}


def name_of_count(read: Reader, body: Sequence[ast.stmt]) -> str:
    """The name of a count that is written out, as are the data of so many rows; empty for none.

    `m = 100` beside `X = np.random.rand(100, 1)` is how many examples there are, where something
    is divided by it.
    """
    divided = {
        ast.unparse(node.right if isinstance(node, ast.BinOp) else node.value)
        for node in ast.walk(read.program.tree)
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
    }
    of_data = [
        part
        for statement in read.script
        if isinstance(statement, ast.Assign)
        and roles.is_data(updates.last_word(statement.targets[0]))
        for call in ast.walk(statement.value)
        if isinstance(call, ast.Call)
        for argument in call.args
        for part in ast.walk(argument)
    ]
    for statement in body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name, count = statement.targets[0].id, patterns.number(statement.value)
            rows = any(
                part.id == name if isinstance(part, ast.Name) else patterns.number(part) == count
                for part in of_data
                if isinstance(part, ast.Name | ast.Constant)
            )
            if count is not None and count > 2 and count == int(count) and name in divided and rows:
                return name
    return ""


def _rows_in(statement: ast.stmt) -> int | None:
    """How many rows of data a statement writes out: 2 of `X = np.array([[0, 1], [1, 1]])`."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return None
    made, word = statement.value, updates.last_word(statement.targets[0])
    if not roles.is_data(word) or patterns.called(made) not in ("array", "asarray", "matrix"):
        return None
    rows = made.args[0].elts if made.args and isinstance(made.args[0], ast.List) else []
    return len(rows) if rows and isinstance(rows[0], ast.List) else None


def classes_in(read: Reader) -> list[dict[str, int]]:
    """The numbers of classes that the file may fix: `np.eye(10)`, `{0: 1.0, 1: 2.0, 2: 1.0}`.

    So may a variable by which parameters are reshaped: `theta.reshape(labels, d)`.
    """
    found: dict[int, None] = {}
    shaping = {
        part.id
        for node in ast.walk(read.program.tree)
        if isinstance(node, ast.Call) and patterns.called(node) == "reshape"
        for argument in node.args
        for part in ast.walk(argument)
        if isinstance(part, ast.Name)
    }
    for node in ast.walk(read.program.tree):
        if isinstance(node, ast.Dict) and len(node.keys) > 2:
            labels = [None if key is None else patterns.number(key) for key in node.keys]
            if labels == list(range(len(labels))):
                found[len(labels)] = None
        if patterns.called(node) in ("zeros", "eye", "identity"):
            found.update(
                {
                    part.value: None
                    for part in ast.walk(node)
                    if isinstance(part, ast.Constant)
                    and type(part.value) is int
                    and 2 < part.value <= LARGEST
                }
            )
        elif isinstance(node, ast.Assign) and (
            roles.role(updates.last_word(node.targets[0])) == "k"
            or ast.unparse(node.targets[0]) in shaping
        ):
            number = patterns.number(node.value)
            if number is not None and 2 < number <= LARGEST:
                found[int(number)] = None
    return [{"k": number} for number in found][:2]


def slopes_in(read: Reader) -> list[float]:
    """The numbers in the file that may be a leaky ReLU's slope."""
    found = {
        node.value
        for node in ast.walk(read.program.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
    }
    return sorted(value for value in found if 1e-4 < value < 0.9 and value != 0.01)[:12]
