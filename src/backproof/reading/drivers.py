"""The driver of a recipe, and which statements of the file it needs."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Mapping

from backproof.reading import left_out, names, patterns, roles, syntax, updates
from backproof.reading.arguments import SIMPLE
from backproof.reading.binding import defaults_of, given_in, parameters_of
from backproof.reading.constants import counts_in, is_count
from backproof.reading.guards import SMALL
from backproof.reading.measures import other_measures
from backproof.reading.recipes import DRIVER, PROBE, Reader, located, parsed
from backproof.reading.rescaling import left_over, rescaled
from backproof.reading.shrinkage import place_of
from backproof.reading.slices import bound, free, loaded
from backproof.reading.usage import is_limit

OURS = ("lambda", "l1", "clip", "keep", "drop")  # roles of numbers that are not left as they are
_LARGEST_GUARD = 1e-4  # inside of a logarithm
DEFINITION = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def with_globals(
    read: Reader, body: list[ast.stmt], declared: Iterable[str] = ()
) -> ast.FunctionDef:
    """A driver that sets the globals which the called functions take inputs and sizes from.

    `declared` are further globals, which the body itself sets.
    """
    called = {name for statement in body for name in loaded(statement)}
    used = used_by(read, called)
    given = {name: SIMPLE[role] for name in used if (role := _role(read, name)) is not None}
    given |= {name: f"{PROBE}.x.shape[1]" for name in given if _is_second_size(read, name)}
    made = [parsed(f"{name} = {value}") for name, value in sorted(given.items())]
    return driver_of([*made, *body], [*given, *declared])


def _role(read: Reader, name: str) -> str | None:
    """What a global stands for that is ours to give."""
    if is_function(read, name):
        return None
    role = roles.role(name)
    if roles.is_data(name) and is_number(read, name):
        return None
    if roles.is_data(name):
        return role
    if (shrinks := strength(read, name)) is not None:
        return shrinks
    if roles.is_rate(name):
        return "rate"
    counts = role == "n" and (_comes_from(read, name) or name in counts_in(read))
    return "n" if counts else None


def strength(read: Reader, name: str) -> str | None:
    """`lambda` or `l1` for what multiplies a term that shrinks weights, or another role of ours."""
    if name in read.shrinkage.named:
        return "lambda" if name in read.shrinkage.l2 else "l1"
    role = roles.role(name)
    return role if role in OURS else None


def is_function(read: Reader, name: str) -> bool:
    """Whether `input` is Python's own, and not what the script calls its inputs."""
    return name == "input" and not any(name in bound(statement) for statement in read.script)


def is_number(read: Reader, name: str) -> bool:
    """Whether what may be inputs by its name is how many there are: `entradas = 15`."""
    return roles.role(name) == "x" and len(name) > 1 and is_count(read, name)


def _comes_from(read: Reader, name: str) -> bool:
    """Whether a global is made of the inputs, or nowhere."""
    makers = [statement for statement in read.script if name in bound(statement)]
    return not makers or any(roles.is_data(other) for one in makers for other in loaded(one))


def _is_second_size(read: Reader, name: str) -> bool:
    """Whether the script makes a global the second size of its inputs: `n = np.shape(X)[1]`."""
    for node in (node for one in read.script for node in ast.walk(one)):
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        second = isinstance(target, ast.Tuple) and name in map(ast.unparse, target.elts[1:2])
        if ast.unparse(target) == name and isinstance(value, ast.Subscript):
            second, value = patterns.number(value.slice) == 1, value.value
        shaped = value.value if isinstance(value, ast.Attribute) and value.attr == "shape" else None
        if isinstance(value, ast.Call) and patterns.called(value) == "shape" and value.args:
            shaped = value.args[0]
        if second and shaped is not None and roles.role(updates.last_word(shaped)) == "x":
            return True
    return False


def driver_of(body: list[ast.stmt], declared: Iterable[str]) -> ast.FunctionDef:
    """The driver with this body, in which the names declared are global."""
    driver = parsed(f"def {DRIVER}():\n    pass")
    assert isinstance(driver, ast.FunctionDef)
    names_ = sorted(set(declared))
    head: list[ast.stmt] = []
    if names_:
        head = [parsed(f"global {', '.join(names_)}")]
    driver.body = [*head, *body] or [ast.Pass()]
    return ast.fix_missing_locations(driver)


def used_by(read: Reader, wanted: set[str]) -> set[str]:
    """The globals that the file's own definitions among these names look up, and theirs in turn."""
    found: set[str] = set()
    waiting = set(wanted)
    while waiting:
        name = waiting.pop()
        one = read.functions.get(name) or read.classes.get(name)
        if one is not None:
            more = free(one) - found
            found |= more
            waiting |= more
    return found - {*read.functions, *read.classes}


