from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given

from backproof.reference import activations
from backproof.reference.activations import ACTIVATIONS, Array, erf, erfc, softmax

from .drawing import DTYPES, EPS, KINKED, STEP, normal, quick, scales, seeds, sizes

mpmath.mp.dps = 50
SMOOTH = [name for name in ACTIVATIONS if name not in KINKED]
CUBIC = mpmath.mpf(0.044715)


def logistic(z):
    return 1 / (1 + mpmath.exp(-z))


def u(z):
    return mpmath.sqrt(2 / mpmath.pi) * (z + CUBIC * z**3)


EXACT = {
    "identity": lambda z: z,
    "sigmoid": logistic,
    "tanh": mpmath.tanh,
    "relu": lambda z: max(z, mpmath.mpf(0)),
    "leaky_relu": lambda z: z if z > 0 else mpmath.mpf(0.01) * z,
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
    "gelu": lambda z: z * mpmath.ncdf(z),
    "gelu_tanh": lambda z: z / 2 * (1 + mpmath.tanh(u(z))),
}


def to_mpmath(number: np.floating) -> mpmath.mpf:
    leading = float(number)
    return mpmath.mpf(leading) + mpmath.mpf(float(number - np.longdouble(leading)))


def points(dtype: type[np.floating]) -> Array:
    rng = np.random.default_rng(5)
    z = np.concatenate([normal(rng, 25) * scale for scale in (1e-3, 0.3, 1, 3, 20)])
    return (z * (1 + np.longdouble(1) / 3)).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_is_accurate_in_every_precision(name: str, dtype: type[np.floating]) -> None:
    z = points(dtype)
    a = ACTIVATIONS[name].g(z)
    assert a.dtype == dtype
    for value, at in zip(a, z, strict=True):
        error = abs(to_mpmath(value) - EXACT[name](to_mpmath(at)))
        assert error <= 4 * float(np.finfo(dtype).eps) * max(1, abs(at))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SMOOTH)
def test_derivative_is_accurate_in_every_precision(name: str, dtype: type[np.floating]) -> None:
    z = points(dtype)
    slope = ACTIVATIONS[name].derivative(z)
    assert slope.dtype == dtype
    for value, at in zip(slope, z, strict=True):
        error = abs(to_mpmath(value) - mpmath.diff(EXACT[name], to_mpmath(at)))
        assert error <= 4 * float(np.finfo(dtype).eps)


@pytest.mark.parametrize("name", ACTIVATIONS)
@quick
@given(scale=scales, seed=seeds)
def test_derivative_is_the_central_difference(name: str, scale: float, seed: int) -> None:
    z = scale * normal(np.random.default_rng(seed), 3, 4)
    z = z[np.abs(z) > 4 * STEP]  # not across a kink
    g, g_prime = ACTIVATIONS[name]
    near = (g(z + STEP) - g(z - STEP)) / (2 * STEP)
    far = (g(z + 2 * STEP) - g(z - 2 * STEP)) / (4 * STEP)
    rounding = 10 * EPS * (1 + np.abs(z)) / STEP
    assert np.all(np.abs(g_prime(z) - near) <= np.abs(far - near) + rounding)


def test_slope_at_the_kink_is_the_one_on_the_left() -> None:
    zero = np.zeros((1, 1))
    assert ACTIVATIONS["relu"].derivative(zero) == 0
    assert ACTIVATIONS["leaky_relu"].derivative(zero) == 0.01


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_overflows_far_out(name: str, dtype: type[np.floating]) -> None:
    z = np.array([-1e30, -1e4, -200, -0.0, 0.0, 200, 1e4, 1e30], dtype=dtype)
    g, g_prime = ACTIVATIONS[name]
    assert np.all(np.isfinite(g(z)))
    assert np.all(np.isfinite(g_prime(z)))
    assert np.all(g(z)[z > 100] >= 1 - np.finfo(dtype).eps)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nan_is_passed_on(name: str) -> None:
    z = np.array([np.nan, 1.0])
    with np.errstate(invalid="ignore"):  # np.logaddexp reports the NaN that it was given
        assert np.array_equal(np.isnan(ACTIVATIONS[name].g(z)), [True, False])
    assert np.array_equal(np.isnan(erf(z)), [True, False])
    assert np.array_equal(np.isnan(erfc(z)), [True, False])


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (2, 3)])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_shape_is_kept(name: str, shape: tuple[int, ...]) -> None:
    z = np.ones(shape, dtype=np.float32)
    for function in ACTIVATIONS[name]:
        assert np.shape(function(z)) == shape
        assert function(z).dtype == np.float32


def test_pi_has_all_the_bits_of_the_precision() -> None:
    number = activations.pi(np.dtype(np.longdouble))
    assert abs(to_mpmath(number) - mpmath.pi) <= 2 * EPS


@pytest.mark.parametrize("dtype", DTYPES)
def test_erf_and_erfc_are_accurate_to_a_few_ulp(dtype: type[np.floating]) -> None:
    borders = np.array([0.999, 1.0, 1.001, 1.999, 2.0, 2.001, 1e-9])
    x = np.concatenate([points(dtype), borders, -borders]).astype(dtype)
    x = x[np.abs(x) < 9]  # erfc is still a normal number of float32
    eps = float(np.finfo(dtype).eps)
    for value, complement, at in zip(erf(x), erfc(x), x, strict=True):
        exact = mpmath.erf(to_mpmath(at))
        assert abs(to_mpmath(value) - exact) <= 6 * eps * abs(exact)
        exact = mpmath.erfc(to_mpmath(at))
        assert abs(to_mpmath(complement) - exact) <= 20 * eps * exact


def test_erf_agrees_with_the_standard_library() -> None:
    x = np.linspace(-7, 7, 1001)
    expected = np.array([math.erf(at) for at in x])
    np.testing.assert_allclose(erf(x), expected, rtol=6 * np.finfo(np.float64).eps)


@quick
@given(k=sizes, n=sizes, scale=scales, seed=seeds)
def test_softmax_is_a_distribution_and_ignores_a_shift(
    k: int, n: int, scale: float, seed: int
) -> None:
    z = scale * normal(np.random.default_rng(seed), k, n)
    yhat = softmax(z)
    assert np.all(yhat > 0)
    np.testing.assert_allclose(np.sum(yhat, axis=0), 1, rtol=10 * EPS)
    np.testing.assert_allclose(softmax(z + 64), yhat, rtol=1e3 * EPS)
    assert np.all(np.isfinite(softmax(z * 1e30)))
