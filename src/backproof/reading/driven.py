"""A recipe's driver as a function that is called like any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backproof.reading.answer import sort_out
from backproof.reading.probe import Probe
from backproof.reading.spec import Spec
from backproof.reading.stacked import joined, parted


class Driven:
    """A recipe's driver as a function of x, y and what goes into the slots, in that order.

    It gives a dict under our names: the parameters after their update (under the names of their
    gradients), or the gradients; and the loss where the recipe knows it.
    """

    def __init__(self, driver: Callable[..., Any], probe: Probe, spec: Spec) -> None:
        self.sizes: Mapping[str, int] = {}
        self._driver = driver
        self._probe = probe
        self._spec = spec
        self._paths = [slot.name for slot in spec.slots]
        # What the steps are of the rate is the code's own doing, to which it comes by itself.
        self._passed = spec._replace(times=1.0)

    def __call__(self, x: np.ndarray, y: np.ndarray, *gifts: np.ndarray) -> object:
        """One run."""
        spec, probe = self._spec, self._probe
        given = dict(zip(self._paths, gifts, strict=True))
        rate = self._passed.rate_of(self.sizes)
        if spec.portion:
            x = _beside(x, x * spec.portion, spec.layouts["x"])
            y = _beside(y, y, spec.layouts["y"])
        probe.keep = spec.keep
        axes = spec.layouts.get("y", "").partition(":")[0].split()
        probe.class_axis = axes.index("k") if "k" in axes else 1
        probe.begin(x, y, rate, self.sizes, parted(given), spec.strength)
        probe.restore()
        returned = self._driver()
        found: dict[str, object] = {}
        if spec.updates:
            found = {
                f"d{slot.tensor}": joined(slot.name, probe.taken, given[slot.name].shape)
                for slot in spec.slots
            }
        elif returned is not None and not isinstance(returned, bool | int | float | str):
            found = dict(sort_out(returned, spec))
        for name, variable in spec.notes.items():
            if variable in probe.noted:
                found.setdefault(name, probe.noted[variable])
        return found


def _beside(array: np.ndarray, others: np.ndarray, layout: str) -> np.ndarray:
    """The examples, and others after them."""
    axes = layout.partition(":")[0].split()
    return np.concatenate([array, others], axis=axes.index("n"))
