"""What a teacher asks for and gives points for, read from TOML.

A function of the homework is described by the quantities it takes and gives, in the lecture's
notation, each with its shape: `"yhat: n 1"` is yhat with one row for each example. Nothing else has
to be said of it: `quantities` knows all of them, whatever the students' other functions do.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from backproof.grading.datasets import choices, sizes_of
from backproof.grading.edges import SATURATED, names
from backproof.grading.forms import (
    STEPS,
    CacheOf,
    Form,
    Quantity,
    Size,
    form_of,
    parts_of,
    quantities_in,
    way_to_cache,
)
from backproof.grading.language import languages
from backproof.grading.outcome import Limits
from backproof.grading.quantities import layouts
from backproof.grading.tables import checked, one_of, text_in, within
from backproof.notation import ACTIVATIONS, MODELS, Model
from backproof.reading.told import Unreadable, nearest

HINTS: Final = ("none", "part", "case")
CHECKS: Final = ("values", "shapes", "random")
EDGE_CASES: Final = "edge_cases"


@dataclass(frozen=True)
class Training:
    """What training has to reach, and on what.

    Attributes:
        data: a key of `trials.DATA`.
        loss: of the parameters that come back, on the data; at most that.
        rate: the learning rate that it is given.
        steps: how many it is told to take.
        seconds: of computing, for each training.
    """

    data: str
    loss: float
    rate: float
    steps: int
    seconds: float


@dataclass(frozen=True, eq=False)  # each is itself, whatever it says
class Function:
    """A function of the homework.

    Attributes:
        name: as the students define it.
        arguments: what it takes, in order.
        returns: what it gives.
        points: for each of its parts: the quantities that it gives and
            `edge_cases`, or `training`.
        public: students can try it before they hand in, and are shown cases.
        globals: what it reads without taking it.
        keywords: what it takes by name only.
        check: `values`; `shapes` where values are free, as initial parameters are; `random` where
            in addition the weights must not all be the same.
        edges: the cases at the edge, of `edges.names`, that its part `edge_cases` is judged by.
        training: what it has to reach, if it trains; then that is all that is judged.
        found: it is not asked by its name, but found as `backproof check` does, whatever it takes
            and however it gives gradients and loss; the name is a heading.
    """

    name: str
    arguments: tuple[Form, ...]
    returns: Form
    points: Mapping[str, float]
    public: bool = True
    globals: Mapping[str, Form] = field(default_factory=dict)
    keywords: Mapping[str, Form] = field(default_factory=dict)
    check: str = "values"
    edges: tuple[str, ...] = ()
    training: Training | None = None
    found: bool = False

    @property
    def makers(self) -> tuple[str, ...]:
        """The functions whose cache it takes."""
        return tuple(one.function for one in self.arguments if isinstance(one, CacheOf))


@dataclass(frozen=True)
class Assignment:
    """What a TOML file of an assignment says; `digest` is of its bytes."""

    title: str
    model: Model
    activation: str
    functions: tuple[Function, ...]
    digest: str
    language: str = "en"
    hints: str = "part"
    seed: int = 0
    cases: int = 100
    program: str | None = None
    imports: tuple[str, ...] = ("numpy",)
    sizes: Mapping[str, int] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)

    @property
    def out_of(self) -> float:
        """All points that can be had."""
        return total(one for function in self.functions for one in function.points.values())

    def drawn_from(self, public: bool) -> int:
        """The seed of the secret cases; or of those that students have, which is no teacher's."""
        return self.seed + (2**62 if public else 0)


def total(points: Iterable[float]) -> float:
    """The sum of points, to nine places: of thirds and sixths that is what a person wrote."""
    return round(math.fsum(points), 9)


def read(path: Path) -> Assignment:
    """The assignment in a file; raises `Unreadable` naming the key, what came, what was meant."""
    try:
        content = path.read_bytes()
        data = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unreadable(f"{path.name} cannot be read: {error}") from None
    return _assignment(data, path.name, hashlib.sha256(content).hexdigest())


_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "title": (str,),
    "model": (str,),
    "activation": (str,),
    "language": (str,),
    "hints": (str,),
    "seed": (int,),
    "cases": (int,),
    "program": (str,),
    "imports": (list,),
    "sizes": (dict,),
    "limits": (dict,),
    "function": (list,),
}
_FUNCTION_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "name": (str,),
    "arguments": (list,),
    "returns": (str, list, dict),
    "points": (int, float, dict),
    "public": (bool,),
    "globals": (dict,),
    "keywords": (dict,),
    "check": (str,),
    "edge_cases": (list,),
    "training": (dict,),
    "found": (bool,),
}
_FOUND_TELLS: Final = ("name", "returns", "points", "public", "found")
_TRAINING_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "data": (str,),
    "loss": (int, float),
    "rate": (int, float),
    "steps": (int,),
    "seconds": (int, float),
}
_LIMITS: Final = {"seconds": "cpu_seconds", "memory_mb": "memory_bytes"}


