from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof import models
from backproof.models import Padding
from backproof.notation import ACTIVATIONS, LEAKY_SLOPE, MODELS, Model, slope_below

# A fresh shape costs a compilation, so the shapes are few and the numbers are drawn.
SIZES = (
    {"d": 3, "h": 2, "h1": 3, "h2": 2, "k": 4, "n": 5},
    {"d": 1, "h": 3, "h1": 1, "h2": 1, "k": 2, "n": 1},
)
BUCKET = {"d": 4, "h": 5, "h1": 5, "h2": 5, "k": 6, "n": 8}
NAMES = ("linear_regression", "logistic_regression", "softmax_regression", "mlp", "mlp3_softmax")
EPS = 2.0**-52

quick = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 2**32 - 1)
scales = st.sampled_from([1e-3, 0.1, 1.0, 5.0])
selectors = st.integers(0, len(ACTIVATIONS) - 1)


@pytest.fixture(autouse=True, scope="module")
def in_float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def sizes_of(model: Model, seed: int) -> dict[str, int]:
    return SIZES[seed % 2 if model.depth == 1 else 0]


def draw(
    model: Model, sizes: dict[str, int], seed: int, scale: float
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Parameters, x and soft labels."""
    rng = np.random.default_rng(seed)
    parameters = {
        name: rng.normal(0.0, scale, model.shape(name, sizes)) for name in model.parameters
    }
    x, y = rng.normal(size=model.shape("x", sizes)), rng.random(model.shape("y", sizes))
    return parameters, x, y / y.sum(axis=0) if model.output == "softmax" else y


def pad(value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.pad(value, [(0, size - had) for size, had in zip(shape, value.shape, strict=True)])


@functools.cache
def losses_and_gradients(name: str) -> Callable[..., Any]:
    """Both losses, the gradients of the first, and its slope along the parameters themselves."""

    @jax.jit
    def run(p: Any, x: Any, y: Any, selector: Any, padding: Any = None) -> Any:
        # Every branch is compiled at every layer: the deep model is held to one activation.
        activation = selector if MODELS[name].depth < 3 else "tanh"
        arguments = (x, y, activation, 0.5, padding)
        gradients = jax.grad(models.loss, argnums=1)(MODELS[name], p, *arguments)
        both, slopes = jax.jvp(lambda q: models.losses(MODELS[name], q, *arguments), (p,), (p,))
        return both, gradients, slopes[0]

    return run


@pytest.mark.parametrize("name", NAMES)
@quick
@given(seed=seeds, scale=scales, selector=selectors)
def test_padding_changes_nothing(name: str, seed: int, scale: float, selector: int) -> None:
    model, run = MODELS[name], losses_and_gradients(name)
    sizes = sizes_of(model, seed)
    parameters, x, y = draw(model, sizes, seed, scale)
    (loss, long_way), gradients, _ = run(parameters, x, y, selector)
    padding = Padding(
        (np.arange(BUCKET["n"]) < sizes["n"]).astype(float),
        (np.arange(BUCKET["k"]) < sizes["k"]).astype(float),
    )
    bucket = {
        t: pad(value, model.shape(t, BUCKET)) for t, value in {**parameters, "x": x, "y": y}.items()
    }
    (padded, padded_long), padded_gradients, _ = run(
        {p: bucket[p] for p in parameters}, bucket["x"], bucket["y"], selector, padding
    )
    np.testing.assert_allclose(padded, loss, rtol=64 * EPS)
    if np.isfinite(long_way):
        np.testing.assert_allclose(padded_long, long_way, rtol=64 * EPS, atol=64 * EPS)
    size = max(np.abs(value).max() for value in gradients.values())
    for p, gradient in gradients.items():
        real = padded_gradients[p][: gradient.shape[0], : gradient.shape[1]]
        np.testing.assert_allclose(real, gradient, rtol=256 * EPS, atol=256 * EPS * size)


@quick
@given(seed=seeds, scale=st.sampled_from([0.0, 1.0, 3.0]), n=st.integers(1, BUCKET["n"]))
def test_padded_examples_count_for_nothing_whatever_they_hold(
    seed: int, scale: float, n: int
) -> None:
    model, run = MODELS["mlp"], losses_and_gradients("mlp")
    parameters, x, y = draw(model, BUCKET, seed, 1.0)
    padding = Padding((np.arange(BUCKET["n"]) < n).astype(float), np.ones(BUCKET["k"]))
    other_x, other_y = x.copy(), y.copy()
    other_x[:, n:], other_y[:, n:] = scale, 0.0
    one = run(parameters, x, y, 2, padding)
    other = run(parameters, other_x, other_y, 2, padding)
    np.testing.assert_allclose(one[0], other[0], rtol=8 * EPS)
    for p in parameters:
        np.testing.assert_allclose(one[1][p], other[1][p], rtol=64 * EPS, atol=64 * EPS)


@pytest.mark.parametrize("name", NAMES)
@quick
@given(seed=seeds, scale=st.sampled_from([0.01, 0.3, 1.0]), selector=selectors)
def test_the_long_way_is_the_same_loss_on_mild_inputs(
    name: str, seed: int, scale: float, selector: int
) -> None:
    parameters, x, y = draw(MODELS[name], sizes_of(MODELS[name], seed), seed, scale)
    (loss, long_way), _, _ = losses_and_gradients(name)(parameters, x, y, selector)
    np.testing.assert_allclose(long_way, loss, rtol=1e-9)


@pytest.mark.parametrize("name", NAMES)
@quick
@given(seed=seeds, scale=scales, selector=selectors)
def test_reverse_and_forward_mode_agree(name: str, seed: int, scale: float, selector: int) -> None:
    parameters, x, y = draw(MODELS[name], sizes_of(MODELS[name], seed), seed, scale)
    (loss, _), gradients, slope = losses_and_gradients(name)(parameters, x, y, selector)
    terms = np.concatenate([(gradients[p] * parameters[p]).ravel() for p in parameters])
    np.testing.assert_allclose(slope, terms.sum(), atol=1e3 * EPS * (loss + np.abs(terms).sum()))


@functools.cache
def activated(activation: str | None) -> Callable[..., Any]:
    """The value and slope of one activation, or of the one at a traced index."""

    @jax.jit
    def run(z: Any, kink: Any, index: Any) -> Any:
        chosen = index if activation is None else activation
        return jax.jvp(lambda z: models.activate(chosen, z, kink), (z,), (jnp.ones_like(z),))

    return run


Z = np.concatenate([np.linspace(-40.0, 40.0, 161), [-1e4, -1e-300, 0.0, 1e-300, 1e4]])


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("kink", [0.0, 0.25, 1.0])
def test_a_traced_activation_is_the_named_one(activation: str, kink: float) -> None:
    index = ACTIVATIONS.index(activation)
    named, traced = activated(activation)(Z, kink, index), activated(None)(Z, kink, index)
    # Two programs, so the elementary functions may round differently.
    for one, other in zip(named, traced, strict=True):
        np.testing.assert_allclose(one, other, rtol=8 * EPS, atol=8 * EPS)
        assert np.isfinite(one).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_kink_is_the_slope_at_0_and_nowhere_else(activation: str) -> None:
    index = ACTIVATIONS.index(activation)
    value, slope = activated(None)(Z, 0.25, index)
    other_value, other_slope = activated(None)(Z, 0.75, index)
    np.testing.assert_array_equal(value, other_value)
    at_0 = Z == 0.0
    np.testing.assert_array_equal(slope[~at_0], other_slope[~at_0])
    if slope_below(activation) is not None:
        assert (slope[at_0] == 0.25).all()
        assert (other_slope[at_0] == 0.75).all()
        below = 0.0 if activation == "relu" else LEAKY_SLOPE
        np.testing.assert_array_equal(slope[~at_0], np.where(Z > 0.0, 1.0, below)[~at_0])
    else:
        np.testing.assert_array_equal(slope[at_0], other_slope[at_0])


SLOPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "identity": np.ones_like,
    "sigmoid": lambda z: 0.25 / np.cosh(z / 2) ** 2,
    "tanh": lambda z: 1.0 / np.cosh(z) ** 2,
    "softplus": lambda z: 1.0 / (1.0 + np.exp(-z)),
}


@pytest.mark.parametrize("activation", SLOPES)
def test_slopes_by_formula(activation: str) -> None:
    z = np.linspace(-9.0, 9.0, 166)
    _, slope = activated(None)(z, 0.0, ACTIVATIONS.index(activation))
    np.testing.assert_allclose(slope, SLOPES[activation](z), rtol=1e-7)


@given(kink=st.floats(0.0, 1.0), seed=seeds)
@quick
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "leaky_relu_0.2"])
def test_the_kink_reaches_the_gradient(activation: str, kink: float, seed: int) -> None:
    """With W1 = b1 = 0 all of z1 is at the kink: db1 = c W2' mean(yhat - y)."""
    model = MODELS["mlp"]
    parameters, x, y = draw(model, SIZES[0], seed, 1.0)
    parameters |= {"W1": 0.0 * parameters["W1"], "b1": 0.0 * parameters["b1"]}
    db1 = at_the_kink(activation)(parameters, x, y, kink)
    yhat = 1.0 / (1.0 + np.exp(-parameters["b2"]))
    expected = kink * parameters["W2"].T * np.mean(yhat - y)
    np.testing.assert_allclose(db1, expected, rtol=64 * EPS, atol=64 * EPS)


@functools.cache
def at_the_kink(activation: str) -> Callable[..., Any]:
    def loss(p: Any, x: Any, y: Any, kink: Any) -> Any:
        return models.loss(MODELS["mlp"], p, x, y, activation, kink)

    return jax.jit(lambda *arguments: jax.grad(loss)(*arguments)["b1"])


@pytest.mark.parametrize("name", ["logistic_regression", "softmax_regression", "mlp"])
@given(seed=seeds, t=st.floats(0.0, 1.0))
@quick
def test_a_soft_label_mixes_the_losses_of_hard_ones(name: str, seed: int, t: float) -> None:
    model, run = MODELS[name], losses_and_gradients(name)
    parameters, x, y = draw(model, SIZES[0], seed, 1.0)
    one = np.zeros_like(y)
    one[0] = 1.0
    other = np.roll(one, 1, axis=0) if model.output == "softmax" else 0.0 * y
    mixed, first, second = (
        run(parameters, x, label, 2)[0][0] for label in (t * one + (1.0 - t) * other, one, other)
    )
    np.testing.assert_allclose(mixed, t * first + (1.0 - t) * second, rtol=64 * EPS)


@given(seed=seeds)
@quick
def test_the_gradient_vanishes_where_the_prediction_is_the_label(seed: int) -> None:
    p = np.random.default_rng(seed).uniform(0.01, 0.99, (2, 1))
    p /= p.sum()
    x = ones = np.ones((1, 1))
    softmax = {"W": np.zeros((2, 1)), "b": np.log(p)}
    loss, gradients, _ = losses_and_gradients("softmax_regression")(softmax, x, p * ones, 0)
    np.testing.assert_allclose(loss, -np.sum(p * np.log(p)), rtol=64 * EPS)
    np.testing.assert_allclose(gradients["b"], 0.0, atol=8 * EPS)
    logistic = {"w": np.zeros((1, 1)), "b": np.log(p[:1] / p[1:])}
    loss, gradients, _ = losses_and_gradients("logistic_regression")(logistic, x, p[:1] * ones, 0)
    np.testing.assert_allclose(loss, -np.sum(p * np.log(p)), rtol=64 * EPS)
    np.testing.assert_allclose(gradients["b"], 0.0, atol=8 * EPS)


def test_the_loss_and_its_gradient_stay_finite_where_the_long_way_does_not() -> None:
    for name, bias in (("logistic_regression", "b"), ("softmax_regression", "b"), ("mlp", "b2")):
        parameters, x, y = draw(MODELS[name], SIZES[0], 0, 1.0)
        parameters[bias] = parameters[bias].copy()
        parameters[bias][0] = 1e4
        label = np.zeros_like(y)
        label[-1 if name == "softmax_regression" else 0] = float(name == "softmax_regression")
        (loss, long_way), gradients, _ = losses_and_gradients(name)(parameters, x, label, 2)
        assert loss == pytest.approx(1e4, rel=1e-2)
        assert not np.isfinite(long_way)
        assert all(np.isfinite(value).all() for value in gradients.values())


def test_the_lectures_numbers() -> None:
    """Logistic regression at (x, y) = (50, 1) with w = b = 0."""
    model, x, y = MODELS["logistic_regression"], np.array([[50.0]]), np.array([[1.0]])
    parameters = {"w": np.zeros((1, 1)), "b": np.zeros((1, 1))}
    assert models.predict(model, models.forward(model, parameters, x)) == 0.5
    (value, _), gradients, _ = losses_and_gradients(model.name)(parameters, x, y, 0)
    assert value == pytest.approx(np.log(2.0))
    assert (gradients["b"], gradients["w"]) == (-0.5, -25.0)


@pytest.mark.parametrize("name", NAMES)
def test_predictions_are_what_the_output_says(name: str) -> None:
    model = MODELS[name]
    parameters, x, y = draw(model, SIZES[0], 0, 1.0)
    z = models.forward(model, parameters, x, "tanh")
    yhat = models.predict(model, z)
    assert yhat.shape == y.shape
    by_formula = {
        "identity": lambda z: z,
        "sigmoid": lambda z: 1.0 / (1.0 + np.exp(-z)),
        "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=0),
    }
    np.testing.assert_allclose(yhat, by_formula[model.output](np.asarray(z)), rtol=64 * EPS)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", NAMES)
def test_one_dtype_throughout(name: str, dtype: str) -> None:
    model = MODELS[name]
    parameters, x, y = jax.tree.map(
        lambda value: jax.ShapeDtypeStruct(value.shape, dtype), draw(model, SIZES[0], 0, 1.0)
    )
    padding = Padding(*(jax.ShapeDtypeStruct((size,), dtype) for size in (x.shape[1], y.shape[0])))
    with jax.numpy_dtype_promotion("strict"):
        for activation in ACTIVATIONS:

            def loss(p: Any, x: Any, y: Any, padding: Any, g: str = activation) -> Any:
                return models.loss(model, p, x, y, g, padding=padding)

            value, gradients = jax.eval_shape(jax.value_and_grad(loss), parameters, x, y, padding)
            assert {value.dtype, *(g.dtype for g in gradients.values())} == {jnp.dtype(dtype)}
