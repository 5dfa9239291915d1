"""Where somebody's code takes a step of gradient descent: the statements, and the loop around them.

`W1 -= lr * dW1`, `self.w = self.w + rate * X.T.dot(error)`, `params["b"] = params["b"] - lr * db`:
what is updated, whatever it is called, is a parameter. Syntax only.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias, TypeGuard

from backproof.reading import names, patterns, roles

Loop: TypeAlias = ast.For | ast.While
Callable: TypeAlias = ast.FunctionDef

_NOT_PARAMETERS = re.compile(
    r"(?:i|j|k|n|m|t|it|iter(?:ation)?s?|epochs?|count(?:er)?|correct\w*|acc(?:uracy)?|total\w*|"
    r"sum\w*|num\w*|loss\w*|cost\w*|err(?:or)?s?|reg\w*|idx|index|start|end|step|grads?|h|p|z\d*|"
    r"a\d*|v\w*|velocity\w*|m\w?\d*|s\w?\d*|moment\w*|cache\w*|lr|learning_?rate|alpha|eta|x|y|"
    r"data|log_?\w*|score\w*|pred\w*|output\w*|delta\w*|nabla\w*|tmp|temp|best\w*|hits?|tp|fp|tn|fn)"
)


class Update(NamedTuple):
    """A statement that moves a parameter: what, by which expression, and up or down."""

    target: ast.expr
    step: ast.expr
    adds: bool
    line: int

    @property
    def base(self) -> str:
        """The variable that holds it: `self` of `self.W1`, `params` of `params["W1"]`."""
        return base_of(self.target)

    @property
    def word(self) -> str:
        """The last name on the way to it: `W1`."""
        return last_word(self.target)


def base_of(node: ast.expr) -> str:
    """The name that an attribute or subscript begins with; empty if it begins with a call."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def last_word(node: ast.expr) -> str:
    """The name nearest to the value: of an attribute, of a literal key, or of what is indexed."""
    if isinstance(node, ast.Subscript):
        key = node.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return key.value
        if isinstance(key, ast.BinOp) and isinstance(key.left, ast.Constant):  # "W" + str(l)
            return str(key.left.value).partition("%")[0]
        if (
            isinstance(key, ast.JoinedStr)
            and key.values
            and isinstance(key.values[0], ast.Constant)
        ):
            return str(key.values[0].value)
        return last_word(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def updates(body: Sequence[ast.AST]) -> Iterator[Update]:
    """The updates of parameters in these statements, without nested definitions."""
    for node in own_nodes(body):
        for found in _updates_in(node):
            if _is_parameter(found):
                yield found


def _updates_in(node: ast.AST) -> Iterator[Update]:
    """The updates that a statement may be: `W1, b1 = W1 - lr * dW1, b1 - lr * db1` is two."""
    if (
        isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Tuple)
        and isinstance(node.value, ast.Tuple)
        and len(node.targets[0].elts) == len(node.value.elts)
    ):
        for target, value in zip(node.targets[0].elts, node.value.elts, strict=True):
            one = ast.copy_location(ast.Assign([target], value), node)
            yield from _updates_in(one)
        return
    found = _update(node)
    if found is not None:
        yield found


_ELSEWHERE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def own_nodes(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """All nodes below, in order, but not inside of other functions and classes."""
    waiting = list(body)[::-1]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, _ELSEWHERE):
            yield node
            waiting.extend(list(ast.iter_child_nodes(node))[::-1])


def returned_value(function: ast.FunctionDef) -> ast.expr | None:
    """What a function's last own `return` statement gives; None where none gives anything."""
    last: ast.expr | None = None
    for node in own_nodes(function.body):
        if isinstance(node, ast.Return) and node.value is not None:
            last = node.value
    return last


def _update(node: ast.AST) -> Update | None:
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        return Update(node.target, node.value, isinstance(node.op, ast.Add), node.lineno)
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return None
    target, value = node.targets[0], node.value
    text = ast.unparse(target)
    if isinstance(value, ast.Call) and patterns.called(value) in ("subtract", "add"):
        if len(value.args) == 2 and ast.unparse(value.args[0]) == text:
            return Update(target, value.args[1], patterns.called(value) == "add", node.lineno)
        return None
    if isinstance(value, ast.ListComp) and isinstance(value.elt, ast.BinOp):
        over = ast.unparse(value.generators[0].iter)
        if isinstance(value.elt.op, ast.Add | ast.Sub) and text in over:
            adds = isinstance(value.elt.op, ast.Add)
            return Update(target, value.elt.right, adds, node.lineno)
        return None
    if isinstance(value, ast.Tuple | ast.List) and isinstance(target, ast.Name):
        moved = [_moved(one) for one in value.elts]
        if len(moved) > 1 and all(moved):
            first = value.elts[0]
            assert isinstance(first, ast.BinOp)
            adds = isinstance(first.op, ast.Add)
            return Update(target, first.right, adds, node.lineno)
        return None
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Add | ast.Sub):
        return None
    leftmost: ast.expr = value
    while isinstance(leftmost, ast.BinOp) and isinstance(leftmost.op, ast.Add | ast.Sub):
        leftmost = leftmost.left
    same_key = (
        isinstance(leftmost, ast.Subscript)
        and isinstance(target, ast.Subscript)
        and ast.unparse(leftmost.slice) == ast.unparse(target.slice)
    )
    if ast.unparse(leftmost) == text or same_key:
        return Update(target, value.right, isinstance(value.op, ast.Add), node.lineno)
    if isinstance(value.op, ast.Add) and ast.unparse(value.right) == text:
        return Update(target, value.left, True, node.lineno)
    return None


