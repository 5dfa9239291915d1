from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given

from backproof.reference import mlp
from backproof.reference.activations import ACTIVATIONS

from .drawing import (
    DTYPES,
    KINKED,
    STEP,
    Case,
    activations,
    assert_close,
    assert_gradients_of,
    cases,
    outputs,
    quick,
    seeds,
)

drawn_cases = outputs.flatmap(lambda output: cases(2, output).map(lambda case: (output, case)))


def away_from_kinks(case: Case) -> bool:
    """No hidden z changes its sign within the steps that the differences take."""
    (W1, b1, _, _), x, _ = case
    reach = 2 * STEP * max(1.0, float(np.max(np.sum(np.abs(x), axis=0))))
    return bool(np.min(np.abs(W1 @ x + b1)) > reach)


@quick
@given(drawn=drawn_cases, activation=activations, seed=seeds)
def test_backward_is_the_gradient_of_the_loss(
    drawn: tuple[str, Case], activation: str, seed: int
) -> None:
    output, (parameters, x, y) = drawn
    assume(activation not in KINKED or away_from_kinks(drawn[1]))
    gradients = mlp.backward(*parameters, x, y, activation, output)
    assert_gradients_of(
        lambda *moved: mlp.loss(*moved, x, y, activation, output), gradients, parameters, seed
    )


@quick
@given(drawn=drawn_cases, activation=activations)
def test_the_long_way_gives_the_same(drawn: tuple[str, Case], activation: str) -> None:
    output, (parameters, x, y) = drawn
    yhat = mlp.forward(*parameters, x, activation, output)
    nearest = float(np.min(np.minimum(yhat, 1 - yhat if output == "sigmoid" else yhat)))
    assume(nearest > 0)
    ulps = 1e3 / nearest
    arguments = (*parameters, x, y, activation, output)
    assert_close(mlp.loss_long_way(*arguments), mlp.loss(*arguments), ulps)
    long_way, short_way = mlp.backward_long_way(*arguments), mlp.backward(*arguments)
    scale = max(1.0, *(float(np.max(np.abs(p))) for p in (*parameters, x))) ** 2
    for actual, expected in zip(long_way, short_way, strict=True):
        assert_close(actual, expected, ulps * scale)


@quick
@given(drawn=drawn_cases, activation=activations)
def test_a_batch_is_the_mean_of_its_examples(drawn: tuple[str, Case], activation: str) -> None:
    output, (parameters, x, y) = drawn
    n = x.shape[1]
    single = [
        mlp.backward(*parameters, x[:, i : i + 1], y[:, i : i + 1], activation, output)
        for i in range(n)
    ]
    batch = mlp.backward(*parameters, x, y, activation, output)
    for index, gradient in enumerate(batch):
        assert_close(gradient, sum(one[index] for one in single) / n)


@pytest.mark.parametrize("dtype", DTYPES)
@quick
@given(drawn=drawn_cases, activation=activations)
def test_dtype_is_kept(dtype: type[np.floating], drawn: tuple[str, Case], activation: str) -> None:
    output, case = drawn
    parameters, x, y = case.cast(dtype)
    arguments = (*parameters, x, y, activation, output)
    results = [
        mlp.forward(*parameters, x, activation, output),
        mlp.loss(*arguments),
        *mlp.backward(*arguments),
    ]
    with np.errstate(all="ignore"):  # in float32 yhat may round to 1: here only the dtype counts
        results += [mlp.loss_long_way(*arguments), *mlp.backward_long_way(*arguments)]
    assert {result.dtype for result in results} == {np.dtype(dtype)}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_one_example_gives_the_slides_formulas(activation: str) -> None:
    """The last slide, put in the order in which the shapes fit."""
    rng = np.random.default_rng(3)
    W1, b1, W2, b2 = (rng.standard_normal(s) for s in ((3, 2), (3, 1), (1, 3), (1, 1)))
    x, y = rng.standard_normal((2, 1)), np.array([[1.0]])
    g, g_prime = ACTIVATIONS[activation]
    z1 = W1 @ x + b1
    error = mlp.forward(W1, b1, W2, b2, x, activation) - y
    dW1, db1, dW2, db2 = mlp.backward(W1, b1, W2, b2, x, y, activation)
    np.testing.assert_allclose(dW1, (g_prime(z1) * (W2.T @ error)) @ x.T, rtol=1e-13)
    np.testing.assert_allclose(db1, g_prime(z1) * (W2.T @ error), rtol=1e-13)
    np.testing.assert_allclose(dW2, error @ g(z1).T, rtol=1e-13)
    np.testing.assert_allclose(db2, error, rtol=1e-13)


def test_as_printed_the_slides_products_do_not_fit_or_give_something_else() -> None:
    """x^T (g' * W2^T (yhat - y)), in this order: no product for h != d, a number for h = d."""
    rng = np.random.default_rng(4)
    for h, d in ((3, 2), (2, 2)):
        x, y = rng.standard_normal((d, 1)), np.array([[1.0]])
        W1, b1 = rng.standard_normal((h, d)), rng.standard_normal((h, 1))
        W2, b2 = rng.standard_normal((1, h)), rng.standard_normal((1, 1))
        dW1, db1, _, _ = mlp.backward(W1, b1, W2, b2, x, y)
        if h == d:
            assert (x.T @ db1).shape == (1, 1) != dW1.shape
        else:
            with pytest.raises(ValueError, match="matmul"):
                x.T @ db1
