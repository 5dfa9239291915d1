from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.reference import linear_regression, logistic_regression, mlp
from backproof.reference.activations import Array
from backproof.reference.optimize import batches, initial_parameters, optimize, update

from .drawing import DTYPES, quick, seeds, sizes

XOR_X = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
XOR_Y = np.array([[0.0, 1.0, 1.0, 0.0]])
MLP_SHAPES = {"W1": (4, 2), "b1": (4, 1), "W2": (1, 4), "b2": (1, 1)}


@pytest.mark.parametrize("seed", range(3))
def test_xor_is_learned_by_the_mlp(seed: int) -> None:
    start = initial_parameters(MLP_SHAPES, seed, scale=1.0)
    loss, backward = (partial(f, activation="tanh") for f in (mlp.loss, mlp.backward))
    parameters, losses = optimize(loss, backward, start, XOR_X, XOR_Y, lr=1.0, n_iter=2000)
    yhat = mlp.forward(*parameters.values(), XOR_X, "tanh")
    np.testing.assert_array_equal(yhat > 0.5, XOR_Y > 0.5)
    assert losses[-1] < 0.05 < 0.5 < losses[0]


def test_xor_is_not_learned_by_logistic_regression() -> None:
    """The best a line can do is yhat = 1/2 everywhere, with loss log 2."""
    start = initial_parameters({"w": (1, 2), "b": (1, 1)}, seed=0, scale=1.0)
    loss, backward = logistic_regression.loss, logistic_regression.backward
    parameters, losses = optimize(loss, backward, start, XOR_X, XOR_Y, lr=1.0, n_iter=2000)
    assert losses[-1] == pytest.approx(np.log(2), abs=1e-9)
    yhat = logistic_regression.forward(*parameters.values(), XOR_X)
    np.testing.assert_allclose(yhat, 0.5, atol=1e-6)


def test_updating_the_first_layer_only_as_the_slide_prints_it_does_less() -> None:
    start = initial_parameters(MLP_SHAPES, seed=0, scale=1.0)

    def first_layer_only(*arguments: Array) -> tuple[Array, ...]:
        dW1, db1, dW2, db2 = mlp.backward(*arguments)
        return dW1, db1, np.zeros_like(dW2), np.zeros_like(db2)

    _, all_layers = optimize(mlp.loss, mlp.backward, start, XOR_X, XOR_Y, lr=2.0, n_iter=2000)
    frozen, printed = optimize(mlp.loss, first_layer_only, start, XOR_X, XOR_Y, 2.0, 2000)
    assert printed[-1] > 2 * all_layers[-1]
    np.testing.assert_array_equal(frozen["W2"], start["W2"])


@quick
@given(d=sizes, n=sizes, seed=seeds, lr=st.floats(0.01, 1))
def test_a_step_is_the_slides_and_takes_all_gradients_from_one_forward_pass(
    d: int, n: int, seed: int, lr: float
) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((d, n)), rng.standard_normal((1, n))
    start = initial_parameters({"w": (1, d), "b": (1, 1)}, seed)
    before = {name: parameter.copy() for name, parameter in start.items()}
    loss, backward = linear_regression.loss, linear_regression.backward
    after, losses = optimize(loss, backward, start, x, y, lr, n_iter=1)
    dw, db = backward(before["w"], before["b"], x, y)
    np.testing.assert_array_equal(after["w"], before["w"] - lr * dw)
    np.testing.assert_array_equal(after["b"], before["b"] - lr * db)
    assert losses == [loss(before["w"], before["b"], x, y)]
    for name in start:  # the caller's parameters are left alone
        np.testing.assert_array_equal(start[name], before[name])


def test_full_batch_descent_reaches_the_least_squares_solution() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((3, 20)), rng.standard_normal((1, 20))
    start = initial_parameters({"w": (1, 3), "b": (1, 1)}, seed=1)
    loss, backward = linear_regression.loss, linear_regression.backward
    found, losses = optimize(loss, backward, start, x, y, lr=0.3, n_iter=1000)
    expected = np.linalg.lstsq(np.vstack([x, np.ones(20)]).T, y[0])[0]
    np.testing.assert_allclose(np.append(found["w"], found["b"]), expected, rtol=1e-10)
    assert np.all(np.diff(losses) <= 1e-15)


@quick
@given(n=st.integers(1, 12), batch_size=st.integers(1, 15), seed=seeds)
def test_every_pass_uses_every_example_once(n: int, batch_size: int, seed: int) -> None:
    per_pass = -(-n // batch_size)
    drawn = list(batches(n, batch_size, 3 * per_pass, seed))
    for start in range(0, 3 * per_pass, per_pass):
        one_pass = drawn[start : start + per_pass]
        assert sorted(np.concatenate(one_pass)) == list(range(n))
        assert all(len(batch) == batch_size for batch in one_pass[:-1])
        assert len(one_pass[-1]) == n - batch_size * (per_pass - 1)
    again = batches(n, batch_size, 3 * per_pass, seed)
    assert all(np.array_equal(a, b) for a, b in zip(drawn, again, strict=True))


def test_passes_are_shuffled_anew_and_seeds_differ() -> None:
    first, second = batches(50, 50, 2, seed=0)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, next(batches(50, 50, 1, seed=1)))


def test_mini_batches_learn_too() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((2, 30))
    y = (x[:1] - 2 * x[1:] + 0.5 > 0).astype(float)
    start = initial_parameters({"w": (1, 2), "b": (1, 1)}, seed=0)
    loss, backward = logistic_regression.loss, logistic_regression.backward
    found, losses = optimize(loss, backward, start, x, y, 0.5, n_iter=600, batch_size=8, seed=4)
    assert losses.shape == (600,)
    assert loss(*found.values(), x, y) < 0.15 < loss(*start.values(), x, y)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtype_is_kept_and_the_start_is_the_same_in_every_precision(
    dtype: type[np.floating],
) -> None:
    start = initial_parameters(MLP_SHAPES, seed=7, dtype=dtype)
    double = initial_parameters(MLP_SHAPES, seed=7)
    for name, parameter in start.items():
        assert parameter.shape == MLP_SHAPES[name]
        np.testing.assert_array_equal(parameter, double[name].astype(dtype))
        assert 0 < np.max(np.abs(parameter)) < 0.05
    x, y = XOR_X.astype(dtype), XOR_Y.astype(dtype)
    found, losses = optimize(mlp.loss, mlp.backward, start, x, y, np.float64(0.1), 3, 3)
    assert {array.dtype for array in (*found.values(), losses)} == {np.dtype(dtype)}


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="batch_size=0"):
        next(batches(5, 0, 1, seed=0))
    with pytest.raises(ValueError, match="shorter"):
        update({"w": np.ones(1), "b": np.ones(1)}, [np.ones(1)], 0.1)