def _moved(node: ast.expr) -> bool:
    """`W1 - lr * dW1`, an entry of a tuple of parameters that is made anew."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add | ast.Sub)
        and isinstance(node.left, ast.Name | ast.Subscript | ast.Attribute)
        and isinstance(node.right, ast.BinOp)
    )


def _is_parameter(update: Update) -> bool:
    word = update.word.strip("_")
    lowered = word.lower()
    if isinstance(update.target, ast.Subscript) and "'d' +" in ast.unparse(update.step):
        return True  # p[k] = p[k] - lr * grads["d" + k]
    if _goes_through(update):
        return True
    if not word or names.gradient(word) is not None or names.is_loss(word) or "grad" in lowered:
        return False
    if patterns.number(update.step) is not None:
        return False
    known = names.parameter(word) is not None or WEIGHT_LIKE.fullmatch(lowered) is not None
    if _NOT_PARAMETERS.fullmatch(lowered) and not known:
        return False
    inside = list(ast.walk(update.step))
    words = {last_word(part) for part in inside if isinstance(part, ast.Name | ast.Attribute)}
    words |= {last_word(part) for part in inside if isinstance(part, ast.Subscript)}
    has_rate = any(roles.is_rate(one) for one in words)
    has_gradient = any(
        names.gradient(one) is not None
        or re.search(r"grad|delta|deriv|nabla|update|error|adjust|change|^d_?[wb]", one.lower())
        for one in words
    )
    has_product = any(patterns.called(part) in ("dot", "matmul", "outer") for part in inside)
    has_product |= any(
        isinstance(part, ast.BinOp) and isinstance(part.op, ast.MatMult) for part in inside
    )
    container = isinstance(update.target, ast.Subscript) or word.lower() in (
        "weights",
        "params",
        "parameters",
        "theta",
    )
    if known and container:
        return any(isinstance(part, ast.BinOp) for part in inside) or has_gradient
    has_times = any(
        isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult) for part in inside
    )
    has_sum = any(patterns.called(part) in ("sum", "mean") for part in inside)
    if known:
        whole = isinstance(update.step, ast.Name) and not isinstance(update.target, ast.Name)
        return has_rate or has_gradient or has_product or has_times or has_sum or whole
    in_container = isinstance(update.target, ast.Subscript) and has_rate
    return (has_rate and (has_gradient or has_sum)) or has_product or in_container


def _goes_through(update: Update) -> bool:
    """`p[k] -= lr * g[k]`: a parameter and its gradient are kept under one key, which varies."""
    target = update.target
    return (
        isinstance(target, ast.Subscript)
        and isinstance(target.slice, ast.Name)
        and isinstance(update.step, ast.BinOp)
        and isinstance(update.step.op, ast.Mult)
        and any(
            isinstance(part, ast.Subscript)
            and ast.unparse(part.slice) == target.slice.id
            and re.match(r"d|g|nabla", base_of(part).lower())
            for part in (update.step.left, update.step.right)
        )
    )


WEIGHT_LIKE = re.compile(
    r"(?:syn(?:apse|aptic)?_?(?:weights?)?_?\d*|(?:\w+_)?(?:weights?|w|theta|bias(?:es)?|b|coefs?|"
    r"coefficients?|intercepts?|params?|parameters?|kernel)(?:_?\w+)?|thetas?\d*|w[a-z]{0,3}\d*|"
    r"b[a-z]{0,4}\d*|[uv]\d*|beta\d*)"
)


# --- who updates, and in which loop ------------------------------------------------------------


def left_behind(function: ast.FunctionDef) -> Iterator[ast.Attribute | ast.Subscript]:
    """Where a method leaves gradients in its object: `self.dW1`, `self.grads["dW" + str(l)]`."""
    for node in ast.walk(function):
        kept = isinstance(node, ast.Attribute) or (
            isinstance(node, ast.Subscript) and base_of(node) == "self"
        )
        if (
            kept
            and isinstance(node, ast.Attribute | ast.Subscript)
            and isinstance(node.ctx, ast.Store)
            and names.gradient(last_word(node)) is not None
        ):
            yield node


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
    """The functions, methods and the script of a file."""
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
    if re.search(r"epoch|iter|\bx\b|\by\b|train|batch|sample|example|zip\(\s*(?:self\.)?x", text):
        return False
    targets = {part.id for part in ast.walk(loop.target) if isinstance(part, ast.Name)}
    direct = list(updates(loop.body))
    if direct and all(_indexed_by(one.target, targets) for one in direct):
        return True
    if direct:
        return False
    calls = [node.func for node in own_nodes(loop.body) if isinstance(node, ast.Call)]
    if any(isinstance(func, ast.Attribute) and base_of(func) in targets for func in calls):
        return True
    return re.search(r"layer|\bl\b|parameters|params", text) is not None


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
    drawn: set[str] = set()
    for node in own_nodes(loop.body):
        if isinstance(node, ast.Assign) and _draws_one(node.value):
            drawn |= {part.id for part in ast.walk(node.targets[0]) if isinstance(part, ast.Name)}
    index = targets | drawn
    if re.search(r"zip\(|enumerate\(", text) and names_data(text):
        return True
    if len(targets) == 2 and re.fullmatch(
        r"(?:self\.)?\w*(?:data|pairs|samples|batch|set)\w*", text
    ):
        return True
    for node in own_nodes(loop.body):
        if isinstance(node, ast.Subscript) and roles.is_data(last_word(node.value)):
            parts = {part.id for part in ast.walk(node.slice) if isinstance(part, ast.Name)}
            sliced = any(
                isinstance(part, ast.Slice) and (part.lower is not None or part.upper is not None)
                for part in ast.walk(node.slice)
            )
            if parts & index and not sliced:
                return True
    return False


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
