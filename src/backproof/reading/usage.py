"""What a variable is by what is done with it: counted to, multiplied, cut into batches, unrolled.

Syntax only, whatever the language of its name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from backproof.reading import patterns, roles, updates
from backproof.reading.binding import given_in, parameters_of
from backproof.reading.recipes import PROBE, Reader


def role_by_use(name: str, function: ast.FunctionDef) -> str | None:
    """What a parameter stands for by what is done with it, whatever the language of its name.

    `for turn in range(name)` counts, `range(0, n, name)` goes from batch to batch, and the sizes of
    all layers are paired by `name[:-1]` and `name[1:]`; `p[np.arange(n), name]` looks classes up.
    """
    slices = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and patterns.called(node) in ("range", "xrange"):
            if len(node.args) == 3 and ast.unparse(node.args[2]) == name:
                return "n"
        elif isinstance(node, ast.For):
            if re.search(rf"\bx?range\({name}\)", ast.unparse(node.iter)):
                return "steps"
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == name:
            slices.add(ast.unparse(node.slice))
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
            rows, column = node.slice.elts[0], node.slice.elts[-1]
            if patterns.called(rows) in ("arange", "range") and ast.unparse(column) == name:
                return "y"
    return "dims" if slices >= {":-1", "1:"} else None


def is_counted_to(name: str, function: ast.FunctionDef, tree: ast.AST) -> bool:
    """Whether loops of methods count to what a constructor keeps: `range(self.T)`, `i < self.T`."""
    kept = {f"self.{attribute}" for attribute in _kept_as(name, function)}
    for node in ast.walk(tree) if kept else ():
        if isinstance(node, ast.For) and patterns.called(node.iter) in ("range", "xrange"):
            assert isinstance(node.iter, ast.Call)
            if [*map(ast.unparse, node.iter.args)][-1:] == [*kept]:
                return True
        if isinstance(node, ast.While) and isinstance(node.test, ast.Compare):
            counted = {
                ast.unparse(one.target)
                for one in updates.own_nodes(node.body)
                if isinstance(one, ast.AugAssign) and patterns.number(one.value) == 1
            }
            sides = {*map(ast.unparse, (node.test.left, *node.test.comparators))}
            if sides & kept and sides & counted:
                return True
    return False


def _kept_as(name: str, function: ast.FunctionDef) -> list[str]:
    """The attributes that a parameter is kept under: `self.theta = theta`."""
    return [
        node.targets[0].attr
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
        and isinstance(node.targets[0], ast.Attribute)
    ]


def joined_sizes(function: ast.FunctionDef) -> dict[str, str]:
    """What `[n_in] + hidden + [n_out]` or `[n_in, *hidden, n_out]` is put together of.

    By name: `d` and `k` for the sizes at its ends, `h` for the list of those between them.
    """
    for node in ast.walk(function):
        parts = _parts_of_list(node) if isinstance(node, ast.BinOp | ast.List) else []
        kinds = [isinstance(one, ast.Starred) for one in parts]
        sizes = [one.value if isinstance(one, ast.Starred) else one for one in parts]
        named = all(isinstance(one, ast.Name | ast.Attribute) for one in sizes)
        if kinds == [False, True, False] and named:
            return dict(zip(map(updates.last_word, sizes), "dhk", strict=True))
    return {}


def _parts_of_list(node: ast.expr) -> list[ast.expr]:
    """The entries of a list, also of a sum of some; one that is added as a whole is starred."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_parts_of_list(node.left), *_parts_of_list(node.right)]
    return node.elts if isinstance(node, ast.List) else [ast.Starred(node)]


def is_only_kept(name: str, function: ast.FunctionDef, tree: ast.AST) -> bool:
    """Whether all that is done with a parameter is `self.theta = theta`, which nothing looks up."""
    uses = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name]
    kept = _kept_as(name, function)
    looked_up = {
        n.attr
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)
    }
    return 0 < len(kept) == len(uses) and not looked_up & {*kept}


def role_of_data(name: str, body: Sequence[ast.AST]) -> str | None:
    """`x` for what is multiplied with a matrix, `y` for what an output is subtracted from."""
    multiplied = subtracted = False
    nodes = [node for statement in body for node in ast.walk(statement)]
    held = {name} | {  # `l0 = data`
        node.targets[0].id
        for node in nodes
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and _turned(node.value) == name
    }
    for node in nodes:
        if isinstance(node, ast.BinOp):
            sides = bool(held & {_turned(node.left), _turned(node.right)})
            multiplied |= sides and isinstance(node.op, ast.MatMult)
            one = bool(held & {_of_which(node.left), _of_which(node.right)})
            subtracted |= (sides or one) and isinstance(node.op, ast.Sub)
        elif isinstance(node, ast.Call) and patterns.called(node) in ("dot", "matmul"):
            own = [node.func.value] if isinstance(node.func, ast.Attribute) else []
            multiplied |= bool(held & {_turned(one) for one in (*own, *node.args)})
    return "x" if multiplied else "y" if subtracted else None


