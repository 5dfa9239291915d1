"""Syntax trees, made by one thread at a time.

Files are read in several threads, and two that make trees at once may mistake each other's depth
for their own, which ends in a SystemError (seen in 3.11.7; python/cpython#106905).
"""

from __future__ import annotations

import ast
import threading

_parsing = threading.Lock()


def parsed(text: str) -> ast.Module:
    """The tree of a program; raises as `ast.parse`."""
    with _parsing:
        return ast.parse(text)


def expression(text: str) -> ast.expr:
    """The tree of an expression; raises as `ast.parse`."""
    with _parsing:
        return ast.parse(text, mode="eval").body


def nodes(tree: ast.AST) -> list[ast.AST]:
    """All of a tree, in the order of `ast.walk` and in half its time."""
    found = [tree]
    for node in found:
        for name in node._fields:
            below = getattr(node, name, None)
            if isinstance(below, list):
                found += [one for one in below if isinstance(one, ast.AST)]
            elif isinstance(below, ast.AST):
                found.append(below)
    return found