def _assignment(data: Mapping[str, Any], at: str, digest: str) -> Assignment:
    checked(data, _KINDS, ("title", "model", "function"), at)
    model = MODELS[one_of(data["model"], tuple(MODELS), "model", at)]
    activation = data.get("activation", "sigmoid")
    one_of(activation, ACTIVATIONS, "activation", at)
    functions = tuple(
        _function(table, model, activation, place, at)
        for place, table in enumerate(data["function"], 1)
    )
    sizes, limits = _sizes(data.get("sizes", {}), model, at), _limits(data.get("limits", {}), at)
    for function in functions:
        _checked_caches(function, functions, f"{at}, [[function]] {function.name}")
        try:
            if function.training is not None:
                sizes_of(function.training.data, model, sizes)
        except ValueError as error:
            raise Unreadable(f"{at}, [[function]] {function.name}, training: {error}") from None
    called = [function.name for function in functions]
    for name in called:
        if called.count(name) > 1:
            raise Unreadable(f"{at}: function {name} is there {called.count(name)} times")
    if not functions:
        raise Unreadable(f"{at}: there is no [[function]]")
    return Assignment(
        data["title"],
        model,
        activation,
        functions,
        digest,
        one_of(data.get("language", "en"), languages(), "language", at),
        one_of(data.get("hints", "part"), HINTS, "hints", at),
        within(data.get("seed", 0), 0, 2**62 - 1, "seed", at),
        within(data.get("cases", 100), 1, 10_000, "cases", at),
        data.get("program"),
        tuple(text_in(one, "imports", at) for one in data.get("imports", ["numpy"])),
        sizes,
        limits,
    )


def _sizes(table: Mapping[str, Any], model: Model, at: str) -> dict[str, int]:
    where = f"{at}, [sizes]"
    checked(table, dict.fromkeys(model.axes, (int,)), (), where)
    return {axis: within(size, 1, 8, axis, where) for axis, size in table.items()}


def _limits(table: Mapping[str, Any], at: str) -> Limits:
    where = f"{at}, [limits]"
    checked(table, dict.fromkeys(_LIMITS, (int, float)), (), where)
    if not all(0 < value < 1e6 for value in table.values()):
        raise Unreadable(f"{where}: limits are above 0 and below 1000000")
    told: dict[str, Any] = {}
    if "seconds" in table:
        told = {"cpu_seconds": float(table["seconds"]), "wall_seconds": 3.0 * table["seconds"]}
    if "memory_mb" in table:
        told["memory_bytes"] = int(table["memory_mb"] * 2**20)
    return Limits(**told)


def _function(table: Any, model: Model, activation: str, place: int, at: str) -> Function:
    if not isinstance(table, dict):
        raise Unreadable(f"{at}: function holds tables, each under a line [[function]]")
    at = f"{at}, [[function]] {table.get('name', f'number {place}')}"
    checked(table, _FUNCTION_KINDS, ("name", "returns"), at)
    if table.get("found", False):
        return _of_any_name(table, model, at)
    checked(table, _FUNCTION_KINDS, ("arguments",), at)
    if not table["name"].isidentifier():
        raise Unreadable(f"{at}: name {table['name']!r} is no name of a function")
    returns = form_of(table["returns"], model, at)
    parts = [one.symbol for one in quantities_in(returns)]
    if not parts:
        raise Unreadable(f"{at}: returns holds no quantity, so there is nothing to judge")
    if len({*parts}) < len(parts):
        raise Unreadable(f"{at}: returns holds a quantity twice")
    arguments = tuple(form_of(one, model, at) for one in table["arguments"])
    globals_ = {name: form_of(one, model, at) for name, one in table.get("globals", {}).items()}
    keywords = {name: form_of(one, model, at) for name, one in table.get("keywords", {}).items()}
    forms = (*arguments, *globals_.values(), *keywords.values())
    given = [part for form in forms for part in parts_of(form)]
    for name in (*globals_, *keywords):
        if not name.isidentifier():
            raise Unreadable(f"{at}: {name!r} is no name of an argument or a global")
    check = one_of(table.get("check", "values"), CHECKS, "check", at)
    edges = tuple(
        one_of(text_in(one, "edge_cases", at), names(model, activation), "edge case", at)
        for one in table.get("edge_cases", [])
    )
    if edges:
        parts.append(EDGE_CASES)
        if check != "values" or "training" in table:
            raise Unreadable(f"{at}: edge_cases are of functions whose values are judged")
        at_yhat = [one for one in (*given, *parts_of(returns)) if _is_of(one, "dyhat")]
        if at_yhat and SATURATED in edges:
            raise Unreadable(f"{at}: dyhat is not finite in cases that are {SATURATED}")
    training = None
    if "training" in table:
        training = _training(table["training"], model, given, returns, f"{at}, training")
        parts = ["training"]
    elif Size(STEPS) in given:
        raise Unreadable(f"{at}: only a function with a [function.training] takes steps")
    return Function(
        table["name"],
        arguments,
        returns,
        _points(table.get("points", 1), parts, at),
        table.get("public", True),
        globals_,
        keywords,
        check,
        edges,
        training,
    )


