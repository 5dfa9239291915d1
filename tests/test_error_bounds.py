from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from backproof import cases, models, witnesses
from backproof.error_bounds import FORMATS, bounded, error_bound, rounding_samples, with_truth
from backproof.notation import ACTIVATIONS, MODELS
from backproof.rounding_rules import RULES, unary
from rounding_help import assert_within, numbers

U32 = 2.0**-24


# --- random expressions ---------------------------------------------------------------------------


def sigmoid(xp: Any, x: Any) -> Any:
    return jax.nn.sigmoid(x) if xp is jnp else 1 / (1 + xp.exp(-x))


UNARY: dict[str, Callable[[Any, Any], Any]] = {
    "exp": lambda xp, x: xp.exp(x),
    "expm1": lambda xp, x: xp.expm1(x),
    "log|x|": lambda xp, x: xp.log(xp.abs(x)),
    "log(0.1+x²)": lambda xp, x: xp.log(0.1 + x * x),
    "sqrt|x|": lambda xp, x: xp.sqrt(xp.abs(x)),
    "tanh": lambda xp, x: xp.tanh(x),
    "sigmoid": sigmoid,
    "sin": lambda xp, x: xp.sin(x),
    "arctan": lambda xp, x: xp.arctan(x),
    "x-0.1": lambda _, x: x - 0.1,
    "3x": lambda _, x: 3.0 * x,
    "x³": lambda _, x: x**3,
    "sum": lambda xp, x: x + xp.sum(x, axis=0, keepdims=True),
    "mean": lambda xp, x: x - xp.mean(x, axis=1, keepdims=True),
    "prod": lambda xp, x: x * xp.prod(x, axis=0),
    "cumsum": lambda xp, x: xp.cumsum(x, axis=1),
    "max": lambda xp, x: x - xp.max(x, axis=0),
    "sort": lambda xp, x: xp.sort(x, axis=0),
    "floor": lambda xp, x: xp.floor(x),
    "sign": lambda xp, x: xp.sign(x),
}
BINARY: dict[str, Callable[[Any, Any, Any], Any]] = {
    "+": lambda _, a, b: a + b,
    "-": lambda _, a, b: a - b,
    "*": lambda _, a, b: a * b,
    "/": lambda _, a, b: a / b,
    "@": lambda _, a, b: a @ b,
    "max": lambda xp, a, b: xp.maximum(a, b),
    "where": lambda xp, a, b: xp.where(a < b, a * b, b - a),
    "relu": lambda xp, a, b: xp.where(a > 0, b, 0.01 * b),
}

trees = st.recursive(
    st.sampled_from(["x", "y"]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(sorted(UNARY)), inner),
        st.tuples(st.sampled_from(sorted(BINARY)), inner, inner),
    ),
    max_leaves=6,
)


def evaluate(tree: Any, leaves: dict[str, Any], xp: Any) -> Any:
    if isinstance(tree, str):
        return leaves[tree]
    operands = [evaluate(branch, leaves, xp) for branch in tree[1:]]
    return (UNARY if len(operands) == 1 else BINARY)[tree[0]](xp, *operands)


def check_expression(tree: Any, seed: int, decades: float) -> None:
    leaves = {"x": numbers(seed, decades=decades), "y": numbers(seed + 1, decades=decades)}

    def by_jax(x: Any, y: Any) -> Any:
        return evaluate(tree, {"x": x, "y": y}, jnp)

    with np.errstate(all="ignore"):
        for precision in ("float32", "float64", "longdouble"):
            with jax.enable_x64(True):
                # Not compiled: operations of one shape are compiled once, expressions are many.
                fmt = with_truth(FORMATS[precision])
                value, bound = map(np.asarray, bounded(by_jax, fmt, *leaves.values()))
            if precision == "float32":
                actual = by_jax(*map(jnp.asarray, leaves.values()))
                assert_within(actual, value, bound, ("jax", tree))
            cast = {name: leaf.astype(precision) for name, leaf in leaves.items()}
            assert_within(evaluate(tree, cast, np), value, bound, (precision, tree))


seeds = st.integers(0, 2**31 - 2)


@settings(max_examples=25, deadline=None)
@given(tree=trees, seed=seeds, decades=st.sampled_from([0.0, 1.0, 4.0, 12.0]))
def test_random_expressions_stay_within_their_bound(tree: Any, seed: int, decades: float) -> None:
    check_expression(tree, seed, decades)


@pytest.mark.nightly
@settings(max_examples=5000, deadline=None)
@given(tree=trees, seed=seeds, decades=st.floats(0.0, 18.0))
def test_many_random_expressions_stay_within_their_bound(
    tree: Any, seed: int, decades: float
) -> None:
    check_expression(tree, seed, decades)


