"""One run of somebody's code with an eye on what it computes on the way: plain arrays by name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from backproof.reading import stubs
from backproof.reading.call import Case, Function, outcomes
from backproof.reading.parts import parts_in, word_of
from backproof.reading.probe import Probe
from backproof.reading.spec import Spec
from backproof.reading.wire import Frame

_SHOWN = 4000  # values of expressions that are kept of one run


def watched_case(
    function: Function,
    loss: Function | None,
    spec: Spec,
    case: Case,
    path: str,
    probe: Probe | None,
) -> Frame:
    """The outcome of one case, and every array that functions of the file at `path` held.

    Arrays are under their numbers in `names`, values under "value dW1".
    """

    def run() -> Any:
        return next(outcomes(function, spec, [case], loss=loss))

    held: list[tuple[str, np.ndarray]] = []

    def hold(name: str, array: np.ndarray) -> None:
        held.append((name, array))
        if probe is not None and len(held) == _SHOWN:
            probe.watch = None

    if probe is not None:
        probe.watch = hold
    ran: set[str] = set()
    outcome, seen = watched(run, path, ran)
    for name, array in held:
        _collect(name, array, seen, 0)
    noted: Mapping[str, np.ndarray] = {}
    if probe is not None:
        probe.watch, noted = None, probe.noted
    seen = [*seen, *((f"noted {name}", array.astype(np.float64)) for name, array in noted.items())]
    header = {
        "names": [name for name, _ in seen],
        "kind": outcome.kind,
        "problem": outcome.problem,
        "rates": [] if probe is None else sorted(probe.rates),
        "faults": dict(outcome.faults),
        "ran": sorted(ran),
    }
    arrays = {str(place): array for place, (_, array) in enumerate(seen)}
    values = {f"value {name}": value for name, value in outcome.values.items()}
    return Frame(header, {**arrays, **values})


class Here(NamedTuple):
    """A function in this process, to be watched as `process.Child` watches those of a file."""

    function: Callable[..., Any]
    loss: Callable[..., Any] | None

    def watch(self, spec: Spec, case: Case) -> Frame:
        """Run one case."""
        code = getattr(self.function, "__code__", None)
        path = "" if code is None else code.co_filename
        return watched_case(self.function, self.loss, spec, case, path, None)


def watched(
    call: Callable[[], Any], path: str, ran: set[str] | None = None
) -> tuple[Any, list[tuple[str, np.ndarray]]]:
    """What `call` gives, and every array that functions of the file at `path` hold or return.

    Arrays are copied when a function returns, so what is overwritten before is not seen. The names
    of the functions that return are added to `ran`.
    """
    seen: list[tuple[str, np.ndarray]] = []

    def look(frame: Any, event: str, result: Any) -> None:
        if event != "return" or frame.f_code.co_filename not in (path, stubs.__file__):
            return
        if ran is not None:
            ran.add(frame.f_code.co_name)
        if frame.f_code.co_name == "__backproof__":  # what a script computes is global
            for name, value in frame.f_globals.items():
                _collect(name, value, seen, 0)
        for name, value in [*frame.f_locals.items(), (frame.f_code.co_name, result)]:
            _collect(name, value, seen, 0)

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        result = call()
    finally:
        sys.setprofile(before)
    return result, seen


def _collect(name: str, value: Any, seen: list[tuple[str, np.ndarray]], deep: int) -> None:
    if len(seen) > 8000:
        return
    if isinstance(value, np.ndarray | np.floating | float):
        array = np.asarray(value)
        if array.dtype.kind == "f" and array.size < 1 << 12:
            seen.append((name, np.array(array, np.float64)))
        return
    if isinstance(value, list) and len(value) > 1 and all(isinstance(one, float) for one in value):
        seen.append((name, np.array(value)))  # what each neuron of a layer gives
    for _, key, part in parts_in(value, deep + 1):
        _collect(word_of(key) if isinstance(key, str) else name, part, seen, deep + 1)
