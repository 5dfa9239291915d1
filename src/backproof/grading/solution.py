"""A right program for an assignment, written from the lecture's rules, in NumPy.

A teacher's assignment is tested against it, and it stands in for a student's wrong function where
another of theirs that calls it is judged, so that no mistake counts twice. Each quantity is one of
the lecture's lines, computed from what a function is given; what is not given is computed as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from backproof.grading.assignment import (
    Assignment,
    Function,
    Training,
)
from backproof.grading.forms import (
    STEPS,
    Anything,
    CacheOf,
    Constant,
    Form,
    Quantity,
    Size,
    quantities_in,
)
from backproof.grading.quantities import layouts
from backproof.notation import LEAKY_SLOPE, Model

_ERF: Final = "np.vectorize(math.erf)"
# g(z) and g'(z), and g' from a = g(z) where that is how people write it.
_ACTIVATIONS: Final[Mapping[str, tuple[str, str, str]]] = {
    "identity": ("{z}", "np.ones_like({z})", "np.ones_like({a})"),
    "sigmoid": ("1 / (1 + np.exp(-{z}))", "", "{a} * (1 - {a})"),
    "tanh": ("np.tanh({z})", "", "1 - {a}**2"),
    "relu": ("np.maximum({z}, 0)", "({z} > 0)", "({a} > 0)"),
    "leaky_relu": (
        f"np.where({{z}} > 0, {{z}}, {LEAKY_SLOPE} * {{z}})",
        f"np.where({{z}} > 0, 1, {LEAKY_SLOPE})",
        f"np.where({{a}} > 0, 1, {LEAKY_SLOPE})",
    ),
    "softplus": ("np.logaddexp(0, {z})", "1 / (1 + np.exp(-{z}))", "1 - np.exp(-{a})"),
    "gelu": (
        f"0.5 * {{z}} * (1 + {_ERF}({{z}} / 2**0.5))",
        f"0.5 * (1 + {_ERF}({{z}} / 2**0.5)) + {{z}} * np.exp(-{{z}}**2 / 2) / (2 * np.pi) ** 0.5",
        "",
    ),
    "gelu_tanh": (
        "0.5 * {z} * (1 + np.tanh((2 / np.pi) ** 0.5 * ({z} + 0.044715 * {z}**3)))",
        "0.5 * (1 + np.tanh((2 / np.pi) ** 0.5 * ({z} + 0.044715 * {z}**3)))"
        " + 0.5 * {z} * (1 - np.tanh((2 / np.pi) ** 0.5 * ({z} + 0.044715 * {z}**3)) ** 2)"
        " * (2 / np.pi) ** 0.5 * (1 + 3 * 0.044715 * {z}**2)",
        "",
    ),
}


# Of training, where a function is not told.
_UNITS: Final = 8
_RATE: Final = 0.5
_STEPS: Final = 1000


class Rule(NamedTuple):
    """One of the lecture's lines: a quantity from others. `{n}` is the number of examples."""

    symbol: str
    needs: tuple[str, ...]
    line: str


def rules(model: Model, activation: str) -> list[Rule]:
    """The lines for every quantity of the model, those first that are to be preferred."""
    weights = [name for name in model.parameters if name[0] in "Ww"]
    biases = [name for name in model.parameters if name[0] == "b"]
    numbers = [str(layer) if model.depth > 1 else "" for layer in range(1, model.depth + 1)]
    g, slope, slope_of_value = _ACTIVATIONS[activation]
    found: list[Rule] = []
    below = ["x", *(f"a{number}" for number in numbers[:-1])]
    for W, b, number, a in zip(weights, biases, numbers, below, strict=True):
        found.append(Rule(f"z{number}", (W, a, b), f"{W} @ {a} + {b}"))
        found.append(Rule(f"d{W}", (f"dz{number}", a), f"dz{number} @ {a}.T"))
        found.append(Rule(f"d{b}", (f"dz{number}",), f"dz{number}.sum(axis=1, keepdims=True)"))
        found.append(Rule(f"d{a}", (W, f"dz{number}"), f"{W}.T @ dz{number}"))
        if number != numbers[-1]:
            z, own = f"z{number}", f"a{number}"
            found.append(Rule(own, (z,), g.format(z=z)))
            if slope:
                found.append(Rule(f"dz{number}", (f"d{own}", z), f"d{own} * ({slope.format(z=z)})"))
            if slope_of_value:
                line = f"d{own} * ({slope_of_value.format(a=own)})"
                found.append(Rule(f"dz{number}", (f"d{own}", own), line))
    found += _of_output(model, f"z{numbers[-1]}")
    for name in model.parameters:
        found.append(Rule(f"{name}'", (name, f"d{name}", "rate"), f"{name} - rate * d{name}"))
    return found


