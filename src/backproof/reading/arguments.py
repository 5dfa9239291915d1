"""What somebody's function, method or constructor is called with: source, by parameters' names."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from backproof.notation import LARGEST
from backproof.reading import names, patterns, roles, scopes, updates
from backproof.reading.binding import default_size, defaults_of, parameters_of
from backproof.reading.chosen import chosen_activation
from backproof.reading.label_codes import is_beside_one_hot
from backproof.reading.passed import as_called, passed_object
from backproof.reading.recipes import PROBE, Reader, Unbound
from backproof.reading.slices import bound
from backproof.reading.usage import (
    are_layers,
    goes_by_row,
    handed_on,
    is_counted_to,
    is_limit,
    is_list_of_pairs,
    is_only_kept,
    is_size,
    is_strength,
    is_table,
    is_unrolled,
    joined_sizes,
    keys_of,
    role_by_use,
    role_of_data,
)


def bound_arguments(function: ast.FunctionDef, read: Reader, skip: int = 0) -> str:
    """The arguments for a call, as source; raises `Unbound` for what nothing is known of."""
    listed = parameters_of(function)[skip:]
    known = {roles.role(name) for name, _, _ in listed}
    unknown = iter([axis for axis in "dhk" if axis not in known])
    apart = known >= {"d", "dims"}  # the inputs' size stands by itself

    def value_of(name: str, default: bool) -> str | None:
        if default and is_only_kept(name, function, read.program.tree):
            return None
        value = passed_object(name, function, read) or value_for(name, function, read, default)
        if value == SIMPLE["dims"] and apart:
            return f"{value}[1:]"
        if value is None and not default:
            value = as_called(name, function, read) or data_by_use(name, function, read)
            if value is None and patterns.is_used(name, function):
                value = chosen_activation(name, read)
        makes = function.name in ("__init__", "init") or is_size(name, function)
        if value is None and not default and makes:
            axis = next(unknown, None)
            value = None if axis is None else SIMPLE[axis]
        return value if value is not None or default else anything(name, function)

    unread = (
        "what that is could not be read; give it a default, or point at what can be called without "
        "it with --function"
    )
    # A question stands under the name of its function; that of a class under those of its methods.
    taker = "__init__" if function.name == "__init__" else ""
    return written(listed, value_of, taker, unread)


def _options(name: str, function: ast.FunctionDef, read: Reader) -> str | None:
    """The dict that a parameter is: `options["lr"]`, `functions["activation"]`."""
    values = {
        key: SIMPLE.get(roles.role(key) or "") or chosen_activation(key, read)
        for key in keys_of(name, ast.walk(function))
    }
    if not values or None in values.values():
        return None
    return "{" + ", ".join(f"{key!r}: {value}" for key, value in values.items()) + "}"


def data_by_use(name: str, function: ast.FunctionDef, read: Reader, deep: int = 0) -> str | None:
    """The inputs, or the labels, for a parameter that is used as these, whatever it is called.

    So may be what a loop takes from it one by one: `for row, truth in zip(rows, truths)`.
    """
    taken = {roles.role(one) for one, _, _ in parameters_of(function)}
    held: list[tuple[str, Sequence[ast.stmt]]] = [(name, [function])]
    for one, body in [*held, *_one_by_one(name, function)]:
        role = role_of_data(one, body)
        if role is None and one != name and "x" not in taken:
            role = "x" if _is_beside_labels(one, function) else None
        if role is not None:
            return None if role in taken else SIMPLE[role]
        nodes = (node for statement in body for node in ast.walk(statement))
        handed = handed_on(nodes, one, read) if deep < 2 else ()
        found = next(filter(None, (data_by_use(p, f, read, deep + 1) for f, p in handed)), None)
        if found is not None:
            return found
    return None


def _zipped(loop: ast.AST) -> list[tuple[ast.expr, str, list[ast.stmt]]]:
    """What a loop goes through, each with the variable that holds one of it, and its body."""
    if not isinstance(loop, ast.For):
        return []
    over, target = loop.iter, loop.target
    if isinstance(over, ast.Call) and ast.unparse(over.func) == f"{PROBE}.once":
        over = over.args[0]
    if isinstance(over, ast.Call) and patterns.called(over) == "enumerate" and over.args:
        over, target = over.args[0], target.elts[-1] if isinstance(target, ast.Tuple) else target
    each = [over]
    if isinstance(over, ast.Call) and patterns.called(over) == "zip":
        each = over.args
    held = target.elts if isinstance(target, ast.Tuple) else [target]
    pairs = zip(each, held, strict=False)
    return [(one, part.id, loop.body) for one, part in pairs if isinstance(part, ast.Name)]


def _one_by_one(name: str, function: ast.FunctionDef) -> Iterator[tuple[str, Sequence[ast.stmt]]]:
    """The variables that loops take from a parameter for each turn, and the loops' bodies."""
    for loop in ast.walk(function):
        for one, variable, body in _zipped(loop):
            if ast.unparse(one) == name:
                yield variable, body


