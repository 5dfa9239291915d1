"""What expressions compute on the way, where no variable holds it."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.reading.probe import Probe
from backproof.reading.recipes import PROBE
from backproof.reading.shown import shown

PROGRAMS = sorted((Path(__file__).parents[1] / "programs").glob("*.py"))


def run(text: str, **given: object) -> tuple[dict[str, object], list[tuple[str, np.ndarray]]]:
    probe = Probe((), ())
    held: list[tuple[str, np.ndarray]] = []
    probe.watch = lambda *one: held.append(one)
    space: dict[str, object] = {"np": np, PROBE: probe, **given}
    for statement in ast.parse(text).body:
        exec(compile(ast.Module([shown(statement)], []), "one.py", "exec"), space)
    return space, held


numbers = st.recursive(
    st.sampled_from(["a", "b", "2.0", "(1 - 1e-7)"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        inner.map(lambda one: f"np.tanh({one})"),
        inner.map(lambda one: f"(lambda t: t + {one})({one})"),
    ),
    max_leaves=8,
)


@given(numbers)
def test_the_copy_computes_the_same(text: str) -> None:
    a, b = np.array([0.5, -2.0]), np.array([3.0, 0.25])
    with np.errstate(all="ignore"):
        space, _ = run(f"c = {text}", a=a, b=b)
        expected = eval(text, {"np": np, "a": a, "b": b})
    assert np.array_equal(np.asarray(space["c"]), np.asarray(expected), equal_nan=True)


def test_what_is_inside_of_an_expression_is_shown_under_its_text() -> None:
    a = np.array([0.5, -2.0])
    _, seen = run("c = 3.0 * (np.exp(a) - 1.0)", a=a)
    found = dict(seen)
    assert np.array_equal(found["np.exp(a)"], np.exp(a))
    assert np.array_equal(found["np.exp(a) - 1.0"], np.exp(a) - 1.0)


@pytest.mark.parametrize(
    "text",
    [
        "p = np.empty(2)\nnp.exp(a, out=p)\nnp.add(p, 1.0, out=p)",
        "def f():\n    p = np.exp(a)\n    p += 1.0\n    return 0\nf()",
        "def f():\n    p = np.exp(a)\n    q = p\n    q[0] += 1.0\n    return 0\nf()",
    ],
)
def test_what_is_overwritten_is_shown_as_it_was_under_its_name(text: str) -> None:
    a = np.array([0.5, -2.0])
    _, seen = run(text, a=a)
    assert any(name == "p" and np.array_equal(array, np.exp(a)) for name, array in seen)


def test_numbers_alone_are_left_to_the_compiler() -> None:
    code = ast.unparse(shown(ast.parse("c = np.clip(a, 1e-7, 1 - 1e-7)").body[0]))
    assert "1 - 1e-07" in code.replace("1e-7", "1e-07")
    assert "shown" not in code


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_copy_keeps_the_lines(path: Path) -> None:
    for statement in ast.parse(path.read_text("utf-8")).body if "py2" not in path.stem else ():
        made = shown(statement)
        compile(ast.Module([made], []), "one.py", "exec")
        assert (made.lineno, made.end_lineno) == (statement.lineno, statement.end_lineno)
