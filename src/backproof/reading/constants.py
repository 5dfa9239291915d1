"""The numbers that a file writes out where others leave a size, or a slope, open."""

from __future__ import annotations

import ast

from backproof.notation import LARGEST
from backproof.reading import patterns, roles, updates
from backproof.reading.binding import defaults_of
from backproof.reading.recipes import Reader, Recipe
from backproof.reading.slices import bound, loaded


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


def examples_written(read: Reader, recipe: Recipe) -> list[dict[str, int]]:
    """The number of examples that the script writes out: of all its data, or none."""
    if recipe.single:
        return []
    counts = {count for statement in read.script if (count := _rows_in(statement)) is not None}
    return [{"n": counts.pop()}] if len(counts) == 1 else []


def _rows_in(statement: ast.stmt) -> int | None:
    """How many rows of data a statement writes out: 2 of `X = np.array([[0, 1], [1, 1]])`."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return None
    made, word = statement.value, updates.last_word(statement.targets[0])
    if not roles.is_data(word) or patterns.called(made) not in ("array", "asarray", "matrix"):
        return None
    rows = made.args[0].elts if made.args and isinstance(made.args[0], ast.List) else []
    return len(rows) if rows and isinstance(rows[0], ast.List) else None


def counts_in(read: Reader) -> set[str]:
    """The globals that are how many examples there are, by a number: `m = 200`.

    The script makes its data of them, or writes as many out, and sums are divided by them.
    """
    divisors = {
        node.right.id
        for node in ast.walk(read.program.tree)
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Div)
        and isinstance(node.right, ast.Name)
    }
    found = {one for one in divisors if roles.role(one) == "n"}
    making = {
        name
        for statement in (read.script if found else ())
        if any(map(roles.is_data, bound(statement)))
        for name in loaded(statement)
    }
    written = {size for statement in read.script for size in _sizes_written(statement)}
    return {
        name
        for name in found
        if is_count(read, name)
        and (name in making or any(map(written.__contains__, _numbers(read, name))))
    }


def _numbers(read: Reader, name: str) -> set[float | None]:
    makers = [one for one in read.script if isinstance(one, ast.Assign) and name in bound(one)]
    return {patterns.number(one.value) for one in makers}


def _sizes_written(statement: ast.stmt) -> set[float]:
    """How many rows and columns of data a statement writes out, or asks for: `rand(100, 1)`.

    1 and 2 may be of anything.
    """
    if not isinstance(statement, ast.Assign) or not any(map(roles.is_data, bound(statement))):
        return set()
    nodes = list(ast.walk(statement.value))
    lists = [len(node.elts) for node in nodes if isinstance(node, ast.List)]
    asked = [
        patterns.number(part)
        for call in nodes
        if isinstance(call, ast.Call)
        for argument in call.args
        for part in ast.walk(argument)
    ]
    return {float(size) for size in (*lists, *asked) if size is not None and size > 2}


def is_count(read: Reader, name: str) -> bool:
    """Whether the script sets a name to a whole number, and to nothing else."""
    makers = [statement for statement in read.script if name in bound(statement)]
    return bool(makers) and all(
        isinstance(one, ast.Assign)
        and isinstance(one.value, ast.Constant)
        and type(one.value.value) is int
        for one in makers
    )


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


def stacks_rows(read: Reader) -> bool:
    """Whether each example is a matrix of one row: `X.reshape(len(X), 1, 4)`, `[[[0, 1]], ...]`."""
    for node in ast.walk(read.program.tree):
        if isinstance(node, ast.Call) and patterns.called(node) == "reshape":
            sizes = node.args[-1:] if node.args else []
            listed = sizes[0].elts if sizes and isinstance(sizes[0], ast.Tuple) else node.args
            if len(listed) >= 3 and patterns.number(listed[-2]) == 1:
                return True
        if isinstance(node, ast.List) and len(node.elts) > 1:
            rows = [one.elts for one in node.elts if isinstance(one, ast.List)]
            if len(rows) == len(node.elts) and all(
                len(one) == 1 and isinstance(one[0], ast.List) for one in rows
            ):
                return True
    return False


def units_in(read: Reader) -> list[dict[str, int]]:
    """The numbers of hidden units that functions of the file may fix: `delta = np.zeros((10,))`."""
    found: dict[int, None] = {}
    for node in (node for one in read.found if one.function for node in ast.walk(one.function)):
        if patterns.called(node) == "zeros" and isinstance(node, ast.Call) and len(node.args) == 1:
            size = node.args[0]
            size = size.elts[0] if isinstance(size, ast.Tuple) and size.elts else size
            number = patterns.number(size)
            if number is not None and 2 < number <= LARGEST:
                found[int(number)] = None
    return [{"h": number} for number in found][:2]


def outputs_in(read: Reader) -> set[int]:
    """The numbers of outputs that the file writes out: `n_output = 1`, `def train(n_y=3)`."""
    found: set[int] = set()
    for node in ast.walk(read.program.tree):
        made: list[tuple[str, ast.expr]] = []
        if isinstance(node, ast.Assign):
            made = [(updates.last_word(target), node.value) for target in node.targets]
        elif isinstance(node, ast.arguments):
            made = [*defaults_of(node).items()]
        numbers = [patterns.number(value) for word, value in made if roles.role(word) == "k"]
        found |= {int(number) for number in numbers if number is not None}
    return found


def slopes_in(read: Reader) -> list[float]:
    """The numbers in the file that may be a leaky ReLU's slope."""
    found = {
        node.value
        for node in ast.walk(read.program.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
    }
    return sorted(value for value in found if 1e-4 < value < 0.9 and value != 0.01)[:12]
