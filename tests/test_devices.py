"""What several devices share of a step, and where there are fewer than asked for."""

from __future__ import annotations

import math

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.sharding import Mesh

from backproof.devices import Sharing, several, share
from backproof.notation import MODELS, Model

sizes_of = st.fixed_dictionaries(
    {axis: st.integers(1, 300) for axis in ("d", "h", "h1", "h2", "k", "n")}
)


@given(st.sampled_from(list(MODELS.values())), sizes_of, st.integers(1, 300))
def test_what_takes_more_numbers_is_cut(model: Model, sizes: dict[str, int], step: int) -> None:
    device = jax.devices()[0]
    found = share(model, sizes, step, [device])
    parameters = sum(math.prod(model.shape(p, sizes)) for p in model.parameters)
    examples = step * (sizes["d"] + model.shape("y", {**sizes, "n": 1})[0])
    hidden = bool(model.hidden_axes) and parameters > examples
    assert found.axis == (model.hidden_axes[0] if hidden else "n")


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_a_hidden_axis_is_cut_wherever_it_is_and_nothing_else(model: Model) -> None:
    for axis in model.axes:
        sharing = Sharing(Mesh(np.array(jax.devices()[:1]), ("devices",)), axis)
        for layout in model.layouts.values():
            spec = sharing.of(layout).spec
            assert [place is not None for place in spec] == [a == axis for a in layout.split()]


def test_too_many_devices_are_refused_with_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"devices=1000000: only \d+ here: "):
        several("cpu", 1_000_000)
    with pytest.raises(ValueError, match="devices"):
        several(None, 0)
    assert several(None, None) == jax.devices()[:1]