def _of_output(model: Model, z: str) -> Iterator[Rule]:
    if model.output == "softmax":
        e = f"np.exp({z} - {z}.max(axis=0))"
        yield Rule("yhat", (z,), f"{e} / {e}.sum(axis=0)")
        yield Rule("label", ("yhat",), "yhat.argmax(axis=0)[None, :]")
        # Where a label is 0 its logarithm does not count, and may be that of 0.
        line = "-(y * np.log(np.where(y == 0, 1, yhat))).sum() / {n}"
        yield Rule("loss", ("y", "yhat"), line)
        yield Rule("dyhat", ("y", "yhat"), "-y / yhat / {n}")
    elif model.output == "sigmoid":
        yield Rule("yhat", (z,), f"1 / (1 + np.exp(-{z}))")
        yield Rule("label", ("yhat",), "(yhat >= 0.5).astype(int)")
        first, other = "np.where(y == 0, 1, yhat)", "np.where(y == 1, 1, 1 - yhat)"
        line = f"-(y * np.log({first}) + (1 - y) * np.log({other})).sum() / {{n}}"
        yield Rule("loss", ("y", "yhat"), line)
        yield Rule("dyhat", ("y", "yhat"), "(yhat - y) / (yhat * (1 - yhat)) / {n}")
    else:
        yield Rule("yhat", (z,), z)
        yield Rule("loss", ("y", "yhat"), "((yhat - y) ** 2).sum() / (2 * {n})")
        yield Rule("dyhat", ("y", "yhat"), "(yhat - y) / {n}")
    yield Rule(f"d{z}", ("y", "yhat"), "(yhat - y) / {n}")
    if model.output == "sigmoid":
        yield Rule(f"d{z}", ("dyhat", "yhat"), "dyhat * yhat * (1 - yhat)")
    elif model.output == "identity":
        yield Rule(f"d{z}", ("dyhat",), "dyhat")


def solution(
    assignment: Assignment,
    among: Sequence[Rule] | None = None,
    training: Sequence[Rule] | None = None,
) -> str:
    """The program; with other rules than the lecture's, a program with their mistakes.

    `training` are the rules for the functions that train, `among` those for all others.

    Raises `LookupError` for a quantity that does not follow from what its function is given.
    """
    right = rules(assignment.model, assignment.activation)
    among, training = among or right, training or right
    parts = ["import math\n\nimport numpy as np\n"]
    taken = {name for one in assignment.functions for name in one.makers}
    caches = {
        one.name: _cached(one, layouts(assignment.model))
        for one in assignment.functions
        if one.name in taken
    }
    parts += [
        _function(one, assignment.model, among if one.training is None else training, caches)
        for one in assignment.functions
    ]
    return "\n\n".join(parts)


def _cached(function: Function, own: Mapping[str, str]) -> dict[str, Form]:
    """What a right function keeps for another: what it is given and gives, in our layouts."""
    forms = (*function.arguments, *function.keywords.values(), *function.globals.values())
    symbols = [one.symbol for form in forms for one in quantities_in(form)]
    symbols += [one.symbol for one in quantities_in(function.returns) if not one.times_n]
    return {symbol: Quantity(symbol, own[symbol]) for symbol in symbols}


