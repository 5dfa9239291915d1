"""Stand-ins in the child process for what somebody's file imports and does not need to be checked.

Plots, file formats, notebooks and course helpers are seldom there. A module that cannot be imported
is replaced by one whose every name can be called and looked into and does nothing; the activation
functions that courses hand out as helpers are there and compute what their names say.
"""

from __future__ import annotations

import ast
import builtins
import importlib.abc
import importlib.machinery
import random
import re
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from backproof.reading import syntax
from backproof.reading.helpers import HELPERS

_NEVER_RUN = (
    "matplotlib",
    "seaborn",
    "google.colab",
    "IPython",
    "ipywidgets",
    "plotly",
    "tqdm",
    "progressbar",
    "alive_progress",
)
_LARGE = 1 << 12  # numbers
_WITHIN = ("numpy", "backproof")
_handed_out: set[str] = set()  # the helpers that somebody imports from a module that is not there
__all__ = ["as_numpy_1", "draw_all", "fill", "install", "return_pairs"]


class Nothing:
    """Takes every call, attribute, item and operation, and comes to nothing."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __call__(self, *arguments: Any, **_: Any) -> Any:
        return arguments[0] if len(arguments) == 1 and callable(arguments[0]) else Nothing()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Nothing()

    def __getitem__(self, _: Any) -> Any:
        return Nothing()

    def __setitem__(self, _: Any, __: Any) -> None: ...

    def __iter__(self) -> Iterator[Any]:
        # fig, ax = plt.subplots() asks for two, for row in reader for none: two is the usual way
        return iter((Nothing(), Nothing()))

    # NumPy would look into it for ever: an array of two arrays of two.
    __array__ = None

    def __enter__(self) -> Any:
        return Nothing()

    def __exit__(self, *_: Any) -> None: ...

    def __format__(self, _: str) -> str:
        return "Nothing"

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0


class Bar(Nothing):
    """A progress bar: goes through what it is given, and takes every call there is."""

    def __init__(self, iterable: Any = (), *_: Any, **__: Any) -> None:
        self._iterable = iterable

    def __call__(self, iterable: Any = (), *_: Any, **__: Any) -> Any:
        return Bar(iterable)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._iterable)

    def __len__(self) -> int:
        return len(self._iterable)

    def __enter__(self) -> Any:
        return self


def _counting(*bounds: Any, **_: Any) -> Any:
    return Bar(range(*bounds))


_BARS: dict[str, Callable[..., Any]] = {
    "trange": _counting,
    **dict.fromkeys(
        ("tqdm", "tqdm_notebook", "track", "alive_it", "progressbar", "ProgressBar"), Bar
    ),
}


class _Stub(types.ModuleType):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__all__ = list(HELPERS)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        if name in _BARS:
            return _BARS[name]
        if name in (*_OF_NUMPY, "subtract", "multiply", "matmul", "transpose"):
            return getattr(np, name)
        if name in HELPERS:
            _handed_out.add(name)
        return HELPERS.get(name) or Nothing()


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The last to be asked for a module: whatever is not there becomes a stand-in."""

    def __init__(self, first: bool) -> None:
        self._first = first

    @staticmethod
    def _is_asked_by_library() -> bool:
        """Whether an installed library asks, which knows what to do without a module."""
        frame = sys._getframe(2)
        while frame is not None and "importlib" in frame.f_code.co_filename:
            frame = frame.f_back  # type: ignore[assignment]
        return frame is not None and "site-packages" in frame.f_code.co_filename

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        known = name.startswith(_NEVER_RUN)
        own = name.split(".")[0] in (*_WITHIN, *sys.stdlib_module_names)
        if known != self._first or own or (not known and self._is_asked_by_library()):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _Stub(spec.name)

    def exec_module(self, module: types.ModuleType) -> None: ...


def install() -> None:
    """Put the stand-ins in place, and what Python 2 called otherwise."""
    sys.meta_path.insert(0, _Finder(first=True))
    sys.meta_path.append(_Finder(first=False))
    for name, value in _PYTHON_2.items():
        setattr(builtins, name, value)
    for name, kind in _NUMPY_1.items():
        if name not in np.__dict__:
            setattr(np, name, kind)


