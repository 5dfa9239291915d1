"""Small constants people put in against a division by zero, and the function without them.

`+ 1e-8`, `np.clip(p, 1e-7, 1 - 1e-7)` and `np.finfo(float).eps` make a right derivation differ from
the truth by a little that is no rounding. Whether such a literal explains a difference is tried,
not estimated: the function runs again with every small literal gone.

Code objects are edited, not the syntax tree: the compiler has folded `1 - 1e-7` and `10**-8` into
constants by then, and nothing else of the function changes.
"""

from __future__ import annotations

import dis
import types
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

SMALL = 1.0000001e-6  # 1 - 1e-6 is not exactly 1e-6 away from 1

Function: TypeAlias = Callable[..., Any]

_LOW = {
    "float32": "float32",
    "single": "float32",
    "f4": "float32",
    "<f4": "float32",
    "float16": "float16",
    "half": "float16",
    "f2": "float16",
    "<f2": "float16",
    "bfloat16": "bfloat16",
}


def replacement(value: object) -> object:
    """What a guard becomes: a small float 0.0, one close to 1 or -1 exactly that; else `value`.

    Small is at most 1e-6 in magnitude. Tuples are gone through, as the compiler makes them.
    """
    if isinstance(value, tuple) and type(value) is tuple:
        replaced = tuple(replacement(entry) for entry in value)
        same = all(new is old for new, old in zip(replaced, value, strict=True))
        return value if same else replaced
    if not isinstance(value, float | np.floating):
        return value
    number: Any = value
    kind, magnitude = type(number), abs(number)
    if 0 < magnitude <= SMALL:
        return kind(0.0)
    if 0 < abs(1 - magnitude) <= SMALL:
        return kind(1.0 if number > 0 else -1.0)
    return value


def without_guards(function: Function) -> Function | None:
    """A twin of the function without its guards, or None if it has none.

    Replaced are the constants of its code (also of nested functions), its default arguments, what
    it closes over, and the small floats among the globals it uses. Functions and classes of the
    same module that it uses, directly or not, are rebuilt the same way, on a copy of the module's
    globals; the module itself is left as it is. Where `finfo` is asked, its `eps`, `tiny` and
    `smallest_normal` are 0.
    """
    plain = _plain(function)
    if plain is None:
        return None
    rebuild = _Rebuild(plain)
    rebuilt = rebuild.function(plain)
    if not rebuild.replaced:
        return None
    if isinstance(function, types.MethodType):
        return types.MethodType(rebuilt, function.__self__)
    return rebuilt


def guards(function: Function) -> list[tuple[float, int]]:
    """The small constants in the function's own source and in what it uses: value and line.

    A number near 1 is given as it stands (0.9999999); `finfo` as the machine epsilon of float64.
    """
    found: dict[tuple[float, int], None] = {}
    for used in _used(function):
        for value, line in _constants(used):
            if replacement(value) is not value:
                found[(float(value), line)] = None  # type: ignore[arg-type]
    return sorted(found, key=lambda guard: (guard[1], guard[0]))


def precisions_named(function: Function) -> set[str]:
    """The precisions below float64 that the function or what it uses names: `{"float32"}`."""
    named: set[str] = set()
    for used in _used(function):
        for code in _codes(used.__code__):
            names = set(code.co_names)
            texts = {constant for constant in code.co_consts if isinstance(constant, str)}
            texts -= {"single", "half"}  # words, more likely
            named |= {_LOW[word] for word in (names | texts) & _LOW.keys()}
            for name in names & used.__globals__.keys():
                named |= _precision(used.__globals__[name])
    return named


def _precision(value: object) -> set[str]:
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        try:
            name = np.dtype(value).name
        except TypeError:  # an abstract type, np.floating
            return set()
        return {_LOW[name]} if name in _LOW else set()
    return {_LOW[value]} if isinstance(value, str) and value in _LOW.keys() - {"half"} else set()


def _plain(function: Function) -> types.FunctionType | None:
    inner = getattr(function, "__func__", function)
    return inner if isinstance(inner, types.FunctionType) else None


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _names(code: types.CodeType) -> set[str]:
    return {name for part in _codes(code) for name in part.co_names}


def _cells(function: types.FunctionType) -> Iterator[object]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue


def _of_class(kind: type) -> Iterator[types.FunctionType]:
    for value in vars(kind).values():
        inner = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if isinstance(inner, types.FunctionType):
            yield inner


def _used(function: Function) -> list[types.FunctionType]:
    """The function and those of its module that it uses, directly or not, also through classes."""
    plain = _plain(function)
    found: list[types.FunctionType] = []
    waiting = [] if plain is None else [plain]
    while waiting:
        one = waiting.pop(0)
        if one in found:
            continue
        found.append(one)
        near = [one.__globals__.get(name) for name in _names(one.__code__)] + list(_cells(one))
        for value in near:
            if isinstance(value, types.FunctionType):
                if value.__globals__ is one.__globals__:
                    waiting.append(value)
            elif isinstance(value, type) and value.__module__ == one.__module__:
                waiting += [
                    method for method in _of_class(value) if method.__globals__ is one.__globals__
                ]
    return found


