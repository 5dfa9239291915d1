"""What a backward pass gave back, sorted out by name: tuple, dict or named tuple to gradients.

Names decide where there are any, otherwise the order of the model's parameters. Nothing here looks
at a value further than to see whether it is one number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from backproof.notation import FAMILY
from backproof.reading.names import gradients_in, is_loss
from backproof.reading.spec import Spec


class Malformed(ValueError):  # noqa: N818 - a finding, not an error of ours
    """What came back does not hold the gradients; the message says what came instead."""


def sort_out(returned: object, spec: Spec) -> dict[str, object]:
    """The gradients in `returned` under our names (`"dW1"`), and `"loss"` where there is one.

    A dict is read by its keys, a tuple by the names in the `return` statement; where those cannot
    be read it holds the gradients in the order of the parameters, and a loss before or after them
    when it has one element more.

    Raises `Malformed` when gradients are missing, with what came.
    """
    found = _collected(returned, spec)
    missing = [gradient for gradient in spec.expected if gradient not in found]
    if missing:
        raise Malformed(f"returned {_described(returned)}, without {', '.join(missing)}")
    return found


def _collected(returned: object, spec: Spec) -> dict[str, object]:
    if hasattr(returned, "_asdict"):
        returned = returned._asdict()
    if type(returned).__module__ not in ("builtins", "numpy") and hasattr(returned, "__dict__"):
        returned = dict(vars(returned))  # an object that holds them
    if isinstance(returned, Mapping):
        return _by_key(returned, spec)
    if isinstance(returned, np.ndarray) and len(spec.expected) == 1:
        return {spec.expected[0]: returned}
    if not isinstance(returned, tuple | list):
        raise Malformed(f"returned {_described(returned)}{_expected(spec)}")
    if spec.returns and len(spec.returns) == len(returned) and "*W" not in spec.returns:
        return _by_place(returned, spec)
    return _by_order(returned, spec)


def _by_key(returned: Mapping[object, object], spec: Spec) -> dict[str, object]:
    keys = tuple(key for key in returned if isinstance(key, str))
    return {name: returned[key] for key, name in _meant(keys, spec.model, spec.expected).items()}


@lru_cache(256)  # the same keys come back in each case
def _meant(keys: Sequence[str], model: str, expected: Sequence[str]) -> Mapping[str, str]:
    """Which of the keys hold which gradient, or the loss."""
    family = FAMILY[model]
    ours = {key: key for key in keys if key[:1] == "d" and key[1:] in family.parameters}
    of = ours if len(ours) == len(expected) else {**gradients_in(keys, family), **ours}
    if not of:  # grads["W1"] rather than grads["dW1"]
        under = gradients_in([f"d{key}" for key in keys], family)
        of = {key: under[f"d{key}"] for key in keys if f"d{key}" in under}
    losses = [key for key in keys if is_loss(key)]
    return {**of, losses[0]: "loss"} if len(losses) == 1 else of


def _by_place(returned: Sequence[object], spec: Spec) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in zip(spec.returns, returned, strict=True):
        if name == "*":
            found = {**_collected(value, spec._replace(returns=())), **found}
        elif name:
            found[name] = value
    return found


def _by_order(returned: Sequence[object], spec: Spec) -> dict[str, object]:
    count = len(spec.gradients)
    flat = _flat(returned, spec)
    if flat is not None:
        return flat
    if len(returned) == 2:  # (loss, grads) or (grads, loss)
        for loss, inside in (returned, returned[::-1]):
            if _is_number(loss) and isinstance(inside, Mapping | tuple) and len(inside) >= count:
                return {"loss": loss, **_collected(inside, spec._replace(returns=()))}
    for names in (spec.expected, *([] if spec.absent else [spec.gradients])):
        if len(returned) == len(names):
            return dict(zip(names, returned, strict=True))
        if len(returned) == len(names) + 1:
            if _is_number(returned[0]):
                return dict(zip(("loss", *names), returned, strict=True))
            if _is_number(returned[-1]):
                return dict(zip((*names, "loss"), returned, strict=True))
    raise Malformed(f"returned {_described(returned)}{_expected(spec)}")


def _flat(returned: Sequence[object], spec: Spec) -> dict[str, object] | None:
    """The gradients in tuples of tuples: ((dW1, db1), (dW2, db2)), or all of a kind together."""
    if not all(isinstance(part, tuple | list) for part in returned):
        return None
    parts = [list(part) for part in returned]  # type: ignore[call-overload]
    expected = [name for name in spec.gradients if name in spec.expected]
    if len(parts) == 2 and spec.returns in (("*W", "*b"), ("*b", "*W")):
        by_role = dict(zip(spec.returns, parts, strict=True))
        names = {
            role: [name for name in expected if name[1] in letters]
            for role, letters in (("*W", "Ww"), ("*b", "b"))
        }
        if all(len(by_role[role]) == len(names[role]) for role in names):
            return {
                name: value
                for role in names
                for name, value in zip(names[role], by_role[role], strict=True)
            }
    together = [value for part in parts for value in part]
    if len(together) != len(expected):
        return None
    return dict(zip(expected, together, strict=True))


def _is_number(value: object) -> bool:
    return not isinstance(value, Mapping | tuple | list) and np.size(value) == 1  # type: ignore[arg-type]


def _expected(spec: Spec) -> str:
    return f" where {len(spec.gradients)} gradients ({', '.join(spec.gradients)}) were expected"


def _described(returned: object) -> str:
    if returned is None:
        return "None"
    if isinstance(returned, Mapping):
        keys = ", ".join(str(key)[:20] for key in list(returned)[:12])
        return f"a dict of {keys}" if keys else "an empty dict"
    if isinstance(returned, tuple | list):
        return f"a {'tuple' if isinstance(returned, tuple) else 'list'} of {len(returned)}"
    if isinstance(returned, np.ndarray):
        return f"an array of shape {returned.shape}"
    name = type(returned).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def floats(value: object, dtype: str) -> np.ndarray:
    """A value as an array of floats; raises `Malformed` for anything but numbers."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise Malformed("is a ragged list: no array can be made of it") from None
    kind = array.dtype.kind
    if kind in "iub":
        return array.astype(dtype)
    if kind == "f":
        return array
    words = {"O": "objects", "c": "complex numbers", "U": "text", "S": "bytes"}
    if value is None:
        raise Malformed("is None")
    if array.shape == ():
        raise Malformed(f"is {_one(value)}, not a number")
    raise Malformed(f"is an array of {words.get(kind, str(array.dtype))}")


def _one(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def number(array: np.ndarray) -> np.ndarray:
    """The one number in an array; raises `Malformed` where there are more."""
    if array.size != 1:
        raise Malformed(f"has shape {array.shape}, expected one number")
    return np.array(array).reshape(())
