"""Trees are gone through as `ast.walk` does."""

import ast
from pathlib import Path

import pytest

from backproof.reading import syntax

OURS = sorted(Path(syntax.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_the_nodes_of_a_tree_are_those_that_are_walked(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert [*map(id, syntax.nodes(tree))] == [*map(id, ast.walk(tree))]
