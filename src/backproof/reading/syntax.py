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
