"""Many cases, or answers, in one frame: what comes out is what went in, to the bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backproof.reading import wire
from backproof.reading.call import Outcome

_DTYPES = st.sampled_from(("float32", "float64", "longdouble", "int64"))
_ARRAYS = hnp.arrays(_DTYPES, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
_NAMED = st.dictionaries(st.sampled_from(("dW1", "db1", "loss")), _ARRAYS, max_size=3)
_OUTCOMES = st.builds(
    Outcome,
    _NAMED,
    st.sampled_from(("returned", "raised", "malformed")),
    st.none() | st.text(max_size=4),
    st.dictionaries(st.sampled_from(("dW1", "loss")), st.text(max_size=4), max_size=2),
    st.tuples() | st.tuples(st.just("X")),
    st.booleans(),
    st.sampled_from(("", "float32")),
    st.booleans(),
)


def _frames(data: bytes, chunk: int) -> list[wire.Frame]:
    frames = wire.Frames()
    pieces = (data[i : i + chunk] for i in range(0, len(data), chunk))
    return [frame for piece in pieces for frame in frames.feed(piece)]


def _same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return [*one] == [*other] and all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        for a, b in zip(one.values(), other.values(), strict=True)
    )


@given(st.lists(_NAMED, max_size=6), st.integers(1, 200))
def test_cases_come_out_as_they_went_in(cases, chunk) -> None:
    (frame,) = _frames(wire.joined({}, cases), chunk)
    came = [*wire.parted(frame)]
    assert len(came) == len(cases)
    assert all(_same(one, other) for one, other in zip(cases, came, strict=True))


@given(st.lists(_OUTCOMES, max_size=6), st.integers(1, 200))
def test_outcomes_come_out_as_they_went_in(outcomes, chunk) -> None:
    (frame,) = _frames(wire.from_outcomes(outcomes), chunk)
    came = wire.to_outcomes(frame)
    assert [one[1:] for one in came] == [one[1:] for one in outcomes]
    assert all(_same(one.values, other.values) for one, other in zip(outcomes, came, strict=True))
