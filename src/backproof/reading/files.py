"""What somebody's code reads from files that are not there: parameters are ours, and so are sizes.

Data are looked after by `inputs`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from backproof.reading import names, patterns, roles
from backproof.reading.arguments import SIMPLE
from backproof.reading.recipes import PROBE, Reader, located
from backproof.reading.slices import bound, loaded
from backproof.reading.updates import own_nodes

_READS = re.compile(r"load|loadmat|loadtxt|genfromtxt|fromfile|open|ExcelFile|read_\w+|File")


def with_ours(statements: Sequence[ast.stmt], read: Reader) -> list[ast.stmt]:
    """The statements with our parameters and sizes in the place of those that files hold.

    `W1 = saved["W1"]`, `w, b = load_parameters("w.pkl")`, `n_inputs = frame.shape[1]`.
    """
    held = _held(statements, read)
    return [_ours(one, held, read) for one in statements] if held else list(statements)


def _held(statements: Sequence[ast.stmt], read: Reader) -> set[str]:
    """The variables that files fill, and what is made of these."""
    found: set[str] = set()
    for statement in statements:
        if isinstance(statement, ast.Assign) and _computes(statement.value):
            continue
        if isinstance(statement, ast.Assign | ast.With) and (
            _is_read(statement, read) or loaded(statement) & found
        ):
            found |= bound(statement)
    return found


def _is_read(statement: ast.stmt, read: Reader) -> bool:
    """Whether it reads a file, itself or by a function of the file's own."""
    for node in ast.walk(statement):
        function = read.functions.get(patterns.called(node))
        calls = [node] if function is None else own_nodes(function.body)
        if any(_READS.fullmatch(patterns.called(one)) for one in calls):
            return True
    return False


def _ours(statement: ast.stmt, held: set[str], read: Reader) -> ast.stmt:
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return statement
    target, value = statement.targets[0], statement.value
    targets = target.elts if isinstance(target, ast.Tuple) else [target]
    words = [one.id for one in targets if isinstance(one, ast.Name)]
    from_file = _is_read(statement, read) or bool(loaded(statement) & held)
    ours = f"{PROBE}." in ast.unparse(value)
    if len(words) != len(targets) or not from_file or ours or _computes(value):
        return statement
    if all(_is_parameter(word) and not _is_keyed(word, read) for word in words):
        gifts = ", ".join(f"{PROBE}.gift({word!r})" for word in words)
        return located(f"{', '.join(words)} = {gifts}", statement)
    role = str(roles.role(words[0]))
    plain = not any(roles.is_data(name) for name in loaded(statement))
    if len(words) == 1 and role in ("d", "n") and plain:
        return located(f"{words[0]} = {SIMPLE[role]}", statement)
    return statement


def _is_parameter(word: str) -> bool:
    return names.parameter(word) is not None or re.fullmatch(r"[Tt]heta_?\d", word) is not None


def _is_keyed(name: str, read: Reader) -> bool:
    """Whether it holds more than one: `weights["Theta1"]`."""
    return any(
        isinstance(node, ast.Subscript)
        and ast.unparse(node.value) == name
        and isinstance(node.slice, ast.Constant)
        for node in ast.walk(read.program.tree)
    )


def _computes(value: ast.expr) -> bool:
    """Whether something is drawn or multiplied: then a file gave no more than a size."""
    return any(
        isinstance(node, ast.BinOp)
        or re.search(r"rand|normal|uniform|zeros|ones|dot", patterns.called(node)) is not None
        for node in ast.walk(value)
    )