def _of_any_name(table: Mapping[str, Any], model: Model, at: str) -> Function:
    for key in table:
        if key not in _FOUND_TELLS:
            raise Unreadable(f"{at}: {key} is told, and a function that is found tells it itself")
    may = [*(f"d{one}" for one in model.parameters), "loss"]
    returns = form_of(table["returns"], model, at)
    parts = [one.symbol for one in quantities_in(returns)]
    for part in parts:
        if part not in may:
            raise Unreadable(f"{at}: returns holds {part}; what can be found is {', '.join(may)}")
    own = layouts(model)
    arguments = tuple(Quantity(one, own[one]) for one in (*model.parameters, "x", "y"))
    return Function(
        table["name"],
        arguments,
        returns,
        _points(table.get("points", 1), parts, at),
        table.get("public", True),
        found=True,
    )


def _checked_caches(function: Function, functions: Sequence[Function], at: str) -> None:
    """Raises `Unreadable` for a cache that cannot be had."""
    by_name = {one.name: one for one in functions}
    forms = (*function.arguments, *function.globals.values(), *function.keywords.values())
    count = sum(isinstance(part, CacheOf) for form in forms for part in parts_of(form))
    if count > len(function.makers):
        raise Unreadable(f"{at}: cache_of stands for an argument, not for a part of one")
    for name in function.makers:
        if name not in by_name:
            raise Unreadable(f"{at}: cache_of {name!r}; {nearest(name, tuple(by_name))}")
        maker = by_name[name]
        if way_to_cache(maker.returns) is None:
            raise Unreadable(f"{at}: cache_of {name!r}, which returns no '_', or several")
        if maker.found:
            raise Unreadable(f"{at}: cache_of {name!r}, which is found and not called by its name")
        if maker.makers or maker.training is not None or function.training is not None:
            raise Unreadable(f"{at}: cache_of {name!r}, which is made by a cache or by training")
        if function.public and not maker.public:
            raise Unreadable(f"{at}: cache_of {name!r} is of a hidden function, and this is public")


def _is_of(form: Form, symbol: str) -> bool:
    return isinstance(form, Quantity) and form.symbol == symbol


def _training(
    table: Mapping[str, Any], model: Model, given: Sequence[Form], returns: Form, at: str
) -> Training:
    checked(table, _TRAINING_KINDS, ("data", "loss"), at)
    one_of(table["data"], choices(model), "data", at)
    for key in ("loss", "rate", "steps", "seconds"):
        if key in table and not 0 < table[key] < 1e6:
            raise Unreadable(f"{at}: {key} = {table[key]}; expected above 0 and below 1000000")
    takes = {"rate": any(_is_of(one, "rate") for one in given)}
    takes["steps"] = Size(STEPS) in given
    for key, taken in takes.items():
        if taken != (key in table):
            told = "is not told" if taken else "is told, and the function does not take it"
            raise Unreadable(f"{at}: {key} {told}")
    may = {"x", "y", "rate", *model.parameters}
    for one in given:
        if isinstance(one, Quantity) and one.symbol not in may:
            raise Unreadable(
                f"{at}: the function takes {one.symbol}; before training there are only "
                f"{', '.join(sorted(may))}, sizes and steps"
            )
    back = [one.symbol for one in quantities_in(returns)]
    if {*back} != {*model.parameters}:
        expected = ", ".join(model.parameters)
        raise Unreadable(
            f"{at}: returns holds {', '.join(back)}; the loss is computed from all parameters "
            f"({expected}), and of what else comes back, as losses, nothing is believed: write '_'"
        )
    return Training(
        table["data"],
        float(table["loss"]),
        float(table.get("rate", 0.0)),
        table.get("steps", 0),
        float(table.get("seconds", Limits().cpu_seconds)),
    )


def _points(told: float | Mapping[str, Any], parts: Sequence[str], at: str) -> dict[str, float]:
    if not isinstance(told, Mapping):
        told = dict.fromkeys(parts, told / len(parts))
    for part, points in told.items():
        if part not in parts:
            raise Unreadable(f"{at}: points for {part!r}; {nearest(part, parts)}")
        if not isinstance(points, int | float) or isinstance(points, bool) or not 0 <= points < 1e6:
            raise Unreadable(f"{at}: points for {part} = {points!r}; expected 0 or more")
    return {part: float(told.get(part, 0.0)) for part in parts}