@pytest.mark.parametrize("name", UNARY)
def test_every_function_of_a_computed_argument(name: str) -> None:
    for seed, decades in ((0, 0.0), (1, 2.0), (2, 15.0)):
        check_expression((name, ("-", "x", "y")), seed, decades)
        check_expression((name, ("*", "x", "y")), seed, decades)


@pytest.mark.parametrize("name", BINARY)
def test_every_operation_on_computed_arguments(name: str) -> None:
    for seed, decades in ((0, 0.0), (1, 2.0), (2, 15.0)):
        check_expression((name, ("-", "x", "y"), ("*", "x", "y")), seed, decades)


# --- every model ----------------------------------------------------------------------------------


def check_model(name: str, activation: str, count: int, seed: int) -> int:
    """Both precisions against the next higher one; returns how many numbers were compared."""
    model = MODELS[name]
    drawn = cases.draw(model, count, seed)
    compared = 0
    for precision in ("float32", "float64"):
        told = witnesses.truths(model, drawn, activation, precision)
        for case, truth in zip(drawn, told, strict=True):
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                actual = witnesses.reference(model, case.arrays, activation, precision)
                exact: Any = truth.values
                if precision == "float64":
                    exact = witnesses.reference(model, case.arrays, activation, "longdouble")
            for tensor, bound in truth.bounds.items():
                # What overflows is judged as such; a bound is for numbers.
                here = np.isfinite(actual[tensor]) & np.isfinite(exact[tensor])
                compared += int(np.sum(here & np.isfinite(bound)))
                safe = np.where(here, actual[tensor] - exact[tensor], 0.0)
                assert_within(safe, 0.0, bound, (case.scale, tensor, activation))
    return compared


@pytest.mark.parametrize(
    ("name", "activation"),
    [("softmax_regression", "-"), ("mlp", "gelu")],
)
def test_the_reference_stays_within_the_bounds(name: str, activation: str) -> None:
    activation = "sigmoid" if activation == "-" else activation
    assert check_model(name, activation, 60, seed=5) > 1000


@pytest.mark.nightly
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_reference_stays_within_the_bounds(name: str, activation: str) -> None:
    if MODELS[name].has_activation or activation == "sigmoid":
        check_model(name, activation, 2000, seed=6)


@pytest.mark.parametrize("jit", [False, True])
def test_the_gradient_of_jax_in_float32_stays_within_the_bounds(jit: bool) -> None:
    model = MODELS["mlp"]
    sizes = {"d": 3, "h": 2, "n": 5}

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        return models.loss(model, parameters, x, y, "tanh")

    gradient = jax.value_and_grad(loss)
    run = jax.jit(gradient) if jit else gradient
    bounding = error_bound(gradient)
    for scale in ("mild", "hard", "integer"):
        case = cases.of_sizes(model, sizes, scale, seed=3)  # type: ignore[arg-type]
        arrays = {name: jnp.asarray(array, jnp.float32) for name, array in case.arrays.items()}
        parameters = {name: arrays[name] for name in model.parameters}
        actual = run(parameters, arrays["x"], arrays["y"])
        value, bound = bounding(parameters, arrays["x"], arrays["y"])
        jax.tree.map(assert_within, actual, value, bound)
        # The program of the batch says the same as the function itself.
        truth = witnesses.truths(model, [case], "tanh", "float32")[0]
        for name in model.parameters:
            np.testing.assert_allclose(
                truth.bounds[f"d{name}"], bound[1][name], rtol=0.5, atol=1e-30
            )


# --- the front ------------------------------------------------------------------------------------


def test_a_primitive_without_a_rule_is_refused_by_name() -> None:
    with pytest.raises(NotImplementedError, match=r"'lgamma'.*RULES"):
        error_bound(jax.scipy.special.gammaln)(np.float32(2.0))
    with pytest.raises(NotImplementedError, match="complex"):
        error_bound(lambda x: jnp.abs(jnp.fft.fft(x)))(np.ones(3, np.float32))


@pytest.mark.parametrize("precision", FORMATS)
def test_numpy_inside_the_function_is_told_as_such(precision: str) -> None:
    def f(x: Any) -> Any:
        return np.sum(np.exp(x))

    words = r"^f uses NumPy on its arguments; write it with jax\.numpy"
    for ask in (error_bound(f, precision), rounding_samples(f, precision)):
        with pytest.raises(ValueError, match=words):
            ask(np.ones(3, np.float32))


def test_a_rule_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    # |digamma| is below 1 / x + log x there.
    monkeypatch.setitem(RULES, "lgamma", unary(lambda v, e: 1.0 / (v - e) + jnp.log(v + e)))
    value, bound = error_bound(lambda x: jax.scipy.special.gammaln(3.0 * x))(np.float32(2.1))
    assert_within(jax.scipy.special.gammaln(jnp.float32(6.3)), value, bound)