def _constants(function: types.FunctionType) -> Iterator[tuple[object, int]]:
    first = function.__code__.co_firstlineno
    attributes: dict[str, object] = {}  # self.eps where the class says eps = 1e-8
    for value in function.__globals__.values():
        if isinstance(value, type) and value.__module__ == function.__module__:
            attributes.update(vars(value))
    defaults = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    for value in (*defaults, *_cells(function)):
        yield from ((number, first) for number in _numbers(value))
    for code in _codes(function.__code__):
        line = code.co_firstlineno
        for instruction in dis.get_instructions(code):
            position = instruction.positions
            if position is not None and position.lineno is not None:
                line = position.lineno
            if instruction.opcode in dis.hasconst:
                yield from ((number, line) for number in _numbers(instruction.argval))
            elif instruction.opname == "LOAD_GLOBAL":
                value = function.__globals__.get(instruction.argval)
                yield from ((number, line) for number in _numbers(value))
            elif instruction.opname == "LOAD_ATTR":
                yield from (
                    (number, line) for number in _numbers(attributes.get(instruction.argval))
                )
            if instruction.opcode in dis.hasname and instruction.argval == "finfo":
                yield float(np.finfo(np.float64).eps), line


def _numbers(value: object) -> Iterator[object]:
    if isinstance(value, tuple):
        for entry in value:
            yield from _numbers(entry)
    elif isinstance(value, float | np.floating):
        yield value


class _Finfo:
    """What `numpy.finfo` gives, with no distance between 1 and the next number."""

    eps = epsneg = tiny = smallest_normal = smallest_subnormal = resolution = 0.0

    def __init__(self, dtype: Any = float) -> None:
        self._real = np.finfo(dtype)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class _NumPy(types.ModuleType):
    """NumPy, but for `finfo`."""

    finfo = _Finfo

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


class _Rebuild:
    """One rebuilding: the new globals, what was rebuilt already, and whether anything changed."""

    def __init__(self, function: types.FunctionType) -> None:
        self.replaced = False
        self._old = function.__globals__
        self._new = dict(function.__globals__)
        self._module = function.__module__
        self._done: dict[int, Any] = {}
        uses_finfo = False
        for used in _used(function):
            uses_finfo = uses_finfo or "finfo" in _names(used.__code__)
        if uses_finfo:
            for name, value in self._old.items():
                if value is np:
                    self._new[name] = _NumPy("numpy")
                    self.replaced = True
                elif value is np.finfo:
                    self._new[name] = _Finfo
                    self.replaced = True

    def function(self, old: types.FunctionType) -> types.FunctionType:
        if id(old) in self._done:
            done: types.FunctionType = self._done[id(old)]
            return done
        cells = tuple(types.CellType() for _ in old.__closure__ or ())
        new = types.FunctionType(
            self._code(old.__code__), self._new, old.__name__, None, cells or None
        )
        self._done[id(old)] = new
        new.__dict__.update(old.__dict__)
        new.__defaults__ = self._constant(old.__defaults__)
        if old.__kwdefaults__ is not None:
            new.__kwdefaults__ = {
                name: self._constant(value) for name, value in old.__kwdefaults__.items()
            }
        for name in _names(old.__code__) & self._old.keys():
            if self._new[name] is self._old[name]:
                self._new[name] = self._value(self._old[name])
        for was, cell in zip(old.__closure__ or (), cells, strict=True):
            try:
                contents = was.cell_contents
            except ValueError:  # not filled yet
                continue
            cell.cell_contents = self._value(contents)
        return new

    def _code(self, code: types.CodeType) -> types.CodeType:
        return code.replace(
            co_consts=tuple(
                self._code(constant)
                if isinstance(constant, types.CodeType)
                else self._constant(constant)
                for constant in code.co_consts
            )
        )

    def _constant(self, value: Any) -> Any:
        new = replacement(value)
        self.replaced = self.replaced or new is not value
        return new

    def _value(self, value: Any) -> Any:
        if isinstance(value, types.FunctionType):
            return self.function(value) if value.__globals__ is self._old else value
        if isinstance(value, type) and value.__module__ == self._module:
            return self._class(value)
        return self._constant(value)

    def _class(self, old: type) -> type:
        if id(old) in self._done:
            done: type = self._done[id(old)]
            return done
        body = {
            name: value
            for name, value in vars(old).items()
            if name not in ("__dict__", "__weakref__")
        }
        try:
            new = type(old)(old.__name__, old.__bases__, body)
        except Exception:  # slots, a metaclass of their own: left as it is
            self._done[id(old)] = old
            return old
        self._done[id(old)] = new
        for name, value in body.items():
            try:
                setattr(new, name, self._member(value))
            except (AttributeError, TypeError):  # a member that cannot be set again
                continue
        return new

    def _member(self, value: Any) -> Any:
        if isinstance(value, staticmethod | classmethod):
            return type(value)(self._value(value.__func__))
        if isinstance(value, property):
            return property(*(self._value(part) for part in (value.fget, value.fset, value.fdel)))
        return self._value(value)
