import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.reading.guards import SMALL, guards, precisions_named, replacement, without_guards


def module(text):
    """The functions of a module of its own, as somebody's file would have them."""
    made = types.ModuleType("homework")
    exec(compile("import numpy as np\n" + text, "homework.py", "exec"), made.__dict__)
    return made


@given(st.floats(allow_nan=True))
def test_only_small_numbers_and_those_near_one_go(value):
    magnitude = abs(value)
    if 0 < magnitude <= SMALL:
        assert replacement(value) == 0.0
    elif 0 < abs(1 - magnitude) <= SMALL:
        assert replacement(value) == np.sign(value)
    elif not 0.9 < magnitude < 1.1:
        assert replacement(value) is value


@pytest.mark.parametrize("kind", [float, np.float32, np.float64, np.longdouble])
def test_the_kind_of_number_stays(kind):
    new = replacement(kind(1e-7))
    assert new == 0
    assert type(new) is kind
    assert replacement((1, "a", (1 - 1e-6, kind(1e-8)))) == (1, "a", (1.0, 0.0))


GUARDED = {
    "added": "def f(x): return x + 1e-8",
    "folded": "def f(x): return x + 10**-8",
    "near one": "def f(x): return x * (1 - 1e-7) / (1 - 1e-7) + 1e-9",
    "clip": "def f(x): return np.clip(x, 1e-7, 1 - 1e-7) + 1e-12",
    "default": "def f(x, eps=1e-8): return x + eps",
    "by name only": "def f(x, *, eps=1e-8): return x + eps",
    "global": "EPS = 1e-8\ndef f(x): return x + EPS",
    "global of numpy": "EPS = np.float64(1e-8)\ndef f(x): return x + EPS",
    "global finfo": "EPS = np.finfo(float).eps\ndef f(x): return x + 4 * EPS",
    "finfo": "def f(x): return x + 4 * np.finfo(x.dtype).eps",
    "finfo imported": "from numpy import finfo\ndef f(x): return x + 4 * finfo(float).eps",
    "helper": "def g(x): return x + 1e-8\ndef f(x): return g(x)",
    "helper of a helper": "def h(x): return x + 1e-8\ndef g(x): return h(x)\ndef f(x): return g(x)",
    "nested": "def f(x):\n    def g(z): return z + 1e-8\n    return g(x)",
    "lambda": "safe = lambda z: z + 1e-8\ndef f(x): return safe(x)",
    "comprehension": "def f(x): return np.array([v + 1e-8 for v in x])",
    "closure": "def make(eps):\n    def f(x): return x + eps\n    return f\nf = make(1e-8)",
    "wrapped": (
        "def twice(g):\n    def f(x): return g(x)\n    return f\n@twice\ndef f(x): return x + 1e-8"
    ),
    "recursive": "def f(x, n=2): return x + 1e-8 if n == 0 else f(x, n - 1)",
    "class": (
        "class Net:\n    eps = 1e-8\n    def step(self, x): return x + self.eps\n"
        "def f(x): return Net().step(x)"
    ),
    "method": (
        "class Net:\n    def __init__(self): self.eps = 1e-8\n    @staticmethod\n"
        "    def g(x, e): return x + e\n    def step(self, x): return self.g(x, self.eps)\n"
        "def f(x): return Net().step(x)"
    ),
    "super": (
        "class A:\n    def step(self, x): return x + 1e-8\nclass B(A):\n"
        "    def step(self, x): return A.step(self, x)\ndef f(x): return B().step(x)"
    ),
}


@pytest.mark.parametrize("text", GUARDED.values(), ids=GUARDED.keys())
def test_the_twin_has_no_guards(text):
    homework = module(text)
    x = np.array([0.25, 0.5, 0.75])
    before = homework.f(x)
    twin = without_guards(homework.f)
    assert twin is not None
    assert np.array_equal(twin(x), x)
    assert not np.array_equal(before, x)
    assert np.array_equal(homework.f(x), before)  # the module is as it was
    assert guards(homework.f)


@pytest.mark.parametrize(
    "text",
    [
        "def f(x): return 0.5 * x + 0.001 + 1e-5 + 0.99999",
        "def g(x): return x + 1e-8\ndef f(x): return x",
        "EPS = 1e-8\ndef f(x): return x",
    ],
)
def test_what_has_no_guards_has_no_twin(text):
    assert without_guards(module(text).f) is None
    assert guards(module(text).f) == []
    assert without_guards(np.sin) is None


def test_a_bound_method_stays_bound():
    net = module("class Net:\n    def f(self, x): return x + 1e-8 * self.s").Net()
    net.s = 1.0
    assert without_guards(net.f)(2.0) == 2.0


def test_guards_are_given_with_their_lines():
    homework = module(
        "def g(p):\n    return np.clip(p, 1e-7, 1 - 1e-7)\n"
        "def f(x):\n    y = g(x)\n    return y + 1e-8"
    )
    assert guards(homework.f) == [(1e-7, 3), (1 - 1e-7, 3), (1e-8, 6)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("def f(x): return x.astype(np.float32)", {"float32"}),
        ("def f(x): return x.astype('float32') + np.half(1)", {"float32", "float16"}),
        ("def f(x): return np.zeros(3, 'f4')", {"float32"}),
        ("D = np.float32\ndef f(x): return np.asarray(x, D)", {"float32"}),
        ("D = 'float16'\ndef f(x): return np.asarray(x, D)", {"float16"}),
        ("def g(x): return np.single(x)\ndef f(x): return g(x)", {"float32"}),
        ("def f(x): return x + np.float64(1) # 'half'", set()),
        ("def f(x): return {'single': x, 'half': x}", set()),
    ],
)
def test_low_precisions_that_are_named(text, named):
    assert precisions_named(module(text).f) == named
