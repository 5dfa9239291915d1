from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof import cases, strategies
from backproof.cases import Case, draw, of_sizes, sizes_of
from backproof.notation import LARGEST, MODELS

NAMES = sorted(MODELS)


@pytest.mark.parametrize("name", NAMES)
def test_all_values_are_normal_float32_numbers(name: str) -> None:
    for case in draw(MODELS[name], 60):
        for array in case.arrays.values():
            assert array.dtype == np.float64
            assert np.all(array == array.astype(np.float32))
            smallest = np.abs(array[array != 0.0])
            assert np.all(smallest >= np.finfo(np.float32).smallest_normal)


@pytest.mark.parametrize("name", NAMES)
def test_no_two_entries_of_a_real_tensor_are_equal(name: str) -> None:
    for case in draw(MODELS[name], 300):
        for tensor, array in case.arrays.items():
            if case.scale != "integer" and tensor != "y":
                assert np.unique(array).size == array.size


def test_the_largest_tensors_have_distinct_entries_too() -> None:
    sizes = dict.fromkeys(MODELS["mlp"].axes, LARGEST)
    for seed in range(20):
        W1 = of_sizes(MODELS["mlp"], sizes, "mild", seed).arrays["W1"]
        assert np.unique(W1).size == LARGEST**2


@pytest.mark.parametrize("name", NAMES)
def test_shapes_are_those_of_the_model(name: str) -> None:
    model = MODELS[name]
    for case in draw(model, 40):
        sizes = sizes_of(model, case.arrays)
        for tensor, array in case.arrays.items():
            assert array.shape == model.shape(tensor, sizes)


def test_sizes_are_distributed_as_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "LARGER", 1 / 8)  # 0 in other tests by day
    model = MODELS["mlp"]
    sizes = np.array(
        [
            list(sizes_of(model, case.arrays).values())
            for case in draw(model, 4000)
            if case.scale != "integer"
        ]
    )
    assert np.median(sizes) == 4
    assert sizes.max() == LARGEST
    assert 0.15 < np.mean(sizes == 1) < 0.22
    assert np.mean(sizes == LARGEST) > 0.01
    assert 0.02 < np.mean(sizes.max(axis=1) > 16) < 0.1
    distinct = np.array([len(set(row)) == 3 for row in sizes])
    equal = np.array([len(set(row)) == 1 for row in sizes])
    assert 0.08 < equal.mean() < 0.18
    assert np.all(distinct | equal)


def test_scales_cover_many_decades() -> None:
    hard = [case for case in draw(MODELS["mlp"], 600) if case.scale == "hard"]
    magnitudes = np.array([np.median(np.abs(case.arrays["W1"])) for case in hard])
    assert magnitudes.min() < 1e-3
    assert magnitudes.max() > 1e2


@pytest.mark.parametrize("name", [n for n in NAMES if MODELS[n].output == "softmax"])
def test_class_probabilities_sum_to_one_in_every_precision(name: str) -> None:
    soft = 0
    for case in draw(MODELS[name], 80):
        y = case.arrays["y"]
        soft += bool(np.any((y > 0.0) & (y < 1.0)))
        for precision in (np.float32, np.float64):
            assert np.all(y.astype(precision)[::-1].sum(axis=0) == 1.0)
    assert soft > 10


def test_labels_of_a_binary_classifier_are_hard_and_soft() -> None:
    labels = [case.arrays["y"] for case in draw(MODELS["logistic_regression"], 200)]
    hard = [bool(np.all((y == 0.0) | (y == 1.0))) for y in labels]
    assert 0.3 < np.mean(hard) < 0.8
    assert all(np.all((y >= 0.0) & (y <= 1.0)) for y in labels)


def test_integer_cases_hit_kinks_exactly() -> None:
    hits = 0
    for case in draw(MODELS["mlp"], 200, scales={"integer": 1.0}):
        a = case.arrays
        hits += bool(np.any(a["W1"] @ a["x"] + a["b1"] == 0.0))
    assert hits > 50


@given(st.integers(0, 2**32 - 1), st.sampled_from(NAMES))
def test_a_seed_gives_the_same_cases(seed: int, name: str) -> None:
    one, other = draw(MODELS[name], 3, seed), draw(MODELS[name], 3, seed)
    for a, b in zip(one, other, strict=True):
        assert a.scale == b.scale
        assert all(np.array_equal(a.arrays[t], b.arrays[t]) for t in a.arrays)


def test_other_seeds_give_other_cases() -> None:
    one, other = (draw(MODELS["mlp"], 1, seed)[0].arrays["x"].ravel()[0] for seed in (1, 2))
    assert one != other


def test_a_count_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="count=0"):
        draw(MODELS["mlp"], 0)


@given(strategies.cases("mlp", largest=12))
def test_hypothesis_draws_cases_of_every_size(case: Case) -> None:
    sizes = sizes_of(MODELS["mlp"], case.arrays)
    assert set(sizes) == {"d", "h", "n"}
    assert all(1 <= size <= 12 for size in sizes.values())
