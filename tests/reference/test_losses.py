from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.reference import losses
from backproof.reference.activations import sigmoid, softmax
from backproof.reference.losses import OUTPUTS

from .drawing import (
    DTYPES,
    assert_close,
    assert_gradients_of,
    labels,
    normal,
    outputs,
    quick,
    scales,
    seeds,
    sizes,
)

FROM_LOGITS_GRADIENT = {
    "sigmoid": losses.binary_cross_entropy_from_logits_gradient,
    "softmax": losses.categorical_cross_entropy_from_logits_gradient,
}


@quick
@given(output=outputs, k=sizes, n=sizes, scale=scales, soft=st.booleans(), seed=seeds)
def test_the_long_way_and_the_stable_way_agree(
    output: str, k: int, n: int, scale: float, soft: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = k if output == "softmax" else 1
    z = scale * normal(rng, rows, n)
    y = labels(rng, output, rows, n, soft)
    way = OUTPUTS[output]
    yhat = way.sigma(z)
    # 1 - yhat, and the logarithm, magnify the rounding of yhat by 1/yhat and 1/(1 - yhat) at most.
    nearest = float(np.min(np.minimum(yhat, 1 - yhat if output == "sigmoid" else yhat)))
    ulps = 100 / nearest
    assert_close(way.loss(yhat, y), way.loss_from_logits(z, y), ulps)
    dz = way.through_sigma(way.loss_gradient(yhat, y), yhat)
    assert_close(dz, FROM_LOGITS_GRADIENT[output](z, y), ulps)


@quick
@given(output=outputs, k=sizes, n=sizes, scale=scales, soft=st.booleans(), seed=seeds)
def test_gradients_are_those_of_the_losses(
    output: str, k: int, n: int, scale: float, soft: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = k if output == "softmax" else 1
    z = scale * normal(rng, rows, n)
    y = labels(rng, output, rows, n, soft)
    way = OUTPUTS[output]
    dz = FROM_LOGITS_GRADIENT[output](z, y)
    assert_gradients_of(lambda z: way.loss_from_logits(z, y), (dz,), (z,), seed)
    # The long way as a function of yhat alone: well inside (0, 1), where yhat can be moved.
    yhat = (1 + np.longdouble(8) * sigmoid(z)) / 10
    assert_gradients_of(
        lambda yhat: way.loss(yhat, y), (way.loss_gradient(yhat, y),), (yhat,), seed
    )


@quick
@given(n=sizes, scale=scales, seed=seeds)
def test_half_mean_squared_error(n: int, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    yhat, y = scale * normal(rng, 1, n), normal(rng, 1, n)
    expected = sum((yhat[0, i] - y[0, i]) ** 2 / 2 for i in range(n)) / n
    assert_close(losses.half_mean_squared_error(yhat, y), expected)
    gradient = losses.half_mean_squared_error_gradient(yhat, y)
    assert_gradients_of(
        lambda yhat: losses.half_mean_squared_error(yhat, y), (gradient,), (yhat,), seed
    )


def test_two_classes_of_softmax_are_the_sigmoid() -> None:
    z = normal(np.random.default_rng(1), 1, 7)
    y = np.longdouble([[0, 1, 1, 0, 0.25, 0.5, 1]])
    z_two, y_two = np.vstack([z, np.zeros_like(z)]), np.vstack([y, 1 - y])
    assert_close(softmax(z_two)[:1], sigmoid(z))
    assert_close(
        losses.categorical_cross_entropy_from_logits(z_two, y_two),
        losses.binary_cross_entropy_from_logits(z, y),
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_losses_are_finite_and_exact_where_yhat_saturates(dtype: type[np.floating]) -> None:
    z = np.array([[30000, -30000]], dtype=dtype)
    right, wrong = np.array([[1, 0]], dtype=dtype), np.array([[0, 1]], dtype=dtype)
    assert losses.binary_cross_entropy_from_logits(z, right) == 0
    assert losses.binary_cross_entropy_from_logits(z, wrong) == 30000
    z, right, wrong = (np.vstack([part, part[:, ::-1]]) for part in (z / 2, right, wrong))
    assert losses.categorical_cross_entropy_from_logits(z, right) == 0
    assert losses.categorical_cross_entropy_from_logits(z, wrong) == 30000


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("output", OUTPUTS)
def test_dtype_is_kept(output: str, dtype: type[np.floating]) -> None:
    z = np.array([[0.5, -1], [1, 2]], dtype=dtype)[: 2 if output == "softmax" else 1]
    y = np.array([[0, 1], [1, 0]], dtype=dtype)[: 2 if output == "softmax" else 1]
    way = OUTPUTS[output]
    yhat = way.sigma(z)
    results = (
        way.loss(yhat, y),
        way.loss_from_logits(z, y),
        way.through_sigma(way.loss_gradient(yhat, y), yhat),
        FROM_LOGITS_GRADIENT[output](z, y),
        losses.half_mean_squared_error(z, y),
        losses.half_mean_squared_error_gradient(z, y),
    )
    assert {result.dtype for result in results} == {np.dtype(dtype)}


def test_the_slide_without_parentheses_has_another_gradient() -> None:
    """-y log yhat + (1 - y) log(1 - yhat), as printed, decreases towards yhat = 1 when y = 0."""
    yhat, y, step = 0.25, 0.0, 1e-6

    def as_printed(yhat: float) -> float:
        return -y * np.log(yhat) + (1 - y) * np.log(1 - yhat)

    slope = (as_printed(yhat + step) - as_printed(yhat - step)) / (2 * step)
    gradient = losses.binary_cross_entropy_gradient(np.array([[yhat]]), np.array([[y]]))[0, 0]
    assert gradient == pytest.approx(1 / 0.75)
    assert slope == pytest.approx(-1 / 0.75)
