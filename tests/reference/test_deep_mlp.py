from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backproof.reference import deep_mlp, logistic_regression, mlp, softmax_regression
from backproof.reference.activations import Array

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

depths = st.integers(1, 5)
drawn_cases = st.tuples(depths, outputs).flatmap(
    lambda drawn: cases(*drawn).map(lambda case: (drawn[1], case))
)


def pairs(flat: tuple[Array, ...]) -> list[tuple[Array, Array]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def flat(layers: list[tuple[Array, Array]]) -> tuple[Array, ...]:
    return tuple(array for layer in layers for array in layer)


def signs(parameters: tuple[Array, ...], x: Array, activation: str) -> list[Array]:
    zs, _ = deep_mlp.forward_pass(pairs(parameters), x, activation)
    return [z > 0 for z in zs[:-1]]


def away_from_kinks(case: Case, activation: str) -> bool:
    """Moving every parameter up or down by the largest step changes no sign of a hidden z."""
    here, reach = signs(case.parameters, case.x, activation), 4 * STEP
    rng = np.random.default_rng(0)
    for _ in range(10):
        moved = tuple(p + reach * rng.choice([-1, 1], p.shape) for p in case.parameters)
        there = signs(moved, case.x, activation)
        if not all(np.array_equal(a, b) for a, b in zip(here, there, strict=True)):
            return False
    return True


@quick
@given(drawn=drawn_cases, activation=activations, seed=seeds)
def test_backward_is_the_gradient_of_the_loss(
    drawn: tuple[str, Case], activation: str, seed: int
) -> None:
    output, (parameters, x, y) = drawn
    assume(activation not in KINKED or away_from_kinks(drawn[1], activation))
    gradients = flat(deep_mlp.backward(pairs(parameters), x, y, activation, output))
    assert_gradients_of(
        lambda *moved: deep_mlp.loss(pairs(moved), x, y, activation, output),
        gradients,
        parameters,
        seed,
    )


@quick
@given(drawn=drawn_cases, activation=activations)
def test_the_long_way_gives_the_same(drawn: tuple[str, Case], activation: str) -> None:
    output, (parameters, x, y) = drawn
    layers = pairs(parameters)
    yhat = deep_mlp.forward(layers, x, activation, output)
    nearest = float(np.min(np.minimum(yhat, 1 - yhat if output == "sigmoid" else yhat)))
    assume(nearest > 1e-10)
    arguments = (layers, x, y, activation, output)
    ulps = 1e4 / nearest
    assert_close(deep_mlp.loss_long_way(*arguments), deep_mlp.loss(*arguments), ulps)
    long_way = flat(deep_mlp.backward_long_way(*arguments))
    scale = max(1.0, *(float(np.max(np.abs(p))) for p in parameters)) ** len(layers)
    for actual, expected in zip(long_way, flat(deep_mlp.backward(*arguments)), strict=True):
        assert_close(actual, expected, ulps * scale)


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@quick
@given(data=st.data(), activation=activations)
def test_two_layers_are_the_mlp_and_one_is_a_regression(
    output: str, data: st.DataObject, activation: str
) -> None:
    parameters, x, y = data.draw(cases(2, output))
    ours = (pairs(parameters), x, y, activation, output)
    theirs = (*parameters, x, y, activation, output)
    assert deep_mlp.loss(*ours) == mlp.loss(*theirs)
    for actual, expected in zip(flat(deep_mlp.backward(*ours)), mlp.backward(*theirs), strict=True):
        np.testing.assert_array_equal(actual, expected)

    parameters, x, y = data.draw(cases(1, output))
    regression = softmax_regression if output == "softmax" else logistic_regression
    gradients = flat(deep_mlp.backward(pairs(parameters), x, y, activation, output))
    for actual, expected in zip(gradients, regression.backward(*parameters, x, y), strict=True):
        np.testing.assert_array_equal(actual, expected)


@quick
@given(drawn=drawn_cases, activation=activations)
def test_the_pieces_are_adjoint_to_their_forward_passes(
    drawn: tuple[str, Case], activation: str
) -> None:
    """<dz, dZ/dW [V]> = <dW, V>: what defines the backward piece of a linear layer."""
    _, ((W, b, *_), x, _) = drawn
    rng = np.random.default_rng(0)
    dz = rng.standard_normal((W.shape[0], x.shape[1])).astype(np.longdouble)
    V, v, u = (rng.standard_normal(a.shape).astype(np.longdouble) for a in (W, b, x))
    dW, db, dx = deep_mlp.linear_backward(dz, W, x)
    assert_close(np.sum(dW * V), np.sum(dz * (V @ x)))
    assert_close(np.sum(db * v), np.sum(dz * v))
    assert_close(np.sum(dx * u), np.sum(dz * (W @ u)))


@pytest.mark.parametrize("dtype", DTYPES)
@quick
@given(drawn=drawn_cases, activation=activations)
def test_dtype_is_kept(dtype: type[np.floating], drawn: tuple[str, Case], activation: str) -> None:
    output, case = drawn
    parameters, x, y = case.cast(dtype)
    arguments = (pairs(parameters), x, y, activation, output)
    results = [
        deep_mlp.forward(pairs(parameters), x, activation, output),
        deep_mlp.loss(*arguments),
        *flat(deep_mlp.backward(*arguments)),
    ]
    assert {result.dtype for result in results} == {np.dtype(dtype)}
