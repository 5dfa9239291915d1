"""Which loss is meant where a file states none: by what its error goes back through."""

from __future__ import annotations

import ast
import re
from collections import Counter

from backproof.reading import forward, patterns, roles
from backproof.reading.settle import Trial
from backproof.reading.updates import last_word, returned_value


def implied(run: ast.Module, trial: Trial, output: str, activation: str) -> str:
    """The loss that is meant where the file states none: squared error if the error goes back
    through the derivative of the output, in what is run, and is not divided by it first.
    """
    if output in ("softmax", "identity"):
        return output
    if output == "tanh":
        return "tanh_squared"
    case = trial.case
    yhat = forward.predicted(trial.spec.family, case, activation, output)
    z = forward.predicted(trial.spec.family, case, activation, "identity")
    outputs, scores = forward.names_of(yhat, trial.seen), forward.names_of(z, trial.seen)
    if trial.spec.single and yhat.size > 1:
        outputs |= forward.names_of_entries(yhat, trial.seen)
        scores |= forward.names_of_entries(z, trial.seen)
    idle = not_taken(run, {name for name, _ in trial.seen})
    through, divided = _goes_through(run, outputs, outputs | scores, idle)
    slope = yhat * (1.0 - yhat)
    # In a loop over the layers a variable holds the output's error only for a turn.
    shown = (slope, slope * (yhat - case["y"]), slope * (case["y"] - yhat))
    through = through or any(forward.names_of(one, trial.seen) for one in shown)
    through = through and not divided
    return "sigmoid_squared" if through else "sigmoid"


def not_taken(tree: ast.Module, seen: set[str]) -> set[ast.AST]:
    """What stands in branches of which nothing was seen that would have been (see `shown`)."""
    found: set[ast.AST] = set()
    whole = {node.value for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AugAssign)}
    texts = Counter(map(_text, ast.walk(tree)))
    for node in ast.walk(tree):
        for way in (node.body, node.orelse) if isinstance(node, ast.If) else ():
            inside = [part for one in way for part in ast.walk(one)]
            own = Counter(_text(part) for part in inside)
            shown = {_text(part) for part in inside if part not in whole} - {""}
            shown = {text for text in shown if own[text] == texts[text]}
            if shown and not shown & seen:
                found |= {*inside}
    return found


def _text(node: ast.AST) -> str:
    """What a value goes by that no variable holds; empty for what has none."""
    return ast.unparse(node) if isinstance(node, ast.BinOp | ast.Call) else ""


def _goes_through(
    tree: ast.Module, outputs: set[str], held: set[str], idle: set[ast.AST]
) -> tuple[bool, bool]:
    """Whether something is multiplied by the slope of the output, and whether divided by it.

    `idle` is what does not run.
    """
    through = divided = False
    helpers = _slopes_of_arguments(tree) | _in_diagonals(tree) | _beside_inputs(tree, held)
    stems = {re.sub(r"\d+$", "", name) for name in outputs}
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if node in idle:
            continue
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and node not in helpers:
            through = through or _is_own_slope(node, held)
        if isinstance(node, ast.Call) and node not in helpers:
            through = through or _is_slope_call(node, held, own)
        below = None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            below = node.right
        elif isinstance(node, ast.Call) and patterns.called(node) == "divide" and node.args[1:]:
            below = node.args[1]
        if below is not None and not any(patterns.called(p) == "exp" for p in ast.walk(below)):
            divided = divided or bool(_words(below) & outputs or _made_up(below) & stems)
    return through, divided


def _slopes_of_arguments(tree: ast.Module) -> set[ast.AST]:
    """What functions of one argument return, such as `x * (1 - x)`: it says nothing of outputs."""
    return {
        value
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and len([one for one in node.args.args if one.arg != "self"]) == 1
        and (value := returned_value(node)) is not None
    }


def _in_diagonals(tree: ast.Module) -> set[ast.AST]:
    """What stands in `np.diag(p * (1 - p))`: part of a second derivative, which no error meets."""
    return {
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and "diag" in patterns.called(node).lower()
        for argument in node.args
        for part in ast.walk(argument)
    }


def _beside_inputs(tree: ast.Module, held: set[str]) -> set[ast.AST]:
    """`X * p * (1 - p)`: part of a second derivative too, because no error is among the factors."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if node in found or not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
            continue
        chain = [node, *_products(node)]
        factors = [one for part in chain for one in (part.left, part.right) if one not in {*chain}]
        inputs = [one for one in factors if roles.role(_last(_untransposed(one))) == "x"]
        rest = [one for one in factors if one not in inputs and patterns.number(one) is None]
        if inputs and all(_words(one) & held for one in rest):
            found |= {*chain}
    return found


def _products(node: ast.BinOp) -> list[ast.BinOp]:
    """The products that are factors of a product."""
    inner = [
        one
        for one in (node.left, node.right)
        if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Mult)
    ]
    return [part for one in inner for part in (one, *_products(one))]


def _untransposed(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Attribute) and node.attr == "T" else node


def _is_own_slope(node: ast.BinOp, held: set[str]) -> bool:
    """`yhat * (1 - yhat)`, however it is bracketed."""
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(other, ast.BinOp) and isinstance(other.op, ast.Sub):
            same = _last(other.right)
            if patterns.number(other.left) == 1 and same in held and same in _words(one):
                return True
    return False


_SLOPE = re.compile(r"deriv|prim[ae]|grad|slope|ableitung|turunan|^d$|^diff")


def _is_slope_call(node: ast.Call, held: set[str], own: set[str]) -> bool:
    """`sigmoid_prime(yhat)`, or `nonlin(yhat, deriv=True)` of a function of the file's own."""
    name = patterns.called(node)
    flagged = any(_SLOPE.search((keyword.arg or "").lower()) for keyword in node.keywords)
    if name in own:
        flagged |= any(isinstance(one, ast.Constant) and one.value is True for one in node.args)
    if not (flagged or patterns.is_derivative(name) or _SLOPE.search(name.lower())):
        return False
    return bool(node.args) and _last(node.args[0]) in held


def _last(node: ast.expr) -> str:
    """The name nearest to the value; of what no variable holds, its text (see `shown`)."""
    named = isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
    return last_word(node) if named else ast.unparse(node)


def _made_up(node: ast.AST) -> set[str]:
    """What keys that are put together begin with: `A` of `cache[f"A{L}"]`."""
    return {
        last_word(part)
        for part in ast.walk(node)
        if isinstance(part, ast.Subscript) and isinstance(part.slice, ast.JoinedStr | ast.BinOp)
    }


def _words(node: ast.AST) -> set[str]:
    return {
        _last(part)
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.BinOp)
    }
