"""backproof says whether a hand-written backward pass is right, and proves it.

The public names are listed in `__all__`; each is imported when it is first used, because JAX takes
most of a second to import and neither the command line's help nor a decorated homework file
needs it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backproof import mistakes, runs, strategies
    from backproof.checking import check, check_file
    from backproof.error_bounds import error_bound, rounding_samples
    from backproof.reading.told import derivation
    from backproof.runs.record import record
    from backproof.sweeps import sweep
    from backproof.training import train

__all__ = [
    "check",
    "check_file",
    "derivation",
    "error_bound",
    "mistakes",
    "record",
    "rounding_samples",
    "runs",
    "strategies",
    "sweep",
    "train",
]

_HOME = {
    "check": "backproof.checking",
    "check_file": "backproof.checking",
    "derivation": "backproof.reading.told",
    "error_bound": "backproof.error_bounds",
    "mistakes": "backproof",
    "record": "backproof.runs.record",
    "rounding_samples": "backproof.error_bounds",
    "runs": "backproof",
    "strategies": "backproof",
    "sweep": "backproof.sweeps",
    "train": "backproof.training",
}


def load_ipython_extension(shell: object) -> None:
    """Register `%backproof`: what `%load_ext backproof` calls."""
    from backproof import notebook

    notebook.load_ipython_extension(shell)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'backproof' has no attribute {name!r}")
    if _HOME[name] == "backproof":
        value: object = importlib.import_module(f"backproof.{name}")
    else:
        value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
