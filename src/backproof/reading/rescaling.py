"""Features and labels that code puts on one scale before it trains on them: syntax only."""

from __future__ import annotations

import ast
import re

from backproof.reading import roles
from backproof.reading.updates import last_word

_MIDDLE = re.compile(r"(?:.*_)?(?:mean|means|avg|average|mu|median|min|minimum|media)(?:_.*)?\d*")
_SPREAD = re.compile(
    r"(?:.*_)?(?:std|stds|stdev|std_?dev|sigma|sd|deviation|range|max|min|ptp|scale|desvio)(?:_.*)?\d*"
)


def rescaled(node: ast.expr) -> ast.expr | None:
    """The data of `(X - X.mean(axis=0)) / X.std(axis=0)`, or None."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div):
        return None
    above = node.left
    if not isinstance(above, ast.BinOp) or not isinstance(above.op, ast.Sub):
        return None
    data = above.left
    named = isinstance(data, ast.Name | ast.Attribute | ast.Subscript)
    if not named or not roles.is_data(last_word(data).strip("_")):
        return None
    own = {last_word(data)}
    middle, spread = _words(above.right) - own, _words(node.right) - own
    moved = any(map(_MIDDLE.fullmatch, middle)) and any(map(_SPREAD.fullmatch, spread))
    return data if moved else None


def _words(node: ast.expr) -> set[str]:
    return {
        last_word(part).strip("_").lower()
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute)
    }
