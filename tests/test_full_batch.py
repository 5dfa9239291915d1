"""Examples and parameters that lie otherwise train alike, and what is filled in counts nothing."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof import full_batch, models, training
from backproof.notation import MODELS, Model
from backproof.start import initial_parameters

NAMES = ["mlp", "linear_regression", "mlp3_softmax"]


def data(model: Model, d: int, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(d, n))
    if model.output == "softmax":
        return x, np.eye(3)[:, rng.integers(3, size=n)]
    return x, rng.random((1, n))


@given(st.integers(1, 20_000))
def test_no_more_than_a_tenth_is_filled_in(n: int) -> None:
    size = full_batch.filled_size(n)
    assert n <= size <= 1.1 * n
    assert size == n or (size % 32 == 0 and size % 512 != 0)
    assert full_batch.filled_size(size) == size


@settings(deadline=None, max_examples=3)  # each compiles two programs
@given(
    name=st.sampled_from(NAMES),
    n=st.sampled_from([3, 150, 160, 455, 500]),
    d=st.sampled_from([3, 9, 16]),
    hidden=st.sampled_from([4, 8]),
    seed=st.integers(0, 100),
)
def test_what_is_laid_otherwise_trains_alike_in_float64(
    name: str, n: int, d: int, hidden: int, seed: int
) -> None:
    model = MODELS[name]
    x, y = data(model, d, n, seed)
    sizes = {"d": d, "h": hidden, "h1": hidden, "h2": hidden, "k": 3}
    start = initial_parameters(model, sizes, seed, "float64", scale=0.5)
    trained = training.train(
        model, x, y, activation="tanh", learning_rate=0.2, steps=4, parameters=start,
        dtype="float64",
    )  # fmt: skip
    with jax.enable_x64(True):
        one = jax.value_and_grad(lambda p: models.loss(model, p, x, y, "tanh"))
        now: dict[str, Any] = {p: jnp.asarray(value) for p, value in start.items()}
        for t in range(4):
            loss, gradients = one(now)
            np.testing.assert_allclose(trained.losses[t], loss, rtol=1e-13)
            now = {p: now[p] - 0.2 * gradients[p] for p in now}
        for p, value in now.items():
            assert trained.parameters[p].shape == value.shape
            np.testing.assert_allclose(trained.parameters[p], value, rtol=1e-11, atol=1e-13)


def test_what_is_filled_in_repeats_the_last_example_and_is_not_real() -> None:
    x, y = (jnp.asarray(value, jnp.float32) for value in data(MODELS["mlp_softmax"], 4, 150, 0))
    more_x, more_y, padding = full_batch.filled(x, y)
    assert padding is not None
    np.testing.assert_array_equal(more_x[:, :150], x)
    np.testing.assert_array_equal(more_y[:, :150], y)
    np.testing.assert_array_equal(more_x[:, 150:], jnp.repeat(x[:, -1:], 10, axis=1))
    np.testing.assert_array_equal(more_y[:, 150:], jnp.repeat(y[:, -1:], 10, axis=1))
    np.testing.assert_array_equal(padding.examples, [1.0] * 150 + [0.0] * 10)
    np.testing.assert_array_equal(padding.classes, [1.0] * 3)


@pytest.mark.parametrize("n", [3, 100, 160, 512, 1000])
def test_what_would_not_gain_is_left_as_it_is(n: int) -> None:
    x, y = jnp.ones((4, n)), jnp.ones((1, n))
    assert full_batch.filled(x, y)[0] is x
    assert full_batch.filled(x, y)[2] is None


def test_bfloat16_which_cannot_count_the_examples_is_left_as_it_is() -> None:
    x, y = jnp.ones((4, 569), jnp.bfloat16), jnp.ones((1, 569), jnp.bfloat16)
    assert full_batch.filled(x, y)[2] is None


def test_weights_are_turned_whose_columns_alone_are_whole_vectors() -> None:
    shapes = {(32, 30): True, (32, 32): False, (30, 32): False, (30, 30): False, (32, 4): False}
    parameters = {str(shape): jnp.zeros(shape) for shape in [*shapes, (32, 1), (1, 32)]}
    names = full_batch.turned(parameters)
    assert names == {str(shape) for shape, whether in shapes.items() if whether}
    turned = full_batch.turn(parameters, names)
    assert turned["(32, 30)"].shape == (30, 32)
    back = full_batch.turn(turned, names)
    assert {name: value.shape for name, value in back.items()} == {
        name: value.shape for name, value in parameters.items()
    }
