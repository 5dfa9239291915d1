"""The reference is a witness of its own: NumPy and the standard library, and a page beside it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import backproof.reference

HERE = Path(backproof.reference.__file__).parent
MODULES = sorted(HERE.glob("*.py"))
DERIVED = (
    "linear_regression",
    "logistic_regression",
    "softmax_regression",
    "mlp",
    "deep_mlp",
    "graph",
    "optimize",
)


def outside_imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(str(node.module).partition(".")[0])
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 1, f"{path.name} imports from outside reference/"
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_nothing_but_numpy_and_the_standard_library_is_imported(path: Path) -> None:
    assert outside_imports(path) <= {"numpy", *sys.stdlib_module_names}


@pytest.mark.parametrize("name", DERIVED)
def test_the_derivation_is_beside_the_code(name: str) -> None:
    assert (HERE / f"{name}.py").is_file()
    assert (HERE / f"{name}.md").read_text(encoding="utf-8").count("$") % 2 == 0