def test_an_unknown_precision_is_told() -> None:
    with pytest.raises(ValueError, match=r"precision='half': expected one of bfloat16, float16"):
        error_bound(jnp.sin, "half")
    with pytest.raises(ValueError, match="precision='half'"):
        rounding_samples(jnp.sin, "half")


def test_every_precision_gives_a_bound_in_proportion_to_u() -> None:
    x = np.array([0.5, 0.75], np.float32)
    for precision, fmt in FORMATS.items():
        _, bound = error_bound(jnp.exp, precision)(x)
        assert np.all(bound >= fmt.u)
        assert np.all(bound <= 20 * (fmt.u + 2.0**-53) + 2 * fmt.smallest)


def test_samples_are_of_the_order_of_float32_rounding_and_within_the_bound() -> None:
    def f(x: Any) -> Any:
        return jnp.sum(jnp.tanh(x) * x, axis=0) / 3.0

    x = numbers(11, decades=0.5)
    samples = rounding_samples(f, samples=200, seed=4)(x)
    assert samples.shape == (200, 3)
    value, bound = error_bound(f)(x)
    assert_within(samples, value, bound)
    actual = np.abs(np.asarray(f(x), np.float64) - value)
    spread = samples.std(axis=0)
    assert np.all(actual < 8 * spread)
    assert np.all(spread < 8 * U32 * (1 + np.sum(np.abs(x * np.tanh(x)), axis=0)))


def test_samples_are_those_of_their_seed() -> None:
    x = numbers(12)
    first, again, other = (rounding_samples(jnp.exp, samples=4, seed=s)(x) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


def test_two_calls_and_two_iterations_round_differently() -> None:
    def f(x: Any) -> Any:
        g = jax.jit(jnp.sin)
        return g(x) - g(x), lax.scan(lambda c, _: (c, jnp.sin(x)), 0.0, None, length=3)[1]

    apart, iterations = rounding_samples(f, samples=8)(np.float32(1.0))
    assert np.all(np.abs(apart) > 1e-10)
    assert np.all(np.diff(iterations, axis=1) != 0.0)


def test_the_configuration_of_jax_is_left_alone() -> None:
    before = jax.config.read("jax_enable_x64")
    assert not before
    value, bound = error_bound(jnp.sin)(np.float32(1.0))
    samples = rounding_samples(jnp.sin, samples=3)(np.float32(1.0))
    assert value.dtype == bound.dtype == samples.dtype == np.float64
    assert abs(value - np.sin(1.0)) < 1e-15
    assert jax.config.read("jax_enable_x64") == before
    assert jnp.sin(1.0).dtype == jnp.float32


# --- subnormal numbers ----------------------------------------------------------------------------

SMALL: dict[str, Callable[[Any, Any], Any]] = {
    "2x": lambda _, x: 2.0 * x,
    "x + x": lambda _, x: x + x,
    "x / x": lambda xp, x: x / (x + xp.sum(x)),
    "scaled up": lambda _, x: x * 2.0**90 * 2.0**30,
    "sum": lambda xp, x: xp.sum(x),
    "x > 0": lambda xp, x: xp.where(x > 0.0, 1.0, x),
    "floor": lambda xp, x: xp.floor(x) + xp.ceil(x),
    "root": lambda xp, x: xp.sqrt(xp.abs(x)),
    "constant": lambda _, x: (x + 1e-39) * 2.0**30,
}
SMALL_BOUNDS = {
    (name, precision): error_bound(lambda x, f=f: f(jnp, x), precision)
    for name, f in SMALL.items()
    for precision in ("float32", "float64")
}


@pytest.mark.parametrize(("name", "precision"), SMALL_BOUNDS)
@settings(max_examples=5, deadline=None)
@given(digits=st.lists(st.integers(-9, 9), min_size=2, max_size=2))
def test_subnormal_arguments_may_be_flushed_to_zero(
    name: str, precision: str, digits: list[int]
) -> None:
    x = np.array(digits, precision) * np.array(1e-310 if precision == "float64" else 1e-39)
    x = x.astype(precision)
    value, bound = SMALL_BOUNDS[name, precision](x)
    # As NumPy takes them, and as XLA does.
    for taken in (x.astype(np.longdouble), np.zeros(2)):
        with np.errstate(all="ignore"):
            assert_within(SMALL[name](np, taken), value, bound, name)


def test_a_subnormal_constant_may_be_flushed_to_zero() -> None:
    value, bound = error_bound(lambda x: (x + 1e-310) * 2.0**30, "float64")(np.zeros(()))
    for constant in (0.0, 1e-310):
        assert_within(constant * 2.0**30, value, bound)


def test_zero_and_normal_arguments_are_exact() -> None:
    for precision in ("float32", "float64"):
        x = np.array([0.0, -0.0, float(np.finfo(precision).tiny) * 4.0, 3.0])
        assert np.all(error_bound(lambda x: x, precision)(x)[1] == 0.0)