def needed(
    read: Reader,
    driver: ast.FunctionDef,
    replaced: Mapping[int, ast.stmt],
    *,
    ours: bool = True,
) -> tuple[ast.stmt, ...]:
    """The statements of the module that the driver needs, in order, and the driver.

    `ours` is whether strengths of L2 terms that no call passes are the probe's.
    """
    wanted_names = loaded(driver) | {
        n for node in ast.walk(driver) if isinstance(node, ast.Global) for n in node.names
    }
    own = {name for statement in driver.body for name in bound(statement) - _exchanged(statement)}
    chosen: set[int] = set()
    at_once = set[str]()  # looked up where something is defined, before the driver sets them
    while True:
        before = len(chosen)
        for place, statement in enumerate(read.script):
            if place in chosen:
                continue
            star = isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*"
            definition = isinstance(statement, DEFINITION)
            apart = at_once | (wanted_names if definition else wanted_names - own)
            wanted = bound(statement) & apart
            if not definition and isinstance(statement, ast.Expr | ast.For | ast.While):
                continue
            if star or wanted:
                chosen.add(place)
                wanted_names |= free(statement)
                at_once |= _defaults(statement)
        if len(chosen) == before:
            break
    statements = [_with_replaced(read.script[place], replaced) for place in sorted(chosen)]
    if read.shrinkage.named:
        named = f"{PROBE}.shrinking({[*map(sorted, (read.shrinkage.l2, read.shrinkage.l1))]})"
        driver.body.insert(_after_globals(driver), ast.fix_missing_locations(parsed(named)))
    arrays = _AsArrays(read, ours=ours)
    return tuple(arrays.visit(copy.deepcopy(one)) for one in (*statements, driver))


def _after_globals(driver: ast.FunctionDef) -> int:
    return sum(isinstance(one, ast.Global) for one in driver.body[:1])


class _AsArrays(ast.NodeTransformer):
    """With the values of loss functions kept by the probe, without what only data frames have.

    Annotations go too: nothing needs them. L2 terms that have no name for their strength are made
    those of our lambda, and L1 terms are nothing. What clips gradients leaves them as they are.
    Guards inside of logarithms are small ones. What a step shrinks by a number is left as it is,
    and parameters are not rounded. Data stay on the scale that they come on.
    """

    def __init__(self, read: Reader, *, ours: bool) -> None:
        self._read = read
        self._ours = ours
        self._shrinkage = read.shrinkage
        self._measures = other_measures(read)
        self._returned: set[ast.AST] = set()
        self._left_over: set[str] = set()

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        place = place_of(node)
        data = rescaled(node)
        self.generic_visit(node)
        if data is not None and ast.unparse(data) not in self._left_over:
            return data
        if place in self._shrinkage.unnamed:
            strength = ast.Attribute(ast.Name(PROBE, ast.Load()), "penalty", ast.Load())
            return _scaled(strength, node, self._shrinkage.unit)
        if place in self._shrinkage.absolute:
            return _scaled(ast.Constant(0.0), node, 1.0)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        rounded = left_out.is_rounded(node)
        self.generic_visit(node)
        target, value = node.targets[0], node.value
        history = isinstance(target, ast.Subscript) and not patterns.is_text(target.slice)
        if history and names.is_loss(patterns.called(value) or updates.last_word(value)):
            number = syntax.expression(f"{PROBE}.number(0)")
            assert isinstance(number, ast.Call)
            number.args = [value]  # NumPy 2.4 makes no entry of a (1, 1)
            node.value = ast.fix_missing_locations(ast.copy_location(number, value))
            return node
        if rounded:
            kept = syntax.expression(ast.unparse(target))
            node.value = ast.fix_missing_locations(ast.copy_location(kept, value))
            return node
        if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Add | ast.Sub):
            return node
        if left_out.is_decayed(value.left, target):
            kept = syntax.expression(ast.unparse(target))
            value.left = ast.fix_missing_locations(ast.copy_location(kept, value.left))
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        outer, self._left_over = self._left_over, left_over(node)
        self.generic_visit(node)
        self._left_over = outer
        node.returns = None
        given = _left_at_default(self._read, node) if self._ours else {}
        first = 1 if ast.get_docstring(node, clean=False) is not None else 0
        ours = [located(f"{name} = {value}", node.body[0]) for name, value in given.items()]
        node.body[first:first] = ours
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        held = isinstance(node.value, ast.Name) and roles.is_data(node.value.id)
        row = isinstance(node.value, ast.Name) and node.value.id in ("row", "record")
        kept = ("values", "iloc", "loc") if held else ("values",) if row else ()
        return node.value if node.attr in kept else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        words = {
            part.id if isinstance(part, ast.Name) else getattr(part, "attr", "")
            for part in ast.walk(node)
        }
        if not any(roles.role(word) in ("keep", "drop") for word in words if word):
            return node
        kept = syntax.expression(f"{PROBE}.kept(0)")
        assert isinstance(kept, ast.Call)
        kept.args = [node]
        return ast.fix_missing_locations(ast.copy_location(kept, node))

    def visit_Return(self, node: ast.Return) -> ast.AST:
        self._returned |= {*ast.walk(node)}
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        method = node.func
        # What is clipped and handed back as a gradient is none any more; a step may be shorter.
        clipped = None if node in self._returned else left_out.clipped(node)
        self.generic_visit(node)
        if clipped is not None:
            return clipped
        if patterns.called(node) == "log" and [*map(type, node.args)] == [ast.BinOp]:
            node.args = [_with_small_guard(node.args[0], self._read)]
        if isinstance(method, ast.Attribute):
            if method.attr in ("to_numpy", "as_matrix"):
                return method.value
            if method.attr in ("iterrows", "itertuples") and not node.args:
                return _pairs_of(method, node)
            node.func = method  # `values()` is of a dict
        if not names.is_loss(patterns.called(node)) or patterns.called(node) in self._measures:
            return node
        kept = syntax.expression(f"{PROBE}.loss(0)")
        assert isinstance(kept, ast.Call)
        kept.args = [node]
        return ast.fix_missing_locations(ast.copy_location(kept, node))


