import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.notation import MODELS
from backproof.reading.convention import (
    ConventionError,
    ShapeError,
    describe,
    parse,
    preset,
    to_ours,
    to_theirs,
)

MLP = MODELS["mlp"]


@st.composite
def turned(draw):
    """A tensor of a model in our layout, and some layout of somebody's."""
    model = MODELS[draw(st.sampled_from(sorted(MODELS)))]
    tensor = draw(st.sampled_from(sorted(model.layouts)))
    ours = model.layouts[tensor]
    named = [axis for axis in ours.split() if axis != "1"]
    axes = list(draw(st.permutations(named + ["1"] * draw(st.integers(0, 2)))))
    sizes = {axis: draw(st.integers(1, 4)) for axis in model.axes}
    array = np.arange(np.prod(model.shape(tensor, sizes)), dtype=float)
    return array.reshape(model.shape(tensor, sizes)), ours, " ".join(axes), sizes


@given(turned())
def test_there_and_back_is_the_same(case):
    array, ours, theirs, sizes = case
    there = to_theirs(array, ours, theirs)
    assert there.shape == tuple(1 if axis == "1" else sizes[axis] for axis in theirs.split())
    assert there.flags.c_contiguous
    back = to_ours(there, ours, theirs, sizes)
    assert back.shape == array.shape
    assert np.array_equal(back, array)
    there += 1
    assert not np.shares_memory(there, array)


@given(turned(), st.lists(st.integers(1, 4), max_size=3))
def test_a_gradient_passes_if_and_only_if_it_broadcasts_to_its_parameter(case, shape):
    _, ours, theirs, sizes = case
    parameter = tuple(1 if axis == "1" else sizes[axis] for axis in theirs.split())
    gradient = np.zeros(shape)
    try:
        fits = np.broadcast_shapes(parameter, gradient.shape) == parameter
    except ValueError:
        fits = False
    fits = fits and gradient.size == np.prod(parameter, dtype=int)
    if fits:
        assert to_ours(gradient, ours, theirs, sizes).size == gradient.size
    else:
        with pytest.raises(ShapeError, match="has shape"):
            to_ours(gradient, ours, theirs, sizes)


def test_the_message_names_actual_and_expected():
    with pytest.raises(ShapeError, match=r"^has shape \(3,\), expected \(h, 1\) = \(3, 1\)$"):
        to_ours(np.zeros(3), "h 1", "h 1", {"h": 3})
    with pytest.raises(ShapeError, match=r"^has shape \(\), expected \(h,\) = \(3,\)$"):
        to_ours(np.zeros(()), "h 1", "h", {"h": 3})
    with pytest.raises(ShapeError, match=r"expected \(1, 1\)$"):
        to_ours(np.zeros((2, 1)), "1 1", "1 1", {})


def test_numbers_stand_for_single_entries():
    assert to_ours(np.float64(2.0), "1 1", "1 1", {}).shape == (1, 1)
    assert to_ours(np.zeros((5,)), "h 1", "1 h", {"h": 5}).shape == (5, 1)


def test_rows_are_columns_reversed():
    assert preset("rows", MLP) == {
        "W1": "d h",
        "b1": "1 h",
        "W2": "h 1",
        "b2": "1 1",
        "x": "n d",
        "y": "n 1",
    }
    assert preset("columns", MLP) == MLP.layouts
    assert preset("rows", MODELS["mlp_softmax"])["y"] == "n k"


@pytest.mark.parametrize(
    "text", ["rows, y=n, b1=h", "rows,y=(n,),b1=(h,)", "rows, b1 = h, y = n 1 1"]
)
def test_a_preset_and_what_differs(text):
    parsed = parse(text, MLP)
    assert parsed["b1"] == "h"
    assert parsed["x"] == "n d"
    assert parsed["y"] in ("n", "n 1 1")


def test_labels_can_be_told_as_numbers_of_classes_or_signs():
    softmax = MODELS["softmax_regression"]
    assert parse("rows, y=n:class1", softmax)["y"] == "n:class1"
    assert parse("y=(1, n):sign", MLP)["y"] == "1 n:sign"
    for told in ("x=n d:class", "y=n:klass", "y=n:sign"):
        with pytest.raises(ConventionError, match="n:class"):
            parse(told, softmax)


def test_shapes_and_scalars_can_be_written():
    assert parse("W1=(d, h), b2=()", MLP) == {**MLP.layouts, "W1": "d h", "b2": ""}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rwos", "did you mean 'rows'"),
        ("sideways", "expected columns or rows"),
        ("rows, W9=d h", "mlp has no tensor 'W9'; it has W1, b1, W2, b2, x, y"),
        ("W1=n h", r"W1 came as \(n, h\), expected a rearrangement of \(h, d\)"),
        ("y=n n", r"y came as \(n, n\), expected a rearrangement of \(1, n\): the axes n"),
        ("b2=h", r"the axes none"),
        ("y=n, rows", "a preset .* comes first"),
    ],
)
def test_nonsense_is_refused_in_words(text, words):
    with pytest.raises(ConventionError, match=words):
        parse(text, MLP)


def test_one_line_tells_the_convention():
    assert describe(parse("rows", MLP), MLP) == "examples are rows"
    assert describe(parse("rows, y=n", MLP), MLP) == "examples are rows, but y is (n,)"
    assert "\n" not in describe(MLP.layouts, MLP)
