import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backproof.reading import slots, stacked
from backproof.reading.probe import Slot

SIZES = st.integers(1, 6)


@given(h=SIZES, d=SIZES, seed=st.integers(0, 99))
def test_what_is_given_by_neurons_is_taken_as_it_was(h: int, d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = {f"net[0][{place}]['weights']": (d,) for place in range(h)}
    (path,) = stacked.neurons(shapes) or {}
    for gift in (rng.normal(size=(h, d)), rng.normal(size=(h,))):
        given_ = stacked.parted({path: gift})
        assert given_.keys() == shapes.keys()
        assert np.array_equal(stacked.joined(path, given_, gift.shape), gift)


@given(h=st.integers(2, 4), d=SIZES)
def test_numbers_are_a_network_of_as_many_units_as_biases_but_one(h: int, d: int) -> None:
    weights = [f"self.w{place}" for place in range(1, h * d + h + 1)]
    biases = [f"self.b{place}" for place in range(1, h + 2)]
    forms = list(stacked.numbers(dict.fromkeys([*weights, *biases], ())))
    assert [list(form.values())[:2] for form in forms] == [[(h, d), (1, h)], [(d, h), (h, 1)]]
    for form in forms:
        gifts = {path: np.arange(np.prod(shape)).reshape(shape) for path, shape in form.items()}
        given_ = stacked.parted(gifts)
        assert given_.keys() == {*weights, *biases}
        assert all(value.shape == () for value in given_.values())
        for path, gift in gifts.items():
            assert np.array_equal(stacked.joined(path, given_, gift.shape), gift)


def test_arrays_of_layers_are_no_neurons() -> None:
    shapes = {"layers[0].W": (3, 2), "layers[0].b": (2,), "layers[1].W": (2, 1)}
    assert stacked.neurons(shapes) is None
    assert list(stacked.numbers(shapes)) == []


def test_a_part_that_was_not_taken_is_missed() -> None:
    path = "net[*].weights"
    assert stacked.joined(path, {"net[0].weights": np.zeros(2)}, (2, 2)) is None


@given(weights=st.integers(1, 9), biases=st.integers(0, 4), several=st.booleans())
def test_any_numbers_are_proposed_with_as_many_inputs_or_not_at_all(
    weights: int, biases: int, several: bool
) -> None:
    words = [f"w{place}" for place in range(weights)] + [f"b{place}" for place in range(biases)]
    found = [Slot(word, (), True) for word in words]
    for one in slots.assignments(found, several):
        made_of_numbers = any(stacked.has_numbers(path) for path in one.tensors)
        assert not made_of_numbers or one.own_sizes["d"] >= 1
