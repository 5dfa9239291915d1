"""What a loop says of itself when it is recorded: checked, and of types that JSON knows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from backproof.tensors import whole


def number(loss: Any) -> float:
    """One number, of any framework's arrays of one; ValueError for what is none."""
    try:
        return float(loss.item() if hasattr(loss, "item") else loss)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        shape = getattr(loss, "shape", type(loss).__name__)
        raise ValueError(f"loss: {shape}; expected one number") from None


def text(argument: str, value: Any) -> str:
    """A text; ValueError for anything else, such as a device of JAX."""
    if not isinstance(value, str):
        raise ValueError(f"{argument}={value!r}: expected a text, such as str(...) of it")
    return value


def seconds(argument: str, value: Any) -> float | None:
    """A finite number from 0, or None."""
    if value is None:
        return None
    if not isinstance(value, int | float | np.number) or not 0.0 <= float(value) < math.inf:
        raise ValueError(f"{argument}={value!r}: expected seconds, from 0, or None")
    return float(value)


def seeds(value: Any) -> dict[str, int]:
    """Whole numbers by what was drawn with them."""
    if not isinstance(value, Mapping):
        raise ValueError(f"seeds={value!r}: expected a dict of whole numbers, such as batches=0")
    return {str(of): whole(f"seeds[{of!r}]", seed, least=0) for of, seed in value.items()}
