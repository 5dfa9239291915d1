"""Linear, logistic and softmax regression: one layer, three outputs, the same properties."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.reference import linear_regression, logistic_regression, softmax_regression
from backproof.reference.activations import Array, sigmoid

from .drawing import DTYPES, Case, assert_close, assert_gradients_of, cases, quick, seeds

MODELS = {
    "identity": linear_regression,
    "sigmoid": logistic_regression,
    "softmax": softmax_regression,
}
models = st.sampled_from(sorted(MODELS)).flatmap(
    lambda output: st.tuples(st.just(MODELS[output]), cases(1, output))
)


@quick
@given(drawn=models, seed=seeds)
def test_backward_is_the_gradient_of_the_loss(drawn: tuple[ModuleType, Case], seed: int) -> None:
    model, (parameters, x, y) = drawn
    gradients = model.backward(*parameters, x, y)
    assert_gradients_of(lambda *moved: model.loss(*moved, x, y), gradients, parameters, seed)


@quick
@given(drawn=models)
def test_the_long_way_gives_the_same(drawn: tuple[ModuleType, Case]) -> None:
    model, (parameters, x, y) = drawn
    yhat = model.forward(*parameters, x)
    ulps = 1e3
    if model is not linear_regression:
        nearest = np.min(np.minimum(yhat, 1 - yhat if model is logistic_regression else yhat))
        ulps = 1e3 / float(nearest)
    assert_close(model.loss_long_way(*parameters, x, y), model.loss(*parameters, x, y), ulps)
    long_way = model.backward_long_way(*parameters, x, y)
    for actual, expected in zip(long_way, model.backward(*parameters, x, y), strict=True):
        assert_close(actual, expected, ulps)


@pytest.mark.parametrize("dtype", DTYPES)
@quick
@given(drawn=models)
def test_dtype_is_kept(dtype: type[np.floating], drawn: tuple[ModuleType, Case]) -> None:
    model, case = drawn
    parameters, x, y = case.cast(dtype)
    results: list[Array | np.floating] = [
        model.forward(*parameters, x),
        model.loss(*parameters, x, y),
        *model.backward(*parameters, x, y),
    ]
    with np.errstate(all="ignore"):  # in float32 yhat may round to 1: here only the dtype counts
        results += [model.loss_long_way(*parameters, x, y)]
        results += model.backward_long_way(*parameters, x, y)
    assert {result.dtype for result in results} == {np.dtype(dtype)}


def test_the_lectures_numbers() -> None:
    """The slide: (x, y) = (50, 1), w = b = 0 gives yhat 0.5, L 0.69, dL/db -0.5, dL/dw -25."""
    w, b, x, y = (np.array([[number]]) for number in (0.0, 0.0, 50.0, 1.0))
    assert logistic_regression.forward(w, b, x) == 0.5
    for loss in (logistic_regression.loss, logistic_regression.loss_long_way):
        assert round(float(loss(w, b, x, y)), 2) == 0.69
    for backward in (logistic_regression.backward, logistic_regression.backward_long_way):
        dw, db = backward(w, b, x, y)
        assert (dw, db) == (-25, -0.5)


def test_one_example_gives_the_slides_formula() -> None:
    """The slide: dL/dw = (yhat - y) x and dL/db = yhat - y, for both regressions."""
    w, b = np.array([[0.5, -0.25]]), np.array([[0.125]])
    x, y = np.array([[2.0], [3.0]]), np.array([[1.0]])
    yhat = 0.5 * 2 - 0.25 * 3 + 0.125
    for model, prediction in ((linear_regression, yhat), (logistic_regression, sigmoid(yhat))):
        dw, db = model.backward(w, b, x, y)
        assert db == prediction - 1
        np.testing.assert_array_equal(dw, [[(prediction - 1) * 2, (prediction - 1) * 3]])


@pytest.mark.parametrize("dtype", DTYPES)
def test_logistic_regression_survives_saturation(dtype: type[np.floating]) -> None:
    w, b = np.array([[1000]], dtype=dtype), np.zeros((1, 1), dtype=dtype)
    x, y = np.array([[30, -30]], dtype=dtype), np.array([[0, 0]], dtype=dtype)
    assert logistic_regression.loss(w, b, x, y) == 15000
    dw, db = logistic_regression.backward(w, b, x, y)
    assert (dw, db) == (15, 0.5)
