"""The activations a = g(z) of the hidden layers, each with its derivative g'(z) beside it.

Every function works entry by entry on an array of any shape and keeps its dtype (float32, float64
or long double). None overflows, and none subtracts two nearly equal numbers where that can be
avoided: 1 - sigmoid(z) is written sigmoid(-z), 1 - erf(x) is written erfc(x). Two identities carry
most of the derivatives:

    sigmoid'(z) = sigmoid(z) (1 - sigmoid(z)) = sigmoid(z) sigmoid(-z)
    tanh(z) = 2 sigmoid(2z) - 1, hence tanh'(z) = 1 - tanh(z)^2 = 4 sigmoid'(2z)

At the kink of relu and leaky_relu, where there is no derivative, g'(0) is the slope on the left.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating[Any]]

LEAKY_SLOPE = 0.01
GELU_CUBIC = 0.044715


class Activation(NamedTuple):
    """An activation: `g(z)` and its `derivative`, g'(z)."""

    g: Callable[[Array], Array]
    derivative: Callable[[Array], Array]


def pi(dtype: np.dtype[Any]) -> np.floating[Any]:
    """The number pi rounded to `dtype` (`math.pi` has 53 bits only)."""
    number: np.floating[Any] = dtype.type(np.longdouble("3.14159265358979323846264338327950288"))
    return number


def identity(z: Array) -> Array:
    """g(z) = z: the layer stays linear."""
    return z


def identity_derivative(z: Array) -> Array:
    """g'(z) = 1."""
    return np.ones_like(z)


def sigmoid(z: Array) -> Array:
    """g(z) = 1 / (1 + e^-z), the lecture's sigma.

    For z < 0 it is written e^z / (1 + e^z), so that the exponential never overflows.
    """
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


def sigmoid_derivative(z: Array) -> Array:
    """g'(z) = sigma(z) (1 - sigma(z)), on the slides yhat (1 - yhat)."""
    return sigmoid(z) * sigmoid(-z)


def tanh(z: Array) -> Array:
    """g(z) = (e^z - e^-z) / (e^z + e^-z)."""
    return np.tanh(z)


def tanh_derivative(z: Array) -> Array:
    """g'(z) = 1 - tanh(z)^2."""
    return 4 * sigmoid_derivative(2 * z)


def relu(z: Array) -> Array:
    """g(z) = max(z, 0)."""
    return np.maximum(z, 0)


def relu_derivative(z: Array) -> Array:
    """g'(z) = 1 where z > 0, else 0."""
    return (z > 0).astype(z.dtype)


def leaky_relu(z: Array) -> Array:
    """g(z) = z where z > 0, else 0.01 z."""
    return np.where(z > 0, z, LEAKY_SLOPE * z)


def leaky_relu_derivative(z: Array) -> Array:
    """g'(z) = 1 where z > 0, else 0.01."""
    return np.where(z > 0, z.dtype.type(1), z.dtype.type(LEAKY_SLOPE))


def softplus(z: Array) -> Array:
    """g(z) = log(1 + e^z) = log(e^0 + e^z)."""
    return np.logaddexp(0, z)


def softplus_derivative(z: Array) -> Array:
    """g'(z) = e^z / (1 + e^z) = sigma(z)."""
    return sigmoid(z)


def gelu(z: Array) -> Array:
    """g(z) = z Phi(z), Phi the normal distribution function (Hendrycks and Gimpel 2016)."""
    return z * _normal_distribution(z)


def gelu_derivative(z: Array) -> Array:
    """g'(z) = Phi(z) + z phi(z), with phi = Phi' the normal density."""
    density: Array = _exp_of_minus_square(z / np.sqrt(z.dtype.type(2))) / np.sqrt(2 * pi(z.dtype))
    return _normal_distribution(z) + z * density


def gelu_tanh(z: Array) -> Array:
    """g(z) = z (1 + tanh u(z)) / 2 = z sigma(2 u(z)), with u(z) = sqrt(2/pi) (z + 0.044715 z^3)."""
    u, _ = _gelu_tanh_argument(z)
    return z * sigmoid(2 * u)


def gelu_tanh_derivative(z: Array) -> Array:
    """g'(z) = sigma(2u) + z sigma'(2u) 2 u'(z), with u'(z) = sqrt(2/pi) (1 + 3 * 0.044715 z^2)."""
    u, u_prime = _gelu_tanh_argument(z)
    return sigmoid(2 * u) + z * (sigmoid_derivative(2 * u) * (2 * u_prime))


def _gelu_tanh_argument(z: Array) -> tuple[Array, Array]:
    """u(z) and u'(z). Beyond |z| = 100, sigma(2u) is 0 or 1 in every format, so z stops there."""
    z = np.clip(z, -100, 100)
    square = z * z
    slope = np.sqrt(2 / pi(z.dtype))
    return slope * (z + GELU_CUBIC * square * z), slope * (1 + GELU_CUBIC * (3 * square))


