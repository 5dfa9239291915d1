"""Which model a function is a backward pass of, by what it applies; never by what it answers.

Evidence is the activations that the function and the functions of the file it calls apply, then
what their docstrings say. Where the evidence leaves two answers there is a question, not a guess.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from backproof.notation import ACTIVATIONS, MODELS, Model
from backproof.reading import names, patterns

Functions = Mapping[str, ast.FunctionDef]

_HIDDEN = ("tanh", "relu", "leaky_relu", "softplus", "gelu", "gelu_tanh")
_SAID = {
    "softmax": r"softmax",
    "sigmoid": r"sigmoid|logistic",
    "tanh": r"tanh",
    "leaky_relu": r"leaky[ _-]?relu",
    "relu": r"(?<!leaky)(?<!leaky[ _-])relu",
    "softplus": r"softplus",
    "gelu": r"gelu",
}
_LINEAR = frozenset(
    re.findall(
        r"\w+",
        """
        dot matmul sum mean average shape size len zeros zeros_like ones ones_like empty empty_like
        einsum outer square reshape transpose array asarray float int copy squeeze ravel range
        enumerate zip dict tuple list tensordot vdot inner multiply subtract add divide astype
        expand_dims append print atleast_2d flatten full item float32 float64 asfortranarray
        ascontiguousarray hstack vstack concatenate prod isinstance format
        """,
    )
)
_AROUND = frozenset(  # of losses, checks and containers: no activations
    re.findall(
        r"\w+",
        """
        log log2 log10 clip max sqrt exp get items keys values update
        setdefault pop argmax isnan nan_to_num errstate seterr round ValueError int64 eye
        sorted reversed divmod super setattr getattr hasattr type str repr next iter any all
        """,
    )
)
_REPEATED = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp, ast.Lambda, ast.FunctionDef)


class Meaning(NamedTuple):
    """A model and an activation with the evidence for each, or a question."""

    model: Model | None
    activation: str | None
    why: Mapping[str, str]
    question: str | None = None


def applied(function: ast.FunctionDef, functions: Functions) -> Counter[str]:
    """How often each activation is applied in `function` and in what it calls of the file.

    Within a loop once counts as twice: how often is not known. Derivatives and the loss do not
    count. Under `"?"` are calls and comparisons that a linear model has no use for, under `"?()"`
    the calls among them that may be an activation we do not know.
    """
    return _applied(function, functions, (function.name,))


def _applied(
    function: ast.FunctionDef, functions: Functions, calling: tuple[str, ...]
) -> Counter[str]:
    exponentials = frozenset(_holding(function, "exp"))
    sums = frozenset(_holding(function, "sum"))
    approximated = any(patterns.number(node) == 0.044715 for node in ast.walk(function))
    counts: Counter[str] = Counter()
    for statement in function.body:
        for node, times in _nodes(statement, exponentials, sums, 1):
            if isinstance(node, patterns.Applied):
                name = "gelu_tanh" if node.name in ("tanh", "gelu") and approximated else node.name
                counts[name] += times
                continue
            if isinstance(node, ast.Compare):
                counts["?"] += 1
                continue
            name = patterns.called(node)
            if patterns.is_derivative(name) or names.is_loss(name) or name in calling:
                continue
            if name in functions:
                inner = _applied(functions[name], functions, (*calling, name))
                counts.update({known: times * count for known, count in inner.items()})
            elif name not in _LINEAR:
                counts["?"] += 1
                if name not in _AROUND and not _is_limit(node):
                    counts["?()"] += 1
    return counts


def _nodes(
    node: ast.AST, exponentials: frozenset[str], sums: frozenset[str], times: int
) -> Iterator[tuple[ast.Call | ast.Compare | patterns.Applied, int]]:
    """The calls and activations below `node`, outermost first; what is recognized is not opened."""
    if _is_of_loss(node):
        return
    found = patterns.recognized(node, exponentials, sums)
    if found is not None and not (found.name == "softplus" and _mentions_y(node)):
        yield found, times
        inside: Sequence[ast.AST] = found.inside
        if not isinstance(node, ast.Call):  # the exponential within is part of it
            inside = [part for outer in inside for part in ast.iter_child_nodes(outer)]
            inside = [part for part in inside if patterns.called(part) != "exp"]
    else:
        if isinstance(node, ast.Call | ast.Compare):
            yield node, times
        inside = list(ast.iter_child_nodes(node))
    for child in inside:
        yield from _nodes(child, exponentials, sums, 2 if isinstance(node, _REPEATED) else times)


def _is_limit(node: ast.Call) -> bool:
    """`np.maximum(p, 1e-12)`: a guard. With 0 or an array it may be a ReLU."""
    if patterns.called(node) not in ("maximum", "minimum", "max", "min"):
        return False
    return any(patterns.number(argument) not in (None, 0.0) for argument in node.args)


def _is_of_loss(node: ast.AST) -> bool:
    """Whether a statement computes the loss, or checks something: it applies no activation."""
    if isinstance(node, ast.Assert):
        return True
    targets: Sequence[ast.AST] = ()
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    return any(isinstance(target, ast.Name) and names.is_loss(target.id) for target in targets)


def _mentions_y(node: ast.AST) -> bool:
    loaded = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    return "y" in names.bind(loaded).tensors.values()


def _holding(function: ast.FunctionDef, call: str) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and patterns.called(node.value) == call:
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def infer(
    depth: int,
    function: ast.FunctionDef,
    functions: Functions,
    docstrings: Sequence[str],
    *,
    model: Model | None = None,
    activation: str | None = None,
) -> Meaning:
    """What `function` is a backward pass of.

    Arguments:
        depth: the number of layers, as its parameters show.
        function: its definition.
        functions: all functions of the file, by name.
        docstrings: its own docstring, then the file's; asked only where the code does not say.
        model: the model, if it was told.
        activation: the hidden activation, if it was told.
    """
    counts = applied(function, functions)
    said = [_said(text) for text in docstrings]
    why: dict[str, str] = {}
    if model is None:
        if depth == 1:
            output, reason = _single(counts, said)
        else:
            output, reason = _output(counts, said)
        if output is None:
            return Meaning(
                None, None, {}, f"{reason}; tell it with --model (one of {_models(depth)})"
            )
        model = next(
            (one for one in MODELS.values() if (one.depth, one.output) == (depth, output)), None
        )
        if model is None:
            known = max(one.depth for one in MODELS.values())
            words = f"a network of {depth} layers with {output} output"
            return Meaning(None, None, {}, f"{words} is none of the models (up to {known} layers)")
        why["model"] = reason
    if not model.has_activation:
        return Meaning(model, None, why)
    if activation is None:
        activation, reason = _hidden(counts, said, model)
        if activation is None:
            choices = ", ".join(ACTIVATIONS)
            question = f"{reason}; tell it with --activation (one of {choices})"
            return Meaning(model, None, why, question)
        why["activation"] = reason
    return Meaning(model, activation, why)


def _models(depth: int) -> str:
    return ", ".join(model.name for model in MODELS.values() if model.depth == depth) or ", ".join(
        MODELS
    )


def _said(text: str) -> set[str]:
    return {name for name, words in _SAID.items() if re.search(words, text.lower())}


def _single(counts: Counter[str], said: Sequence[set[str]]) -> tuple[str | None, str]:
    """The output of a model of one layer."""
    outputs = [name for name in ("softmax", "sigmoid") if counts[name]]
    if len(outputs) == 1 and not any(counts[name] for name in _HIDDEN):
        return outputs[0], f"applies {outputs[0]}"
    if outputs or any(counts[name] for name in _HIDDEN):
        used = ", ".join(name for name in (*outputs, *_HIDDEN) if counts[name])
        return None, f"one layer, but it applies {used}"
    for words in said:
        mentioned = words & {"softmax", "sigmoid"}
        if len(mentioned) == 1:
            name = mentioned.pop()
            return name, f"the docstring says {name}"
    if not counts["?"]:
        return "identity", "one layer, and nothing but sums and products"
    return None, "which activation follows its one layer could not be read"


def _output(counts: Counter[str], said: Sequence[set[str]]) -> tuple[str | None, str]:
    """The output of a multilayer perceptron."""
    for name in ("softmax", "sigmoid"):
        if counts[name]:
            return name, f"applies {name}"
    for words in said:
        mentioned = words & {"softmax", "sigmoid"}
        if len(mentioned) == 1:
            name = mentioned.pop()
            return name, f"the docstring says {name}"
    return None, "which activation its output has could not be read"


def _hidden(counts: Counter[str], said: Sequence[set[str]], model: Model) -> tuple[str | None, str]:
    """The activation of the hidden layers."""
    used = [name for name in _HIDDEN if counts[name]]
    if model.output != "sigmoid" and counts["sigmoid"]:
        used.append("sigmoid")
    if len(used) == 1:
        return used[0], f"applies {used[0]} beside its {model.output} output"
    if not used and model.output == "sigmoid" and counts["sigmoid"] >= 2 and not counts["?()"]:
        return "sigmoid", "applies sigmoid and no other"
    for words in said:
        mentioned = words & {*_HIDDEN, *({"sigmoid"} if model.output != "sigmoid" else ())}
        if used:
            mentioned &= set(used)
        if len(mentioned) == 1:
            name = mentioned.pop()
            return name, f"the docstring says {name}"
    if used:
        return None, f"its hidden layers may have {' or '.join(used)}"
    return None, "which activation its hidden layers have could not be read"