def _function(
    function: Function,
    model: Model,
    known: Sequence[Rule],
    caches: Mapping[str, Mapping[str, Form]],
) -> str:
    own = layouts(model)
    arguments = [f"given{place}" for place in range(len(function.arguments))]
    named = ["**named"] if function.keywords else []
    lines = [f"def {function.name}({', '.join([*arguments, *named])}):"]
    given: dict[str, Quantity] = {}
    sizes: dict[str, str] = {"1": "1"}
    coded: list[tuple[Quantity, str]] = []
    from_globals = [(f"globals()[{name!r}]", form) for name, form in function.globals.items()]
    by_name = [(f"named[{name!r}]", form) for name, form in function.keywords.items()]
    forms = [caches.get(f.function, f) if isinstance(f, CacheOf) else f for f in function.arguments]
    for name, form in [*zip(arguments, forms, strict=True), *from_globals, *by_name]:
        for path, part in _parts(name, form):
            if isinstance(part, Size):
                sizes[part.axis] = path
            elif isinstance(part, Quantity):
                given[part.symbol] = part
                if part.code in ("class", "class1"):
                    coded.append((part, path))
                else:
                    lines += _taken(part, path, own)
    for part, path in coded:
        lines += _one_hot(part, path, _classes(function, path, given, own, sizes))
    if function.training is not None:
        lines += _loop(function.training, model, given, sizes, known)
    elif function.check != "values":
        for one in quantities_in(function.returns):
            shape = ", ".join(sizes[axis] for axis in own[one.symbol].split())
            lines.append(f"{_name(one.symbol)} = np.random.randn({shape}) * 0.01")
    else:
        lines += _computed(function, given, own, known)
    cache = "None"
    if function.name in caches:
        cache = f"{{{', '.join(f'{one!r}: {_name(one)}' for one in caches[function.name])}}}"
    lines.append(f"return {_given_back(function.returns, own, cache)}")
    return "\n    ".join(lines) + "\n"


def _parts(name: str, form: Form) -> Iterator[tuple[str, Form]]:
    """The parts of an argument, each with the expression that reaches it."""
    if isinstance(form, tuple):
        for place, part in enumerate(form):
            yield from _parts(f"{name}[{place}]", part)
    elif isinstance(form, Mapping):
        for key, part in form.items():
            yield from _parts(f"{name}[{key!r}]", part)
    else:
        yield name, form


def _name(symbol: str) -> str:
    return symbol.replace("'", "_next")


def _taken(part: Quantity, path: str, own: Mapping[str, str]) -> Iterator[str]:
    """The lines that bring a quantity that came into the lecture's layout."""
    name, wanted = _name(part.symbol), own[part.symbol].split()
    if not wanted:
        yield f"{name} = {path}"
        return
    yield f"{name} = np.asarray({path})"
    if part.layout == own[part.symbol] and not part.code:
        return
    if part.code == "sign":
        yield f"{name} = ({name} + 1) / 2"
    axes = part.layout.split()
    named = [axis for axis in axes if axis != "1"]
    if len(named) < len(axes):
        kept = ", ".join(f"{name}.shape[{p}]" for p, axis in enumerate(axes) if axis != "1")
        yield f"{name} = {name}.reshape(({kept}{',' if len(named) == 1 else ''}))"
    if named != [axis for axis in wanted if axis != "1"]:
        yield f"{name} = {name}.T"
    if len(named) < len(wanted):
        yield f"{name} = {name}.reshape({_free(wanted)})"


def _one_hot(part: Quantity, path: str, classes: str) -> Iterator[str]:
    """The lines that make columns of 0 and 1 of class numbers."""
    first = int(part.code == "class1")
    yield f"{part.symbol} = np.eye({classes})[:, np.asarray({path}).astype(int).ravel() - {first}]"


def _classes(
    function: Function,
    labels: str,
    given: Mapping[str, Quantity],
    own: Mapping[str, str],
    sizes: Mapping[str, str],
) -> str:
    """How many classes there are, by what else a function is given."""
    if "k" in sizes:
        return sizes["k"]
    for symbol, part in given.items():
        if "k" in own[symbol].split() and not part.code:
            return f"{_name(symbol)}.shape[{own[symbol].split().index('k')}]"
    if function.training is not None:  # there each of them is among the labels
        return f"np.unique({labels}).size"
    raise LookupError(
        f"{function.name} is given class numbers, and nothing that says how many classes there are"
    )


