"""What a file says of its model beside the steps that are judged, where these say nothing of it.

Steps without a sigmoid are those of linear regression, and right as such. Where the file's only
loss is the cross-entropy of a sigmoid, or its predictions go through one, the sigmoid may have been
forgotten: that is asked.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from backproof.reading import names, patterns
from backproof.reading.losses import reached
from backproof.reading.recipes import Reader
from backproof.reading.resolve import Resolved
from backproof.reading.scopes import Scope
from backproof.reading.spec import Spec
from backproof.reading.updates import last_word, updates

_SIGMOID = {"sigmoid": "a sigmoid", "softmax": "softmax"}
_EXPONENTIALS = {"exp", "expit", "logaddexp", "log1p"}
_PREDICTS = re.compile(r"predi|proba|classif|hypothes|infer|forward|vorher|prever|clasif")
_LOGISTIC = re.compile(r"logi[st]+i[ck]|log_?reg|softmax")


def questions(
    read: Reader, judged: Sequence[tuple[str, Spec]], loss: Resolved | None
) -> Mapping[str, str]:
    """What has to be told of which of the `judged`; `loss` is the file's loss function, as run."""
    bare = [(name, spec) for name, spec in judged if _is_bare(spec)]
    if not bare or any(spec.family.output in _SIGMOID for _, spec in judged):
        return {}
    asked = {}
    for name, spec in bare:
        if any(_is_logistic(read, scope) for scope in read.found if _trains_else(scope, name)):
            continue
        seen = _of_a_loss(read, loss) or _of_predictions(read, name, spec) or _of_its_name(name)
        if seen:
            model = "linear regression" if spec.family.depth == 1 else "a network"
            asked[name] = (
                f"its steps are those of {model} with nothing behind its output, but {seen}; tell "
                "which is meant with --model"
            )
    return asked


def _is_bare(spec: Spec) -> bool:
    """Whether the output goes through nothing, and no loss of its own says that it should not."""
    own = spec.loss or "loss" in spec.notes or "loss" in spec.returns or spec.loss_only
    plain = spec.family.piece is None and spec.family.output == "identity"
    return plain and not own and spec.stated is None


def _trains_else(scope: Scope, name: str) -> bool:
    own = scope.name or "the loop"
    return not name.startswith(own) and any(updates(scope.body))


def _is_logistic(read: Reader, scope: Scope) -> bool:
    """Whether a scope applies a sigmoid or softmax, itself or by what it calls."""
    applied = reached(read, scope.body)
    named = {patterns.named(one) for one in applied}
    return bool(applied & _EXPONENTIALS) or bool(named & {*_SIGMOID})


def _of_a_loss(read: Reader, loss: Resolved | None) -> str:
    """The file's only loss, where that is the cross-entropy of something else."""
    if loss is not None and loss.match is not None and loss.match[1] in _SIGMOID:
        where = read.program.where(loss.line)
        return f"the only loss, {where}, is that of {_SIGMOID[loss.match[1]]}"
    tree = read.program.tree
    first = next(iter(sorted(one.lineno for one in _cross_entropies(tree))), None)
    if first is None or any(map(_is_squared_error, ast.walk(tree))):
        return ""
    return f"the only loss, {read.program.where(first)}, is a cross-entropy"


def _cross_entropies(tree: ast.AST) -> Iterator[ast.expr]:
    """The products of labels and logarithms of what is predicted: `y * np.log(p)`."""
    for node in ast.walk(tree):
        factors: list[ast.expr] = []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.MatMult):
            factors = [node.left, node.right]
        elif isinstance(node, ast.Call) and patterns.called(node) in ("dot", "multiply"):
            factors = [*node.args]
            if isinstance(node.func, ast.Attribute):
                factors.append(node.func.value)
        texts = {ast.unparse(one) for one in factors}
        for one in factors:
            logarithm = one.value if isinstance(one, ast.Attribute) and one.attr == "T" else one
            if patterns.called(logarithm) != "log" or not isinstance(logarithm, ast.Call):
                continue
            # The entropy of a distribution is of no labels.
            if logarithm.args and ast.unparse(logarithm.args[0]) not in texts:
                yield one


def _is_squared_error(node: ast.AST) -> bool:
    """The square of anything but a parameter."""
    of: ast.expr | None = None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        of = node.left if patterns.number(node.right) == 2 else None
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.MatMult):
        left, right = (ast.unparse(one).removesuffix(".T") for one in (node.left, node.right))
        of = node.left if left == right else None
    elif isinstance(node, ast.Call) and patterns.called(node) in ("square", "norm"):
        of = node.args[0] if node.args else None
    elif isinstance(node, ast.Call) and "squared_error" in patterns.called(node):
        return True
    return of is not None and names.parameter(last_word(of)) is None


def _of_predictions(read: Reader, name: str, spec: Spec) -> str:
    """What predicts with the same parameters, and goes through something."""
    owner = name.rpartition(".")[0]
    for scope in read.found if spec.family.depth == 1 else ():
        if scope.function is None or scope.name == name or any(updates(scope.body)):
            continue
        own = scope.owner.name if scope.owner else ""
        predicts = _PREDICTS.search(scope.function.name.lower()) is not None
        if own == owner and predicts and _is_logistic(read, scope):
            what = f"{scope.name}, {read.program.where(scope.line)},"
            return f"{what} goes through an exponential function"
    return ""


def _of_its_name(name: str) -> str:
    return "its name says something else" if _LOGISTIC.search(name.lower()) else ""