def _with_small_guard(node: ast.expr, read: Reader) -> ast.expr:
    """`h + 1e-8` for `h + 1e-5`, what a logarithm is taken of: a guard that large is none else."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        left = _with_small_guard(node.left, read)
        right = node.right
        if isinstance(node.op, ast.Add):
            right = _with_small_guard(right, read)
        return ast.copy_location(ast.BinOp(left, node.op, right), node)
    return ast.copy_location(ast.Constant(1e-8), node) if _is_guard(node, read) else node


def _is_guard(node: ast.expr, read: Reader) -> bool:
    """Whether it is a number above those that are known for guards anywhere, and at most 1e-4."""
    numbers = {patterns.number(node)}
    if isinstance(node, ast.Name):
        numbers = {patterns.number(value) for value in _values_of(node.id, read)}
    return bool(numbers) and all(
        number is not None and SMALL < number <= _LARGEST_GUARD for number in numbers
    )


def _defaults(statement: ast.stmt) -> set[str]:
    """The names in the defaults of a function or of a class's methods."""
    functions = [node for node in ast.walk(statement) if isinstance(node, ast.FunctionDef)]
    return {
        part.id
        for function in functions
        for value in defaults_of(function.args).values()
        for part in ast.walk(value)
        if isinstance(part, ast.Name)
    }


def _values_of(name: str, read: Reader) -> list[ast.expr]:
    """What the file sets a variable to, or a parameter to by default."""
    found = []
    for node in ast.walk(read.program.tree):
        if isinstance(node, ast.Assign) and name in map(ast.unparse, node.targets):
            found.append(node.value)
        elif isinstance(node, ast.arguments):
            found += [value for one, value in defaults_of(node).items() if one == name]
    return found


def _left_at_default(read: Reader, function: ast.FunctionDef) -> dict[str, str]:
    """The strengths of L2 and L1 terms that a function takes and no call of the file passes."""
    found = {
        name: SIMPLE[role]
        for name, default in defaults_of(function.args).items()
        if patterns.number(default) is not None
        and (role := strength(read, name)) is not None
        and (role != "clip" or is_limit(default))
    }
    if not found or function.name == "__init__":
        return {}
    listed = [name for name, _, _ in parameters_of(function) if name != "self"]
    for node in ast.walk(read.program.tree):
        if isinstance(node, ast.Call) and patterns.called(node) == function.name:
            found = {name: one for name, one in found.items() if name not in given_in(node, listed)}
    return found


def _scaled(strength: ast.expr, term: ast.BinOp, unit: float) -> ast.expr:
    """`strength * term / unit`."""
    times = ast.BinOp(strength, ast.Mult(), term)
    made = ast.copy_location(ast.BinOp(times, ast.Div(), ast.Constant(unit)), term)
    return ast.fix_missing_locations(made)


def _pairs_of(method: ast.Attribute, call: ast.Call) -> ast.expr:
    """`enumerate(X)` for `X.iterrows()`, and `X` for `X.itertuples()`, where X may be an array."""
    if method.attr == "itertuples":
        return method.value
    each = ast.Call(ast.Name("enumerate", ast.Load()), [method.value], [])
    return ast.fix_missing_locations(ast.copy_location(each, call))


def _exchanged(statement: ast.stmt) -> set[str]:
    """The global that `W1 = __probe__.give("W1", W1)` takes from the file."""
    given = isinstance(statement, ast.Assign) and patterns.called(statement.value) == "give"
    return loaded(statement) - {PROBE} if given else set()


def _with_replaced(statement: ast.stmt, replaced: Mapping[int, ast.stmt]) -> ast.stmt:
    if id(statement) in replaced:
        return replaced[id(statement)]
    if isinstance(statement, ast.ClassDef) and any(id(p) in replaced for p in statement.body):
        new = copy.copy(statement)
        new.body = [replaced.get(id(part), part) for part in statement.body]
        return new
    return statement


def functions(read: Reader, wanted: Iterable[str]) -> tuple[ast.stmt, ...]:
    """What has to be executed so that these functions of the file can be called."""
    body = [parsed(name) for name in wanted]
    return needed(read, driver_of(body, ()), {}, ours=False)