def softmax(z: Array) -> Array:
    """yhat_c = e^(z_c) / sum_k e^(z_k) down each column of z (k, n): a distribution over k classes.

    Subtracting the largest z of the column changes nothing and keeps the exponential from
    overflowing.
    """
    e = np.exp(z - np.max(z, axis=0, keepdims=True))
    yhat: Array = e / np.sum(e, axis=0, keepdims=True)
    return yhat


def leaky_relu_of(slope: float) -> Activation:
    """g(z) = z where z > 0, else `slope` z, and its derivative."""

    def g(z: Array) -> Array:
        return np.where(z > 0, z, slope * z)

    def derivative(z: Array) -> Array:
        return np.where(z > 0, z.dtype.type(1), z.dtype.type(slope))

    return Activation(g, derivative)


class _Activations(dict[str, Activation]):
    """By name; `leaky_relu_0.2` is made when it is asked for."""

    def __missing__(self, name: str) -> Activation:
        if not name.startswith("leaky_relu_"):
            raise KeyError(name)
        return leaky_relu_of(float(name.removeprefix("leaky_relu_")))


ACTIVATIONS = _Activations(
    {
        "identity": Activation(identity, identity_derivative),
        "sigmoid": Activation(sigmoid, sigmoid_derivative),
        "tanh": Activation(tanh, tanh_derivative),
        "relu": Activation(relu, relu_derivative),
        "leaky_relu": Activation(leaky_relu, leaky_relu_derivative),
        "softplus": Activation(softplus, softplus_derivative),
        "gelu": Activation(gelu, gelu_derivative),
        "gelu_tanh": Activation(gelu_tanh, gelu_tanh_derivative),
    }
)


# The error function, which NumPy does not have.


def erf(x: Array) -> Array:
    """erf(x) = 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x, to a few ulp of x's dtype."""
    x = np.asarray(x)
    result = np.array(x)  # a NaN, which is in none of the ranges, stays
    near, far = np.abs(x) < 2, np.abs(x) >= 2
    result[near] = _erf_series(x[near])
    result[far] = np.sign(x[far]) * (1 - _erfc_continued_fraction(np.abs(x[far])))
    return result


def erfc(x: Array) -> Array:
    """erfc(x) = 1 - erf(x), without the cancellation: small values keep their digits."""
    x = np.asarray(x)
    result = np.array(x)  # a NaN, which is in none of the ranges, stays
    near, above, below = np.abs(x) < 1, x >= 1, x <= -1
    result[near] = 1 - _erf_series(x[near])
    result[above] = _erfc_continued_fraction(x[above])
    result[below] = 2 - _erfc_continued_fraction(-x[below])
    return result


def _normal_distribution(z: Array) -> Array:
    """Phi(z) = (1 + erf(z / sqrt 2)) / 2 = erfc(-z / sqrt 2) / 2."""
    return erfc(-z / np.sqrt(z.dtype.type(2))) / 2


def _exp_of_minus_square(x: Array) -> Array:
    """e^(-x^2). Rounding x^2 would cost x^2 ulp: take the square of x's leading bits, exact, apart.

    With m = x rounded to sixteenths, e^(-x^2) = e^(-m^2) e^(-(x - m)(x + m)). Beyond |x| = 200
    it is 0 in every format.
    """
    x = np.clip(x, -200, 200)
    leading = np.rint(16 * x) / 16
    return np.exp(-leading * leading) * np.exp(-(x - leading) * (x + leading))


def _erf_series(x: Array) -> Array:
    """erf(x) for |x| < 2: 2/sqrt(pi) e^(-x^2) (x + 2x^3/3 + 4x^5/(3*5) + 8x^7/(3*5*7) + ...).

    Abramowitz and Stegun 7.1.6; all terms have the same sign, so nothing cancels. The largest x and
    the precision say how many are needed; the sum is x (1 + t/3 (1 + t/5 (1 + ...))), t = 2x^2.
    """
    if x.size == 0:
        return x
    t = 2 * x * x
    largest, last_term, odd = float(np.max(t)), 1.0, 1
    while last_term > np.finfo(x.dtype).eps / 8:
        odd += 2
        last_term *= largest / odd
    total = np.ones_like(x)
    for divisor in range(odd, 1, -2):
        total = 1 + total * t / divisor
    density: Array = 2 / np.sqrt(pi(x.dtype)) * _exp_of_minus_square(x)
    return density * (x * total)


def _erfc_continued_fraction(x: Array) -> Array:
    """erfc(x) for x >= 1: e^(-x^2)/sqrt(pi) / (x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...)))).

    Abramowitz and Stegun 7.1.14. The error of m levels falls like e^(-2x sqrt(2m)), so the smallest
    x and the precision say how many are needed.
    """
    if x.size == 0:
        return x
    digits = -math.log(np.finfo(x.dtype).eps) + 3  # natural ones
    levels = math.ceil((digits / (2 * float(np.min(x)))) ** 2 / 2) + 3
    tail = x
    for level in range(levels, 0, -1):
        tail = x + (level / 2) / tail
    density: Array = _exp_of_minus_square(x) / np.sqrt(pi(x.dtype))
    return density / tail