def role_of_cut(name: str, body: Sequence[ast.AST]) -> str | None:
    """`x` or `y` where what is cut from a variable is called so: `Y_batch = one_hots[:, i:j]`."""
    for node in (node for statement in body for node in ast.walk(statement)):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Subscript)
            and ast.unparse(node.value.value) == name
        ):
            role = roles.role(updates.last_word(node.targets[0]))
            if role in ("x", "y"):
                return role
    return None


def _of_which(node: ast.expr) -> str:
    """The name of the variable that something is an example of: `truth[i]`."""
    cut = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name)
    return _turned(node.value) if cut and isinstance(node, ast.Subscript) else ""


def _turned(node: ast.expr) -> str:
    """The name of a variable, transposed or not."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def is_strength(name: str, function: ast.FunctionDef) -> bool:
    """Whether what is called a learning rate is an L2 term's lambda: where no step is taken."""
    return not any(updates.updates(function.body)) and any(
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Div)
        and isinstance(node.left, ast.Name)
        and node.left.id == name
        for node in ast.walk(function)
    )


def is_limit(node: ast.expr) -> bool:
    """Whether it is a number at which gradients may be clipped; probabilities are at small ones."""
    number = patterns.number(node)
    is_large = number is not None and number >= roles.LEAST_LIMIT
    return is_large and not isinstance(ast.literal_eval(node), bool)


_LAYERS = re.compile(r"(?:\w+_)?(?:weights|biases|bias|[wb]s|thetas|pesos|sesgos|vieses)")


