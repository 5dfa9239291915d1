"""What is written is read; what is not of ours is refused, and nothing is allocated for it."""

import json
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backproof.grading import frames
from backproof.grading.frames import Malformed, Other

ROOM = 1 << 20
DTYPES = [np.dtype(code) for code in "?bhilqBHILQefdgFDG"]
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(
        dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
    )
)
LEAVES = (
    ARRAYS
    | st.booleans()
    | st.integers(-(2**1000), 2**1000)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.none()
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([*"atldo", "<f8"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def same(a, b):
    if isinstance(a, np.ndarray):
        if a.dtype.char in "gG":  # the bytes between them mean nothing
            return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return type(b) is float and (a == b or (a != a and b != b))
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(map(same, a.values(), b.values()))
    return type(a) is type(b) and a == b


def through(value):
    node, body = frames.encoded(value, ROOM)
    ((header, data),) = frames.Reader(2 * ROOM).feed(frames.packed({"v": node}, body))
    return frames.decoded(header["v"], data)


@given(VALUES)
def test_what_is_written_is_read(value):
    assert same(value, through(value))


@given(VALUES)
@example(np.zeros((2, 3)))
def test_an_answer_is_packed_as_any_header(value):
    node, body = frames.encoded(value, ROOM)
    assert frames.packed_answer(node, body) == frames.packed({"is": "answer", "v": node}, body)


@given(st.lists(VALUES, max_size=4), st.integers(1, 50))
def test_chunks_of_any_size(values, size):
    encoded = [frames.encoded(value, ROOM) for value in values]
    data = b"".join(frames.packed({"v": node}, body) for node, body in encoded)
    reader = frames.Reader(len(data))
    found = []
    for start in range(0, len(data), size):
        found += list(reader.feed(data[start : start + size]))
    assert len(found) == len(values)
    for value, (header, body) in zip(values, found, strict=True):
        assert same(value, frames.decoded(header["v"], body))
    assert [header for header, _ in frames.split(memoryview(data))] == [one for one, _ in found]


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_frames_or_malformed(data):
    try:
        for header, _ in frames.Reader(100).feed(data):
            assert isinstance(header, dict)
    except Malformed:
        pass


@given(JSON, st.binary(max_size=64))
def test_nodes_of_any_kind_are_values_or_malformed(node, body):
    node = json.loads(json.dumps(node))
    try:
        value = frames.decoded(node, body)
    except Malformed:
        return
    again, data = frames.encoded(value, ROOM)
    assert same(value, frames.decoded(again, data))


@pytest.mark.parametrize(
    "node",
    [
        ["a", "<f8", [-1, -1]],
        ["a", "<f8", [1.0]],
        ["a", "<f8", [True]],
        ["a", "<f8", [2]],
        ["a", "<f8", []],
        ["a", "<f8", [1 << 40, 0, 1 << 40]],
        ["a", "<f8", [1] * 9],
        ["a", "<f8"],
        ["a", ">f8", [1]],
        ["a", "|O", [1]],
        ["a", "<U2", [1]],
        ["a", "<M8[s]", [1]],
        ["a", ["<f8"], [1]],
        ["o"],
        ["o", 1],
        ["o", "x" * 1000],
        ["d", [1]],
        ["x", 1],
        [],
        {},
        [["a"]],
    ],
)
def test_what_is_no_value(node):
    body = b"" if node in (["a", "<f8", [2]], ["a", "<f8", [1 << 40, 0, 1 << 40]]) else bytes(16)
    with pytest.raises(Malformed):
        frames.decoded(node, body)


def test_lengths_that_are_only_claimed_take_no_memory():
    tracemalloc.start()
    try:
        for lengths in (((1 << 32) - 1, 0), (10, (1 << 64) - 1)):
            with pytest.raises(Malformed, match="longer than is let out"):
                list(frames.Reader(1 << 50).feed(struct.pack("<IQ", *lengths)))
        assert list(frames.Reader(1 << 50).feed(struct.pack("<IQ", 10, 1 << 40))) == []
        with pytest.raises(Malformed):
            frames.decoded(["a", "<f8", [1 << 40]], bytes(8))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_no_more_is_kept_than_there_may_be():
    reader = frames.Reader(1000)
    with pytest.raises(Malformed, match="longer than is let out"):
        list(reader.feed(struct.pack("<IQ", 10, 990)))
    reader = frames.Reader(1000)
    frame = frames.packed({})
    with pytest.raises(Malformed, match="more bytes than are let out"):
        list(reader.feed(frame * 100))


def test_too_deep_a_header_is_malformed():
    with pytest.raises(Malformed, match="no JSON"):
        frames.parsed(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def test_what_is_not_let_out_says_what_it_is():
    found = through([print, {1: 2}, 1 << 2000, np.array([None]), np.array(["x"]), Other("x")])
    assert all(type(one) is Other for one in found)
    assert [one.kind.split()[-1] for one in found] == [
        "builtin_function_or_method", "strings", "bits", "object", "<U1", "x",
    ]  # fmt: skip
    assert "8000000 bytes" in through(np.zeros(1_000_000)).kind
    assert "parts" in through([0] * 100_000).kind


def test_arrays_of_other_orders_and_classes_are_plain():
    big = np.arange(6.0).reshape(2, 3).astype(">f8").T
    assert same(through(big), np.arange(6.0).reshape(2, 3).T.copy())
    masked = np.ma.masked_array([1.0, 2.0], [True, False])
    assert same(through(masked), np.array([1.0, 2.0]))
    assert same(through(np.float32(2)), np.array(2, np.float32))


def test_arrays_that_come_out_cannot_be_written_and_copies_can():
    for value in (np.zeros(2), np.zeros(2, bool)):
        found = through([value])
        assert not found[0].flags.writeable
        assert frames.writable(found)[0].flags.writeable


def test_text_that_moves_the_cursor_does_not():
    assert frames.plain("a\x1b[2J\tb\r\n\x07é\ud800") == "a\ufffd[2J\tb\ufffd\n\ufffdé\ufffd"
