"""Hypothesis strategies for cases: Hypothesis draws sizes, scale and seed, the generator the rest.

Hypothesis' own array strategies fill arrays with one repeated value, which hides a wrong
transpose or a sum over the wrong axis; here all entries of a tensor differ.
"""

from __future__ import annotations

from hypothesis import strategies as st

from backproof.cases import Case, Scale, of_sizes
from backproof.notation import ACTIVATIONS, LARGEST, MODELS, Model

_LARGEST_INTEGER = 4


def activations() -> st.SearchStrategy[str]:
    """The name of an activation."""
    return st.sampled_from(ACTIVATIONS)


def models() -> st.SearchStrategy[Model]:
    """A model of the suite."""
    return st.sampled_from(list(MODELS.values()))


@st.composite
def cases(
    draw: st.DrawFn,
    model: Model | str,
    scales: tuple[Scale, ...] = ("mild", "hard", "integer"),
    largest: int = LARGEST,
) -> Case:
    """A case of `model`: sizes up to `largest` (4 at scale "integer"), any scale, any seed.

    It shrinks towards sizes of 1, the first of `scales` and seed 0.

    Raises:
        KeyError: if `model` is not a name of `notation.MODELS`.
    """
    model = MODELS[model] if isinstance(model, str) else model
    scale = draw(st.sampled_from(scales))
    most = min(largest, _LARGEST_INTEGER) if scale == "integer" else largest
    sizes = {axis: draw(st.integers(1, most), label=axis) for axis in model.axes}
    return of_sizes(model, sizes, scale, draw(st.integers(0, 2**32 - 1), label="seed"))
