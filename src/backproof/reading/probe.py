"""What stands inside of somebody's code while it runs on our numbers.

The reader puts a few calls into a copy of the file's syntax (see `recipes`): before the loop that
trains, the parameters it has drawn are exchanged for ours (`give`); its first turn is its only one
(`once`); after it the parameters are looked up where they were (`take`). Which arrays are
parameters is told by the names that the file updates; how they are laid out, by the shapes of those
it drew itself (`inventory`). NumPy only: this runs in the child.
"""

from __future__ import annotations

import copy
import dis
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np

from backproof.reading import names, roles, tables
from backproof.reading.parts import is_value, parts_in, with_part, word_of

_LAYERS = 4  # no model here has more
# A tuple, because a union is put together each time it is asked, and this is asked for each value.
_RATES = (int, float, np.floating)
# A function too: `sigmoid = np.vectorize(sigmoid)` would be wrapped once more in every run.
_RESTORED = (np.ndarray, int, float, list, dict, types.FunctionType)


class Slot(NamedTuple):
    """Where a parameter is kept: `self.W1`, `params["b1"]`; and what was found there."""

    path: str
    shape: tuple[int, ...]
    number: bool  # a Python number, not an array


class Probe:
    """The state of one run: the inputs, what is given where, and what was taken and noted.

    Attributes:
        x, y, rate, sizes, penalty: the inputs of this run.
        gifts: the arrays that take the place of the file's own, by path; None to keep its own.
        inventory: the slots that were found, in order.
        taken: what stood in the slots afterwards.
        noted: the losses and gradients among the local variables, by name.
        rates: the names under which the learning rate was given.
        keep: the share that dropout is told to keep; nothing is dropped.
        class_axis: along which the labels have an entry for each class.
        watch: is told what expressions give on the way, with names; None where nobody watches.
    """

    watch: Callable[[str, np.ndarray], None] | None = None
    keep = 1.0
    class_axis = 1

    def __init__(self, wanted: Iterable[str], rates: Iterable[str]) -> None:
        self.wanted = frozenset(word.strip("_") for word in wanted)
        self.rate_names = frozenset(rates)
        self._module: dict[str, Any] = {}
        self._l2 = self._l1 = frozenset[str]()
        self._before: dict[str, Any] = {}
        self.begin(np.zeros((1, 1)), np.zeros((1, 1)), 1.0, {}, None)

    def begin(
        self,
        x: Any,
        y: Any,
        rate: float,
        sizes: Mapping[str, int],
        gifts: Mapping[str, np.ndarray] | None,
        penalty: float = 0.0,
    ) -> None:
        """Start a run."""
        self.x, self.y, self.rate, self.sizes, self.gifts = x, y, rate, dict(sizes), gifts
        self.penalty = penalty
        self.inventory: dict[str, Slot] = {}
        self.taken: dict[str, Any] = {}
        self.noted: dict[str, Any] = {}
        self.rates: set[str] = set()
        self._turned: set[int] = set()
        self._idle = False  # a loop came by that did not turn
        self._handed: dict[str, str] = {}  # slots that hold what was handed over as a gift
        # By the id of what was there: that, so that its id is not used again, and what is now.
        self._exchanged_before: dict[int, tuple[Any, Any]] = {}

    @property
    def pairs(self) -> list[tuple[Any, Any]]:
        """The examples as a list of pairs, of which there is one."""
        return [(self.x, self.y)]

    @property
    def table(self) -> np.ndarray:
        """The examples as rows with the label in the last column."""
        return tables.table(self.x, self.y)

    @property
    def rows(self) -> list[np.ndarray]:
        """The same, for a loop that goes through them."""
        return tables.rows(self.x, self.y, self.size("k"))

    @property
    def numbers(self) -> np.ndarray:
        """The numbers of the classes, of labels that have a one for each."""
        y = np.asarray(self.y)
        axis = self.class_axis if y.ndim > 1 else 0
        return np.argmax(y, axis=axis) if y.ndim else y

    def remember(self, module: dict[str, Any]) -> None:
        """Keep the globals that the module's functions set, as they are before anything has run."""
        stored: set[str] = set()
        for value in list(module.values()):
            for function in [value, *(vars(value).values() if isinstance(value, type) else ())]:
                code = getattr(function, "__code__", None)
                if code is not None:
                    stored |= {
                        str(one.argval)
                        for one in dis.get_instructions(code)
                        if one.opname == "STORE_GLOBAL"
                    }
        self._module = module
        self._before = {
            name: module[name]
            for name in stored
            if name in module and isinstance(module[name], _RESTORED)
        }

    def restore(self) -> None:
        """Set those globals back, so that runs do not follow one another."""
        for name, value in self._before.items():
            self._module[name] = copy.deepcopy(value)

    # --- called from the instrumented code ---------------------------------------------------

    def size(self, axis: str) -> int:
        """The size of an axis, as somebody's constructor asks for it."""
        return int(self.sizes.get(axis, 1))

    def dims(self) -> list[int]:
        """The sizes of all layers, the inputs first."""
        hidden = [self.sizes[axis] for axis in sorted(self.sizes) if axis.startswith("h")]
        return [self.size("d"), *hidden, self.size("k")]

    def gift(self, path: str) -> Any:
        """The array for a parameter that a function takes as an argument."""
        if self.gifts is None or path not in self.gifts:
            raise LookupError(f"nothing is known of the parameter {path}")
        self.inventory.setdefault(path, Slot(path, np.shape(self.gifts[path]), False))
        return self.gifts[path]

    def packed(self, name: str, keys: Iterable[str]) -> Any:
        """A dict of parameters, which a function takes as one argument."""
        return {key: self.gift(f"{name}[{key!r}]") for key in keys}

    def unrolled(self, name: str, order: Literal["C", "F"]) -> Any:
        """All parameters in one vector, entry by entry in this order."""
        self._order: Literal["C", "F"] = order
        gifts = [self.gift(path) for path in self.gifts or {} if path.startswith(f"{name}[")]
        return np.concatenate([gift.ravel(order) for gift in gifts])

    def rolled(self, name: str, result: Any) -> Any:
        """The gradients in what came back for such a vector, with the parameters' shapes."""
        gifts = [gift for path, gift in (self.gifts or {}).items() if path.startswith(f"{name}[")]
        parts = list(result) if isinstance(result, tuple | list) else [result]
        numbers = [part for part in parts if np.size(part) == 1]
        if numbers and len(parts) > 1:
            self.note({"loss": np.reshape(numbers[0], ())})
            parts = [part for part in parts if np.size(part) != 1 or part is not numbers[0]]
        if len(parts) == 1 and np.size(parts[0]) == sum(gift.size for gift in gifts):
            ends = np.cumsum([gift.size for gift in gifts])[:-1]
            split = np.split(np.ravel(parts[0]), ends)
            parts = [
                part.reshape(gift.shape, order=self._order)
                for part, gift in zip(split, gifts, strict=True)
            ]
        return tuple(parts)

    def give(self, name: str, value: Any) -> Any:
        """`value` with ours in the place of its parameters."""
        return self._given(name, name, value, 0)

    def local(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function's own variable holds when the function returns."""
        held: dict[str, Any] = {}
        before, code = sys.getprofile(), getattr(function, "__code__", None)

        def look(frame: types.FrameType, event: Any, argument: Any) -> None:
            if before is not None:
                before(frame, event, argument)
            if event == "return" and frame.f_code is code:
                held.update(frame.f_locals)

        sys.setprofile(look)
        try:
            function(*arguments)
        finally:
            sys.setprofile(before)
        return held[name]

    def once(self, turns: Any) -> Iterator[Any]:
        """The first turn of a loop."""
        self._idle = True
        for turn in turns:
            self._idle = False
            yield turn
            return

    def first(self, place: int) -> bool:
        """Whether a `while` loop comes by for the first time."""
        if place in self._turned:
            return False
        self._turned.add(place)
        return True

    def take(self, found: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
        """Keep what stands in the slots now, and the losses and gradients among the variables."""
        if self._idle:
            raise RuntimeError("the loop in which it trains does not turn once")
        for name, value in found.items():
            for path, holder in self._slots(name, name, value, 0):
                self.taken[self._handed.get(path, path)] = np.array(holder)
        for path, gift in (self.gifts or {}).items():  # changed in place, if at all
            if path in self.inventory and path not in self.taken:
                self.taken[path] = np.array(gift)
        self.note(variables)

    def loss(self, value: Any) -> Any:
        """What a loss function of the file gave, on its way."""
        if "loss" not in self.noted:  # the first is that of the parameters given
            self.note({"loss": value})
        return value

    def number(self, value: Any) -> Any:
        """A loss as one number, where it is an array with one entry."""
        return value.reshape(())[()] if isinstance(value, np.ndarray) and value.size == 1 else value

    def kept(self, mask: Any) -> Any:
        """What dropout keeps, which is all."""
        return np.ones_like(mask) if isinstance(mask, np.ndarray) else mask

    def measured(self, accuracy: Callable[[], Any]) -> Any:
        """An accuracy, which nothing here depends on; 0 where it cannot be had."""
        try:
            return accuracy()
        except Exception:
            return 0.0

    def shrinking(self, strengths: Iterable[Iterable[str]]) -> None:
        """The names by which the strengths of L2 and L1 terms go in this file."""
        self._l2, self._l1 = (frozenset(word.strip("_") for word in one) for one in strengths)

    def shown(self, name: str, value: Any) -> Any:
        """What an expression gave (see `shown`), as it is at this moment."""
        if self.watch is not None:
            array = _number_or_array(value) if isinstance(value, np.ndarray | float) else None
            if array is not None and array.dtype.kind == "f":
                self.watch(name, array)
        return value

    def note(self, variables: Mapping[str, Any]) -> None:
        """Keep copies of the losses and gradients among the variables."""
        for name, value in variables.items():
            noteworthy = _noteworthy(name)
            if noteworthy is None or name in self.rate_names:
                continue
            if noteworthy == "value":
                array = _number_or_array(value)
                if array is not None:
                    self.noted[name] = array
            elif isinstance(value, Mapping):
                self.note({str(key): part for key, part in value.items()})

    # --- the parameters of an object ---------------------------------------------------------

    def _is_wanted(self, word: str) -> bool:
        return word.strip("_") in self.wanted

    def _is_vector(self, path: str, word: str, value: Any) -> bool:
        """Whether a list of numbers is one parameter; a short one may be one number a layer."""
        return (
            isinstance(value, list)
            and self._is_wanted(word)
            and (
                (len(value) > _LAYERS or "][" in path or "]." in path)  # of a neuron in a list
                if self.gifts is None
                else path in self.gifts
            )
            and all(is_value(one) and np.ndim(one) == 0 for one in value)
        )

    def _slots(self, path: str, word: str, value: Any, deep: int) -> Iterator[tuple[str, Any]]:
        if is_value(value):
            if self._is_wanted(word):
                yield path, value
            return
        if self._is_vector(path, word, value):
            yield path, value
            return
        for part, key, inner in _own_parts(value, deep):
            known = word if isinstance(key, int) else word_of(key)
            yield from self._slots(path + part, known, inner, deep + 1)

    def _given(self, path: str, word: str, value: Any, deep: int) -> Any:
        if id(value) in self._exchanged_before:  # the same array, kept by another object too
            return self._exchanged_before[id(value)][1]
        if isinstance(value, _RATES) and not isinstance(value, bool):
            if word in self.rate_names or word.strip("_") in self.rate_names:
                self.rates.add(word)
                return self.rate
            if roles.role(word) == "lambda" or word.strip("_") in self._l2:
                return self.penalty
            if roles.role(word) == "l1" or word.strip("_") in self._l1:
                return 0.0
            if roles.role(word) in ("keep", "drop"):
                return self.keep if roles.role(word) == "keep" else 1.0 - self.keep
            if roles.role(word) == "clip" and value >= roles.LEAST_LIMIT:
                return 1e300  # nothing is clipped
        if is_value(value):
            return self._exchanged(path, value) if self._is_wanted(word) else value
        if self._is_vector(path, word, value):
            return list(self._exchanged(path, np.array(value)))
        for part, key, inner in list(_own_parts(value, deep)):
            known = word if isinstance(key, int) else word_of(key)
            new = self._given(path + part, known, inner, deep + 1)
            if new is not inner:
                value = with_part(value, key, new)
        return value

    def _handed_over(self, path: str, value: Any) -> str | None:
        """Which gift this is, or a copy of: `w = copy.deepcopy(w_in)`."""
        gifts = self.gifts or {}
        if path in gifts:
            return None
        for name, gift in gifts.items():
            if gift is value:
                return name
        same = [
            name
            for name, gift in gifts.items()
            if np.shape(value) == gift.shape and np.array_equal(value, gift)
        ]
        # Two parameters may be equal, so the likest name is meant.
        return max(same, key=lambda name: _alike(name, path), default=None)

    def _exchanged(self, path: str, value: Any) -> Any:
        handed = self._handed_over(path, value)
        if handed is not None:
            self._handed[path] = handed
            return value
        number = not isinstance(value, np.ndarray)
        self.inventory[path] = Slot(path, tuple(np.shape(value)), number)
        if self.gifts is None or path not in self.gifts:
            self._keep_together(value, value)
            return value
        gift = self.gifts[path]
        if number and gift.size == 1:
            return gift.reshape(())[()]
        given = np.asmatrix(gift) if isinstance(value, np.matrix) else gift
        self._keep_together(value, given)
        return given

    def _keep_together(self, value: Any, given: Any) -> None:
        """Let every other reference to an array be exchanged as well; a number has none."""
        if isinstance(value, np.ndarray):
            self._exchanged_before[id(value)] = value, given


def _alike(one: str, other: str) -> int:
    return sum(a == b for a, b in zip(one, other, strict=False))


@lru_cache(1 << 12)
def _noteworthy(name: str) -> Literal["value", "collection"] | None:
    """Whether a variable of this name is kept, or what it holds."""
    is_loss = names.is_loss(name) and name not in ("j", "l", "c")
    if is_loss or names.gradient(name) is not None:
        return "value"
    return "collection" if names.is_collection(name) else None


_BESIDE = re.compile(r"_*(?:velocit(?:y|ies)|moment(?:um|a|s)?|v|vel|caches?|grads?|best\w*)_*")


def _own_parts(value: Any, deep: int) -> Iterator[tuple[str, Any, Any]]:
    """As `parts_in`, without the dicts of what there is beside each parameter: `self.velocity`."""
    for part, key, inner in parts_in(value, deep):
        if not (isinstance(key, str) and isinstance(inner, dict) and _BESIDE.fullmatch(key)):
            yield part, key, inner


def _number_or_array(value: Any) -> np.ndarray | None:
    try:
        array = np.array(value)
    except Exception:  # somebody's own class
        return None
    return array if array.dtype.kind in "fiub" and array.size < 1 << 16 else None