def _is_beside_labels(variable: str, function: ast.FunctionDef) -> bool:
    """Whether a loop takes it together with a label, and with nothing else."""
    for loop in ast.walk(function):
        held = [(one, body) for _, one, body in _zipped(loop)]
        if len(held) == 2 and held[0][0] == variable:
            label, body = held[1]
            return "y" in (roles.role(label), role_of_data(label, body))
    return False


def anything(name: str, function: ast.FunctionDef) -> str | None:
    """What a parameter is given that the function never looks at."""
    return None if patterns.is_used(name, function) else "None"


def written(
    parameters: Iterable[tuple[str, bool, bool]],
    value_of: Callable[[str, bool], str | None],
    taker: str,
    unread: str,
) -> str:
    """The arguments of a call as source: what has a value, by name after one that has none.

    `value_of` takes a name and whether it has a default. Raises `Unbound`, which says `unread` of
    what `taker` takes, where there is neither a value nor a default.
    """
    parts = []
    by_name = False
    for name, default, keyword in parameters:
        value = value_of(name, default)
        if value is not None:
            parts.append(f"{name}={value}" if by_name or keyword else value)
        elif default:
            by_name = True
        else:
            raise Unbound(f"{taker} takes {name}, and {unread}".lstrip())
    return ", ".join(parts)


SIMPLE = {
    "rate": f"{PROBE}.rate",
    "steps": "3",
    "x": f"{PROBE}.x",
    "y": f"{PROBE}.y",
    "n": f"{PROBE}.size('n')",
    "d": f"{PROBE}.size('d')",
    "h": f"{PROBE}.size('h')",
    "k": f"{PROBE}.size('k')",
    "dims": f"{PROBE}.dims()",
    "lambda": f"{PROBE}.penalty",
    "l1": "0.0",
    "clip": "1e300",
    "keep": f"{PROBE}.keep",
    "drop": f"1.0 - {PROBE}.keep",
    "scale": "1.0",
    "zero": "0",
    "quiet": "False",
}


# Their defaults are as good.
_KEPT = ("h", "k", "d", "dims", "zero", "quiet", "steps", "scale")


def value_for(name: str, function: ast.FunctionDef, read: Reader, default: bool) -> str | None:
    """What a parameter of that name is given, as source; None where nothing is known of it."""
    role = roles.role(name)
    if role is None or role == "y":
        role = role_by_use(name, function) or role
        role = "steps" if is_counted_to(name, function, read.program.tree) else role
    if default and role in ("x", "y") and re.search(r"test|val|dev", name.lower()):
        return None
    if role in ("x", "y") and is_size(name, function):
        role = "d" if role == "x" else "k"
    joined = joined_sizes(function).get(name)
    role = joined or role
    if is_table(name, function):
        return f"{PROBE}.rows" if goes_by_row(name, function) else f"{PROBE}.table"
    if is_list_of_pairs(name, function.body, read):
        return f"{PROBE}.pairs"
    if (role == "rate" and is_strength(name, function)) or name in read.shrinkage.l2:
        role = "lambda"
    elif name in read.shrinkage.l1:
        role = "l1"
    own = defaults_of(function.args).get(name)
    other = patterns.is_text(own) if role in ("lambda", "l1") else own and not is_limit(own)
    if other and role in ("lambda", "l1", "clip"):  # which of them, by its name
        return None
    ours = role in ("d", "h", "k", "dims") and _is_of_vector(function, read)
    size = default_size(name, function) if role in ("d", "h", "k") else 0
    ours = ours or size == 1 or (role == "d" and size > LARGEST)
    if role in _KEPT and default and not (ours or _is_imported(name, function, read)):
        return None
    if role == "y" and is_beside_one_hot(name, function):
        return f"{PROBE}.numbers"
    if joined == "h":
        return f"[{SIMPLE['h']}]"
    if role is not None:
        return SIMPLE[role]
    if name == "l" and not default:
        return SIMPLE["lambda"]
    options = None if default else _options(name, function, read)
    if options is not None:
        return options
    if name in read.functions:
        return name
    callee = _function_for(name, function, read)
    if callee is not None and not default and not keys_of(name, ast.walk(function)):
        return callee
    if is_unrolled(name, function, read):
        order = "F" if re.search(r"order\s*=\s*['\"]F['\"]", read.program.text) else "C"
        return f"{PROBE}.unrolled({name!r}, {order!r})"
    like = updates.WEIGHT_LIKE.fullmatch(name.strip("_").lower()) is not None and not default
    if names.parameter(name) is not None or like or _is_keyed(name, function):
        if like and are_layers(name, read):
            return f"list({PROBE}.packed({name!r}, [0, 1]).values())"
        made = initializer(read)
        if made is not None and _is_container(name, function, read):
            return f"{PROBE}.give({name!r}, {made})"
        if _is_container(name, function, read):
            keys = _parameter_keys(name, read)
            if keys:
                return f"{PROBE}.packed({name!r}, {keys!r})"
            listed = _unpacked(name, read)
            return f"tuple({PROBE}.packed({name!r}, {listed!r}).values())" if listed else None
        return f"{PROBE}.gift({name!r})"
    if name in ("model", "net", "network", "nn", "weights_dict"):
        made = initializer(read)
        keys = _parameter_keys(name, read)
        if made is not None:
            return f"{PROBE}.give({name!r}, {made})"
        return f"{PROBE}.packed({name!r}, {keys!r})" if keys else None
    return None


