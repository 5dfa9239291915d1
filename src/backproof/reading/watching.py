"""One run of somebody's code with an eye on what it computes on the way: plain arrays by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from backproof.reading.call import Case, Function, outcomes
from backproof.reading.probe import Probe, watched
from backproof.reading.spec import Spec
from backproof.reading.wire import Frame


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

    outcome, seen = watched(run, path)
    noted: Mapping[str, np.ndarray] = {} if probe is None else probe.noted
    seen = [*seen, *((f"noted {name}", array.astype(np.float64)) for name, array in noted.items())]
    header = {
        "names": [name for name, _ in seen],
        "kind": outcome.kind,
        "problem": outcome.problem,
        "rates": [] if probe is None else sorted(probe.rates),
        "faults": dict(outcome.faults),
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