def _loop(
    training: Training,
    model: Model,
    given: Mapping[str, Quantity],
    sizes: Mapping[str, str],
    known: Sequence[Rule],
) -> Iterator[str]:
    """The lecture's loop: all parameters take their step with gradients of the same pass."""
    told = {axis: f"{tensor}.shape[0]" for tensor, axis in (("x", "d"), ("y", "k"))}
    told |= dict.fromkeys(model.hidden_axes, str(_UNITS)) | dict(sizes)
    if "rate" not in given:
        yield f"rate = {_RATE}"
    for name, layout in model.parameters.items():
        if name not in given:
            rows, columns = (told[axis] for axis in layout.split())
            drawn = f"np.random.randn({rows}, {columns}) / {columns} ** 0.5"
            yield f"{name} = {drawn if name[0] in 'Ww' else f'np.zeros(({rows}, {columns}))'}"
    yield f"for _ in range({sizes.get(STEPS, str(training.steps or _STEPS))}):"
    done = {"x", "y", "rate", *model.parameters}
    for name in model.parameters:
        for rule in _steps(f"{name}'", done, known, ()):
            yield f"    {_name(rule.symbol)} = {rule.line.format(n='x.shape[1]')}"
            done.add(rule.symbol)
    stepped = ", ".join(_name(f"{name}'") for name in model.parameters)
    yield f"    {', '.join(model.parameters)} = {stepped}"


def _computed(
    function: Function, given: Mapping[str, Quantity], own: Mapping[str, str], known: Sequence[Rule]
) -> list[str]:
    lines: list[str] = []
    n = next(
        (
            f"{_name(symbol)}.shape[{own[symbol].split().index('n')}]"
            for symbol in given
            if "n" in own[symbol].split()
        ),
        "",
    )
    lines += [f"{_name(s)} = {_name(s)} / {n}" for s, part in given.items() if part.times_n]
    done = {*given}
    for quantity in quantities_in(function.returns):
        for rule in _steps(quantity.symbol, done, known, ()):
            lines.append(f"{_name(rule.symbol)} = {rule.line.format(n=n)}")
            done.add(rule.symbol)
    lines += [
        f"{_name(one.symbol)} = {n} * {_name(one.symbol)}"
        for one in quantities_in(function.returns)
        if one.times_n
    ]
    return lines


def _steps(
    symbol: str, done: set[str], known: Sequence[Rule], asked: tuple[str, ...]
) -> list[Rule]:
    """The rules that lead to a quantity, in order; raises `LookupError` where none do."""
    if symbol in done:
        return []
    for rule in known:
        if rule.symbol != symbol or symbol in asked:
            continue
        steps: list[Rule] = []
        try:
            for need in rule.needs:
                have = done | {step.symbol for step in steps}
                steps += _steps(need, have, known, (*asked, symbol))
        except LookupError:
            continue
        return [*steps, rule]
    raise LookupError(f"{symbol} does not follow from what is given")


def _given_back(form: Form, own: Mapping[str, str], cache: str) -> str:
    if isinstance(form, tuple):
        parts = [_given_back(part, own, cache) for part in form]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    if isinstance(form, Mapping):
        items = [f"{key!r}: {_given_back(part, own, cache)}" for key, part in form.items()]
        return f"{{{', '.join(items)}}}"
    if isinstance(form, Constant):
        return repr(form.value)
    if isinstance(form, Anything):
        return cache
    if isinstance(form, Size | CacheOf):
        return "None"
    name, ours, theirs = _name(form.symbol), own[form.symbol].split(), form.layout.split()
    named = [axis for axis in ours if axis != "1"]
    wanted = [axis for axis in theirs if axis != "1"]
    if len(named) == 2:
        turned = name if named == wanted else f"{name}.T"
        return turned if len(theirs) == 2 else f"np.expand_dims({turned}, {_ones(theirs)})"
    if ours == theirs:
        return name
    return f"np.reshape({name}, ({_free(theirs)}{',' if len(theirs) == 1 else ''}))"


def _free(axes: Sequence[str]) -> str:
    return ", ".join("1" if axis == "1" else "-1" for axis in axes)


def _ones(layout: Sequence[str]) -> tuple[int, ...]:
    return tuple(place for place, axis in enumerate(layout) if axis == "1")