def _parameter_keys(name: str, read: Reader) -> list[str]:
    """The keys under which the file looks parameters up in what goes by that name."""
    looked_up = keys_of(name, ast.walk(read.program.tree))
    return sorted(key for key in looked_up if names.parameter(key) is not None)


def _is_of_vector(function: ast.FunctionDef, read: Reader) -> bool:
    """Whether all parameters come in one vector, which then has the sizes that are given."""
    return any(is_unrolled(name, function, read) for name, _, _ in parameters_of(function))


def _is_imported(name: str, function: ast.FunctionDef, read: Reader) -> bool:
    """Whether a default comes of another module: `epochs=config.EPOCHS`."""
    default = defaults_of(function.args).get(name)
    base = "" if default is None else updates.base_of(default)
    return any(
        isinstance(one, ast.Import | ast.ImportFrom) and base in bound(one) for one in read.script
    )


def _is_keyed(name: str, function: ast.FunctionDef) -> bool:
    """Whether parameters are looked up in it: `p["W1"]`, `p["W%d" % l]`."""
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id == name
            and names.parameter(updates.last_word(node) + "1") is not None
            and updates.last_word(node) != name
        ):
            return True
    return False


def _function_for(name: str, function: ast.FunctionDef, read: Reader) -> str | None:
    """The file's own function that a parameter such as `cost_function` is given, or is named by."""
    lowered = name.lower()
    if not re.search(r"func|_fn$|^f$", lowered):
        return None
    passed = as_called(name, function, read)
    if passed in read.functions:
        return passed
    word = re.sub(r"_?(?:function|func|fn)", "", lowered)
    return next((one for one in read.functions if word and word in one.lower()), None)


def _is_container(name: str, function: ast.FunctionDef, read: Reader) -> bool:
    lowered = name.lower().strip("_")
    if lowered in ("parameters", "params", "param", "model", "network"):
        return True
    if _unpacked(name, read):
        return True
    return _is_keyed(name, function)


def _unpacked(name: str, read: Reader) -> list[str]:
    """The parameters that `W1, b1, W2, b2 = params` takes out of a tuple."""
    for node in ast.walk(read.program.tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Tuple):
            continue
        if not isinstance(node.value, ast.Name) or node.value.id != name:
            continue
        words = [updates.last_word(part) for part in node.targets[0].elts]
        if all(_is_parameter(word) for word in words):
            return words
    return []


def _is_parameter(word: str) -> bool:
    like = updates.WEIGHT_LIKE.fullmatch(word.lower()) is not None
    return like or names.parameter(word) is not None


def initializer(read: Reader) -> str | None:
    """The call of the file's own function that draws the parameters, if there is one."""
    for function in read.functions.values():
        lowered = function.name.lower()
        if re.search(
            r"init|inicia|(?:create|make|build|random|new|gera)\w*(?:par|weight|net|pesos)", lowered
        ) and not lowered.startswith("__"):
            if "velocity" in lowered or "adam" in lowered:
                continue
            try:
                return f"{function.name}({bound_arguments(function, read)})"
            except (Unbound, RecursionError):
                continue
    return None


def callee(owner: ast.ClassDef | None, function: ast.FunctionDef) -> str:
    """A function, or a method of our object; a private one goes by another name out there."""
    if owner is None:
        return function.name
    private = function.name.startswith("__") and not function.name.endswith("__")
    prefix = f"_{owner.name.lstrip('_')}" if private else ""
    return f"__self.{prefix}{function.name}"


def instance(owner: ast.ClassDef, read: Reader) -> str:
    """The expression that makes an object of the class."""
    makers = [
        part for part in owner.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"
    ]
    if not makers:
        for base in owner.bases:
            if isinstance(base, ast.Name) and base.id in read.classes:
                inherited = instance(read.classes[base.id], read)
                return inherited.replace(f"{base.id}(", f"{owner.name}(", 1)
        return f"{owner.name}()"
    return f"{owner.name}({bound_arguments(makers[0], read, skip=1)})"


def preparing(owner: ast.ClassDef, function: ast.FunctionDef, read: Reader) -> list[str]:
    """Calls of methods that set the parameters up and that no constructor or the method calls."""
    called = scopes.calls(function.body)
    methods = [part for part in owner.body if isinstance(part, ast.FunctionDef)]
    for part in methods:
        if part.name == "__init__":
            called |= scopes.calls(part.body)
    chosen = []
    for part in methods:
        lowered = part.name.lower()
        if part.name.startswith("__") or "init" not in lowered or part.name in called:
            continue
        try:
            arguments = bound_arguments(part, read, skip=1)
        except Unbound:
            continue
        chosen.append(f"{callee(owner, part)}({arguments})")
    return chosen