def are_layers(name: str, read: Reader) -> bool:
    """Whether what goes by that name is a list of weights, or of biases, an entry a layer.

    Entries are multiplied, `weights[i] @ a`, or added beside one that is, `+ biases[i]`. Somewhere
    an error is carried back through one, `weights[i].T`; the rows of a matrix are not turned.
    """
    if _LAYERS.fullmatch(name.lower()) is None:
        return False
    turned = {
        ast.unparse(node.value.value)
        for node in ast.walk(read.program.tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("T", "transpose")
        and isinstance(node.value, ast.Subscript)
    }
    for function in (one.function for one in read.found if one.function is not None):
        if name not in [taken for taken, _, _ in parameters_of(function)]:
            continue
        indexed = _indexed(function)
        multiplied = {base for node in ast.walk(function) for base in _multiplied(node)} & turned
        if name in multiplied:
            return True
        if any(indexed.get(name, set()) & indexed[other] for other in multiplied):
            return True
    return False


def _indexed(function: ast.FunctionDef) -> dict[str, set[str]]:
    """By what variables are indexed, where that is a number: `i`, `-1`, `l - 1`."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript) and _is_entry(node):
            found.setdefault(ast.unparse(node.value), set()).add(ast.unparse(node.slice))
    return found


def _is_entry(node: ast.expr) -> bool:
    """`weights[i]`, by a number; not `p["W" + i]`, and no slice."""
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and not isinstance(node.slice, ast.Slice | ast.Tuple)
        and "'" not in ast.unparse(node.slice)
    )


def _multiplied(node: ast.AST) -> Iterator[str]:
    """Of which variables entries are factors of this product."""
    sides: list[ast.expr] = []
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        sides = [node.left, node.right]
    elif isinstance(node, ast.Call) and patterns.called(node) in ("dot", "matmul"):
        sides = [*([node.func.value] if isinstance(node.func, ast.Attribute) else []), *node.args]
    for side in sides:
        entry = side.value if isinstance(side, ast.Attribute) and side.attr == "T" else side
        if isinstance(entry, ast.Subscript) and _is_entry(entry):
            yield ast.unparse(entry.value)


_SIZED = re.compile(r"zeros|ones|empty|rand\w*|normal|uniform|standard_normal|full|sqrt")


def is_size(name: str, function: ast.FunctionDef) -> bool:
    """Whether a parameter is a size: it stands in `np.zeros((inputs, hidden))`."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _SIZED.fullmatch(patterns.called(node)):
            for part in ast.walk(node):
                if isinstance(part, ast.Name) and part.id == name:
                    inside = [
                        outer
                        for outer in ast.walk(node)
                        if isinstance(outer, ast.Attribute | ast.Subscript | ast.Call)
                        and outer is not node
                        and any(inner is part for inner in ast.walk(outer))
                        and not (
                            isinstance(outer, ast.Call) and _SIZED.fullmatch(patterns.called(outer))
                        )
                    ]
                    if not inside:
                        return True
    return False


def is_list_of_pairs(name: str, body: Sequence[ast.AST], read: Reader, deep: int = 0) -> bool:
    """Whether `for x, t in name` goes through it, or through batches that are cut from it."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    held = {name}
    for node in sorted(nodes, key=lambda one: getattr(one, "lineno", 0)):
        if isinstance(node, ast.For):
            of = ast.unparse(node.iter).removeprefix(f"{PROBE}.once(").removesuffix(")")
            if of in held and isinstance(node.target, ast.Tuple) and len(node.target.elts) == 2:
                return True
            if of in held - {name} and isinstance(node.target, ast.Name):
                held.add(node.target.id)
        elif isinstance(node, ast.Assign) and _cuts(node.value, held):
            held |= {part.id for part in node.targets if isinstance(part, ast.Name)}
    return deep < 2 and any(
        is_list_of_pairs(parameter, callee.body, read, deep + 1)
        for one in held - {name}
        for callee, parameter in handed_on(nodes, one, read)
    )


def goes_by_row(name: str, function: ast.FunctionDef) -> bool:
    """Whether rows are looked at one at a time, with the label last: `for row in data: row[-1]`."""
    rows = _rows(name, function)
    return any(
        isinstance(node, ast.Subscript)
        and ast.unparse(node.value) in rows
        and ast.unparse(node.slice) == "-1"
        for node in ast.walk(function)
    )


def _rows(name: str, function: ast.FunctionDef) -> set[str]:
    return {
        ast.unparse(node.target)
        for node in ast.walk(function)
        if isinstance(node, ast.For)
        and ast.unparse(node.iter) in (name, f"{PROBE}.once({name})")
        and isinstance(node.target, ast.Name)
    }


def is_table(name: str, function: ast.FunctionDef) -> bool:
    """Whether the label stands in the last column: `data[:, -1]`, `for row in data: row[-1]`."""
    return goes_by_row(name, function) or any(
        isinstance(node, ast.Subscript)
        and ast.unparse(node.value) == name
        and ast.unparse(node.slice) in _LAST_COLUMN
        for node in ast.walk(function)
    )


_LAST_COLUMN = ("(slice(None), -1)", ":, -1", "(:, -1)", ":, :-1", "(:, :-1)")


def _cuts(value: ast.expr, held: set[str]) -> bool:
    """`[data[k : k + size] for k in range(0, n, size)]`, or one such batch."""
    return any(
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Slice)
        and isinstance(node.value, ast.Name)
        and node.value.id in held
        for node in ast.walk(value)
    )


def is_unrolled(name: str, function: ast.FunctionDef, read: Reader, deep: int = 0) -> bool:
    """Whether all parameters are in one vector, of which slices are reshaped to them.

    What an optimiser hands over is a vector, and may be reshaped as a whole.
    """
    optimised = function.name in read.handed.losses | read.handed.gradients
    for node in ast.walk(function):
        if any(base == name and (cut or optimised) for base, cut in _reshaped(node)):
            return True
    return deep < 2 and any(
        is_unrolled(parameter, callee, read, deep + 1)
        or (optimised and _is_reshaped(parameter, callee))
        for callee, parameter in handed_on(ast.walk(function), name, read)
        if callee is not function
    )


def is_cut(read: Reader) -> bool:
    """Whether slices of some vector are reshaped, as those of several parameters are."""
    return any(cut for node in ast.walk(read.program.tree) for _, cut in _reshaped(node))


def _reshaped(node: ast.AST) -> Iterator[tuple[str, bool]]:
    """Which variable a call reshapes, and whether only a slice of it."""
    if not isinstance(node, ast.Call) or patterns.called(node) != "reshape":
        return
    parts = [node.func.value] if isinstance(node.func, ast.Attribute) else []
    for part in [*parts, *node.args[:1]]:
        cut = isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Slice)
        of = part.value if isinstance(part, ast.Subscript) and cut else part
        if isinstance(of, ast.Name):
            yield of.id, cut


def _is_reshaped(name: str, function: ast.FunctionDef) -> bool:
    """Whether a function only gives a vector its shape: `return theta.reshape(k, d)`."""
    value = updates.returned_value(function)
    return (
        value is not None
        and patterns.called(value) == "reshape"
        and name in (part.id for part in ast.walk(value) if isinstance(part, ast.Name))
    )


def handed_on(
    nodes: Iterable[ast.AST], name: str, read: Reader
) -> Iterator[tuple[ast.FunctionDef, str]]:
    """The file's functions and methods that are called with a variable, and what they call it."""
    defined = {one.function.name: one.function for one in read.found if one.function is not None}
    for node in nodes:
        callee = defined.get(patterns.called(node))
        if isinstance(node, ast.Call) and callee is not None:
            taken = [one for one, _, _ in parameters_of(callee) if one != "self"]
            for parameter, argument in given_in(node, taken).items():
                if isinstance(argument, ast.Name) and argument.id == name:
                    yield callee, parameter


def keys_of(name: str, nodes: Iterable[ast.AST]) -> list[str]:
    """The texts that a variable is looked up by: `cache["Z"]`."""
    found = [
        node.slice.value
        for node in nodes
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    ]
    return list(dict.fromkeys(found))
