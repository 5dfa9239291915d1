"""Whether a backward pass goes through dropout as the forward pass does.

It is judged where dropout is told to keep all, and then what is kept is divided by 1. So it runs
once more, told to keep three quarters and dropping nothing. Where a layer's output is divided by
that, the weights after it are made smaller by as much, so that the forward pass gives what it gave:
so must the backward pass, but for these weights, of which a gradient is as much larger.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import numpy as np

from backproof.reading import forward, settle
from backproof.reading.settle import Watching
from backproof.reading.spec import Spec

_SHARE = 0.75
AMISS = (
    "does not go back through dropout as its forward pass goes ({gradients}): what is kept has to "
    "be divided by the share that is kept in both, or in neither"
)


def amiss(child: Watching, spec: Spec, match: tuple[str, str]) -> list[str]:
    """The gradients that do not go through dropout; none where that cannot be told."""
    alone = spec._replace(penalty=None)
    case = settle.case_of(spec.family, alone)
    plain = _run(child, alone, case)
    for scaled in _subsets(spec):
        moved = {n: _SHARE * a if n in scaled else a for n, a in case.items()}
        found = _run(child, alone._replace(keep=_SHARE), moved)
        yhat = forward.predicted(spec.family, case, *match)
        if plain is None or found is None or not forward.is_among(yhat, found[1]):
            continue
        expected = _gradients(alone, plain[0], case)
        given = _gradients(alone, found[0], moved)
        return [
            name
            for name, one in given.items()
            if name in expected
            and not np.allclose(
                one, expected[name] / (_SHARE if name[1:] in scaled else 1.0), rtol=1e-6, atol=1e-9
            )
        ]
    return []


def _subsets(spec: Spec) -> Iterator[tuple[str, ...]]:
    """Which weights may come after an output that is divided: of layers after the first."""
    weights = [name for name in spec.family.parameters if name[0] in "Ww"][1:]
    for many in range(len(weights) + 1):
        yield from itertools.combinations(weights, many)


def _run(
    child: Watching, spec: Spec, case: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], list[np.ndarray]] | None:
    """What it gives for a case, and the arrays that it held."""
    frame = child.watch(spec, case)
    if "names" not in frame.header:
        return None
    values = {
        name.removeprefix("value "): array
        for name, array in frame.arrays.items()
        if name.startswith("value d")
    }
    return values, [frame.arrays[str(place)] for place in range(len(frame.header["names"]))]


def _gradients(
    spec: Spec, values: Mapping[str, np.ndarray], case: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The gradients, or the steps of an update."""
    if not spec.updates:
        return dict(values)
    return {name: value - case[name[1:]] for name, value in values.items()}
