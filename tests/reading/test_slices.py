import ast

import pytest

from backproof.reading.slices import entering


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a = b\nc = a", {"b"}),
        ("a += b", {"a", "b"}),
        ("a[0] = b", {"a", "b"}),
        ("for i in rows:\n    a = i\n    c = a + d", {"rows", "d"}),
        ("for i in rows:\n    c = a\n    a = i", {"rows", "a"}),
        ("for i in rows:\n    a = i\nb = a", {"rows", "a"}),
        ("if a:\n    b = 1\nc = b", {"a", "b"}),
        ("while a < b:\n    a = a + 1\n    c = 2\n    d = c", {"a", "b"}),
        ("with a as f:\n    b = f", {"a", "f"}),
        ("def f():\n    return a\nb = f()", {"a", "f"}),
    ],
)
def test_names_that_are_looked_up_before_they_are_bound(text: str, names: set[str]) -> None:
    assert entering(ast.parse(text).body) == names
