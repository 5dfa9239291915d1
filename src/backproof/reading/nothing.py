"""Why nothing was found in a file that could be judged, in words that help."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from backproof.notation import MODELS
from backproof.reading import names, patterns
from backproof.reading.updates import last_word

_STEP = re.compile(r"(?:update|step|apply|optimi[sz]e)\w*")


def why_nothing(name: str, functions: Iterable[str], tree: ast.Module) -> str:
    """What is seen of a file in which no backward pass was found, and what to do."""
    functions = [*functions]
    seen = [*functions]
    known = _moved_elsewhere(tree) or _computed_for_nothing(tree)
    if known:
        return f"{name}: {known}"
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            seen += [f"{node.name}.{part.name}" for part in node.body if hasattr(part, "name")]
    if seen and not functions:
        return (
            f"{name}: none of its methods gives gradients or trains: {', '.join(seen[:20])}\n"
            "one would return gradients, leave them in self.dW1 and the like, or move the weights"
        )
    if not seen:
        return f"{name} defines no function with def"
    shown = ", ".join(seen[:20]) + (", ..." if len(seen) > 20 else "")
    return (
        f"{name}: none of its functions is known to be a backward pass: {shown}\n"
        f"point at one with --function NAME --model MODEL (one of {', '.join(MODELS)})"
    )


def returned_names(function: ast.FunctionDef) -> list[str]:
    """The variables in all that a function returns."""
    return [
        part.id
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and node.value is not None
        for part in ast.walk(node.value)
        if isinstance(part, ast.Name)
    ]


def _moved_elsewhere(tree: ast.Module) -> str:
    """Which object takes the steps, where that is of a class from a module that is not here."""
    imported = {  # `from weights import *` may hand out any name
        alias.asname or alias.name: node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    made = {
        ast.unparse(node.targets[0]): patterns.called(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
    }
    for node in ast.walk(tree):
        method = node.func if isinstance(node, ast.Call) else None
        if not isinstance(method, ast.Attribute) or not _STEP.fullmatch(method.attr.lower()):
            continue
        kind = made.get(ast.unparse(method.value), "")
        if kind[:1].isupper() and kind not in own and (kind in imported or "*" in imported):
            call = ast.unparse(method)
            return (
                f"its steps are taken by {call}() in line {method.lineno}, of {kind}, which is "
                "imported from a module that is not read; put that class into the file"
            )
    return ""


def _computed_for_nothing(tree: ast.Module) -> str:
    """Which function computes gradients by name, where it neither returns nor uses them."""
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        found = {
            target.id: node.lineno
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and names.gradient(target.id) is not None
        }
        returned = set(returned_names(function))
        returned |= {
            part.id
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and {last_word(node.targets[0])} & returned
            for part in ast.walk(node.value)
            if isinstance(part, ast.Name)
        }
        if len(found) > 1 and not returned & {*found}:
            return (
                f"{function.name} computes {', '.join(found)} (line {min(found.values())}), but "
                "neither returns them nor moves its parameters by them; let it do either"
            )
    return ""