def draw_all() -> None:
    """Let a draw of examples be all of them, in order, so that every batch is the whole set."""

    def choice(a: Any, size: Any = None, *_: Any, **__: Any) -> Any:
        whole = np.arange(a) if isinstance(a, int | np.integer) else np.asarray(a)
        return whole[0] if size is None else whole

    def permutation(a: Any) -> Any:
        return np.arange(a) if isinstance(a, int | np.integer) else np.array(a)

    def shuffle(_: Any) -> None: ...

    for name in ("randn", "rand", "random", "standard_normal", "normal", "uniform"):
        setattr(np.random, name, _once_if_large(getattr(np.random, name)))

    def integers(low: int, high: int | None = None, size: Any = None, *_: Any, **__: Any) -> Any:
        first, last = (0, low) if high is None else (low, high)
        if size is None:
            return first
        if isinstance(size, int | np.integer) and size <= last - first:  # of which a batch is drawn
            return np.arange(first, last)
        return first + np.arange(np.prod(size)).reshape(size) % max(int(last) - int(first), 1)

    def sample(population: Any, k: int, **_: Any) -> Any:
        return list(population)[:k]

    drawn = {"choice": choice, "permutation": permutation, "shuffle": shuffle}
    own = {name: staticmethod(draw) for name, draw in drawn.items()}
    generator = type(
        "Generator", (np.random.Generator,), {**own, "integers": staticmethod(integers)}
    )
    state = type(
        "RandomState", (np.random.RandomState,), {**own, "randint": staticmethod(integers)}
    )

    def default_rng(*_: Any, **__: Any) -> Any:
        return generator(np.random.PCG64(0))

    for name, replaced in {**drawn, "randint": integers, "default_rng": default_rng}.items():
        setattr(np.random, name, replaced)
    np.random.RandomState = state  # type: ignore[assignment,misc]
    random.shuffle, random.sample = shuffle, sample  # type: ignore[assignment]


def _once_if_large(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Draw what is large once: of weights only the shapes count, because ours take their place."""
    drawn: dict[str, Any] = {}

    def again(*arguments: Any, **named: Any) -> Any:
        key = repr((arguments, sorted(named.items())))
        if key not in drawn:
            value = draw(*arguments, **named)
            if np.size(value) < _LARGE:
                return value
            drawn[key] = value
        return drawn[key].copy()

    return again


class _OfFloat(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, float)


class _Float(float, metaclass=_OfFloat):
    """`float` as it was with NumPy 1: of an array of one entry, whatever its shape."""

    dtype = np.dtype(np.float64)  # what it is as `dtype=float`

    def __new__(cls, value: Any = 0.0) -> Any:
        if isinstance(value, np.ndarray) and value.size == 1:
            value = value.reshape(())
        return float(value)


def as_numpy_1(module: types.ModuleType, text: str) -> None:
    """Let `float(cost)` take an array of shape (1, 1), as it does in most people's NumPy."""
    module.__dict__.setdefault("np", np)  # a cell that was copied without its imports
    if re.search(r"(?<!dtype=)(?<!astype\()\bfloat\(", text):
        module.__dict__.setdefault("float", _Float)


def _defines(text: str, name: str) -> bool:
    return re.search(rf"\bdef {name}\(|\b{name} *= *lambda\b", text) is not None


def fill(module: types.ModuleType, text: str) -> list[str]:
    """Define what the file calls and nowhere defines, as helpers of its name are; says which.

    So does what it imports from modules that are not there.
    """
    called, alone = _called_in(text)
    filled = sorted(name for name in _handed_out & called if not _defines(text, name))
    for name in alone & {*HELPERS, *_OF_NUMPY}:
        if name not in module.__dict__ and not _defines(text, name):
            setattr(module, name, HELPERS.get(name) or getattr(np, name))
            filled.append(name)
    if _handed_out >= {*HELPERS}:  # all names of a module that is not there: it may have any other
        for name in alone - {*module.__dict__, *dir(builtins)}:
            if re.search(rf"\bdef {name}\(", text) is None:
                setattr(module, name, Nothing())
    return sorted(filled)


def _called_in(text: str) -> tuple[set[str], set[str]]:
    """The names of what a file calls, and of those what it calls by the name alone."""
    try:
        nodes = [node for node in ast.walk(syntax.parsed(text)) if isinstance(node, ast.Call)]
    except SyntaxError:  # of a cell that is left out
        return set(re.findall(r"(\w+)\(", text)), set(re.findall(r"(?<![\w.])(\w+)\(", text))
    alone = {node.func.id for node in nodes if isinstance(node.func, ast.Name)}
    return alone | {node.func.attr for node in nodes if isinstance(node.func, ast.Attribute)}, alone


def return_pairs(module: types.ModuleType, text: str) -> None:
    """Let the helpers return their input as well where the file takes two: `A, cache = relu(Z)`."""
    for name in re.findall(r"^\s*\w+\s*,\s*\w+\s*=\s*(\w+)\(", text, re.MULTILINE):
        helper = module.__dict__.get(name)
        if helper is not None and helper is HELPERS.get(name):
            setattr(module, name, _with_its_input(helper))


def _with_its_input(helper: Any) -> Any:
    def both(z: Any) -> Any:
        return helper(z), z

    return both


def _typed(*_: Any) -> str:
    return "4"  # a number of units, iterations or classes that no other size of a trial is


def _displayed(*_: Any, **__: Any) -> None:
    """IPython's `display`."""


_PYTHON_2 = {
    "xrange": range,
    "raw_input": _typed,
    "input": _typed,
    "unicode": str,
    "display": _displayed,
    "get_ipython": Nothing,
    "reduce": __import__("functools").reduce,
}
_NUMPY_1 = {
    "mat": np.asmatrix,
    "float": float,
    "int": int,
    "bool": bool,
    "object": object,
    "Inf": np.inf,
}


_OF_NUMPY = ("log", "exp", "dot", "sqrt", "tanh", "power", "square", "zeros", "ones", "array")
