from __future__ import annotations

import re
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from backproof import models, training
from backproof.notation import ACTIVATIONS, INITIAL_SCALE, MODELS, Model, mlp
from backproof.reference import logistic_regression
from backproof.reference import mlp as reference_mlp
from backproof.reference import optimize as reference
from backproof.training import batches, export_step, initial_parameters, step, train

X = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
XOR = np.array([[0, 1, 1, 0]])
AND = np.array([[0, 0, 0, 1]])


def data(model: Model, d: int, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(d, n))
    if model.output == "softmax":
        return x, np.eye(3)[:, rng.integers(3, size=n)]
    return x, rng.random((1, n))


def predictions(model: str, parameters: dict[str, np.ndarray], activation: str) -> np.ndarray:
    logits = models.forward(MODELS[model], parameters, X.astype(np.float32), activation)
    return np.asarray(logits) > 0.0


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_xor_is_learned_by_the_mlp(activation: str) -> None:
    for seed in range(5):
        parameters, losses = train(
            "mlp", X, XOR, activation=activation, learning_rate=1.0, steps=2000,
            seed=seed, hidden=4, scale=1.0,
        )  # fmt: skip
        np.testing.assert_array_equal(predictions("mlp", parameters, activation), XOR == 1)
        assert losses[-1] < 0.05


@pytest.mark.parametrize("seed", range(3))
def test_xor_is_not_learned_by_logistic_regression(seed: int) -> None:
    run = partial(train, "logistic_regression", X, learning_rate=1.0, seed=seed, scale=1.0)
    parameters, losses = run(XOR, steps=2000)
    assert np.sum(predictions("logistic_regression", parameters, "sigmoid") == XOR) <= 3
    assert losses[-1] == pytest.approx(np.log(2.0), abs=1e-5)
    parameters, losses = run(AND, steps=2000)
    np.testing.assert_array_equal(
        predictions("logistic_regression", parameters, "sigmoid"), AND == 1
    )
    assert losses[-1] < 0.1


def test_compiled_once_for_any_start_rate_and_data(monkeypatch: pytest.MonkeyPatch) -> None:
    traces = []
    loss = models.loss
    monkeypatch.setattr(models, "loss", lambda *a, **k: traces.append(1) or loss(*a, **k))
    x, y = data(MODELS["mlp"], 3, 7)
    run = partial(train, "mlp", hidden=5, steps=300, batch_size=3)
    run(x, y)
    first = len(traces)
    run(x + 1.0, y, learning_rate=0.5, seed=3, scale=2.0)
    assert len(traces) == first
    assert 1 <= first <= 3  # a loop in Python would trace 300 times


def plain_loop(
    model: Model, start: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray, *,
    learning_rate: float, order: list[np.ndarray],
) -> tuple[dict[str, jax.Array], list[float]]:  # fmt: skip
    """The slide's loop, written out: no scan, no padding, the batches cut by NumPy."""
    gradient = jax.jit(
        jax.value_and_grad(lambda p, x, y: models.loss(model, p, x, y, activation="tanh"))
    )
    parameters = {name: jnp.asarray(value) for name, value in start.items()}
    losses = []
    for batch in order:
        loss, gradients = gradient(parameters, x[:, batch], y[:, batch])
        losses.append(float(loss))
        parameters = {p: parameters[p] - learning_rate * gradients[p] for p in parameters}
    return parameters, losses


@pytest.mark.parametrize(
    ("name", "batch_size"),  # of 8 examples: all, batches with a smaller last one, even batches
    [
        ("linear_regression", 3),
        ("softmax_regression", 4),
        ("mlp", None),
        ("mlp3_softmax", 3),
    ],
)
def test_the_scan_is_the_plain_loop_in_float64(name: str, batch_size: int | None) -> None:
    model, steps, rate = MODELS[name], 12, 0.3
    x, y = data(model, 3, 8)
    sizes = {"d": 3, "h": 4, "h1": 4, "h2": 4, "k": 3}
    start = initial_parameters(model, sizes, 5, "float64", scale=0.7)
    trained = train(
        model, x, y, activation="tanh", learning_rate=rate, steps=steps, batch_size=batch_size,
        dtype="float64", seed=5, hidden=4, scale=0.7,
    )  # fmt: skip
    assert trained.losses.dtype == np.float64
    assert trained.losses.shape == (steps,)
    with jax.enable_x64(True):
        order = list(reference.batches(8, batch_size, steps, seed=5))
        parameters, losses = plain_loop(model, start, x, y, learning_rate=rate, order=order)
        close = partial(np.testing.assert_allclose, rtol=3e-15, atol=3e-16)
        close(trained.losses, losses)
        for p, value in parameters.items():
            assert trained.parameters[p].dtype == np.float64
            close(trained.parameters[p], np.asarray(value), err_msg=p)


@pytest.mark.parametrize(
    ("model", "code", "batch_size", "hold"),
    [
        ("mlp", reference_mlp, None, {"activation": "tanh"}),
        ("logistic_regression", logistic_regression, 3, {}),
    ],
)
def test_the_run_of_the_reference_is_followed(
    model: str, code: Any, batch_size: int | None, hold: dict[str, str]
) -> None:
    x, y = data(MODELS[model], 3, 8)
    start = initial_parameters(model, {"d": 3, "h": 4}, 2, "float64", scale=1.0)
    loss, backward = partial(code.loss, **hold), partial(code.backward, **hold)
    run: dict[str, Any] = {"batch_size": batch_size, "seed": 2}
    parameters, losses = reference.optimize(loss, backward, start, x, y, 0.5, 50, **run)
    run |= {"learning_rate": 0.5, "steps": 50, "dtype": "float64", "hidden": 4, "scale": 1.0}
    trained = train(model, x, y, **hold, **run)
    np.testing.assert_allclose(trained.losses, losses, rtol=1e-12)
    for name, value in parameters.items():
        np.testing.assert_allclose(trained.parameters[name], value, rtol=1e-11, atol=1e-13)


def test_float64_leaves_jax_as_it_was() -> None:
    before = jax.config.jax_enable_x64
    train("logistic_regression", X, AND, dtype="float64", steps=3)
    export_step("logistic_regression", {"d": 2, "n": 3}, dtype="float64")
    assert jax.config.jax_enable_x64 == before
    assert jnp.ones(1).dtype == jnp.float32


def test_examples_by_rows_or_by_columns_in_memory_train_alike() -> None:
    rows, y = np.random.default_rng(0).normal(size=(9, 3)), data(MODELS["mlp"], 3, 9)[1]
    run = partial(train, "logistic_regression", y=y, steps=30, batch_size=4, dtype="float64")
    by_rows, by_columns = run(x=rows.T), run(x=np.ascontiguousarray(rows.T))
    np.testing.assert_allclose(by_rows.losses, by_columns.losses, rtol=1e-14)


@pytest.mark.parametrize(("n", "size", "steps"), [(7, 3, 20), (6, 3, 5), (4, 4, 3), (5, 1, 7)])
def test_an_epoch_takes_every_example_once(n: int, size: int, steps: int) -> None:
    indices, counts = batches(n, size, steps, seed=0)
    assert indices.shape == (steps, size)
    assert indices.dtype == counts.dtype == np.int32
    real = [row[:count] for row, count in zip(indices, counts, strict=True)]
    per_epoch = -(-n // size)
    for start in range(0, steps - per_epoch + 1, per_epoch):
        epoch = np.concatenate(real[start : start + per_epoch])
        np.testing.assert_array_equal(np.sort(epoch), np.arange(n))
    for row, count in zip(indices, counts, strict=True):
        assert set(row[count:]) <= {row[0]}


def test_parameter_buffers_are_donated() -> None:
    model = MODELS["mlp"]
    start = initial_parameters(model, {"d": 3, "h": 5})
    x, y = (jnp.asarray(value, jnp.float32) for value in data(model, 3, 7))
    owned = {name: jnp.array(value) for name, value in start.items()}
    static = {"model": model, "activation": "tanh", "precision": "highest", "steps": 4}
    lowered = training.descend.lower(owned, x, y, None, jnp.float32(0.1), **static)
    assert lowered.as_text().count("tf.aliasing_output") == len(owned)
    header = lowered.compile().as_text().partition("\n")[0]
    aliases = re.search(r"input_output_alias=\{(.*?\)) \}", header)
    assert aliases is not None
    assert len(re.findall(r"\{\d+\}: \(\d+", aliases[1])) == len(owned)
    training.descend(owned, x, y, None, jnp.float32(0.1), **static)
    assert all(value.is_deleted() for value in owned.values())
    assert not x.is_deleted()


def test_the_callers_own_parameters_are_left_alone() -> None:
    x, y = data(MODELS["mlp"], 3, 7)
    start = initial_parameters("mlp", {"d": 3, "h": 5}, scale=1.0)
    in_numpy = {name: value.copy() for name, value in start.items()}
    in_jax = {name: jnp.array(value) for name, value in start.items()}
    run = partial(train, "mlp", x, y, activation="tanh", steps=4)
    one, other = run(parameters=in_numpy), run(parameters=in_jax)
    np.testing.assert_array_equal(one.losses, other.losses)
    for name, value in start.items():
        np.testing.assert_array_equal(in_numpy[name], value)
        np.testing.assert_array_equal(np.asarray(in_jax[name]), value)
    following = run(parameters=one.parameters)
    np.testing.assert_array_equal(
        np.append(one.losses, following.losses), run(parameters=start, steps=8).losses
    )


def test_bfloat16_trains() -> None:
    parameters, losses = train(
        "mlp", X, XOR, learning_rate=1.0, steps=2000, dtype="bfloat16", hidden=4, scale=1.0
    )
    assert losses.dtype == np.float32
    assert {value.dtype for value in parameters.values()} == {jnp.dtype("bfloat16")}
    assert losses[-1] < 0.2 < losses[0]


def test_the_same_seed_is_the_same_run() -> None:
    x, y = data(MODELS["mlp"], 3, 7)
    run = partial(train, "mlp", x, y, hidden=5, steps=300, batch_size=3)
    np.testing.assert_array_equal(run(seed=4).losses, run(seed=4).losses)
    assert not np.array_equal(run(seed=4).losses, run(seed=5).losses)


def test_initial_parameters_are_those_of_the_reference() -> None:
    for model in (*MODELS.values(), mlp(5, "sigmoid")):
        sizes = {axis: i + 2 for i, axis in enumerate(model.axes)}
        mine = initial_parameters(model, sizes, 3, "float64", 0.5)
        shapes = {name: model.shape(name, sizes) for name in model.parameters}
        theirs = reference.initial_parameters(shapes, 3, 0.5)
        assert list(mine) == list(theirs)
        for name in mine:
            np.testing.assert_array_equal(mine[name], theirs[name])
    told = initial_parameters("mlp", {"d": 100, "h": 100})["W1"]
    assert told.dtype == np.float32
    assert np.std(told) == pytest.approx(INITIAL_SCALE, rel=0.1)


def test_integers_and_lists_are_cast() -> None:
    run = partial(train, "logistic_regression", steps=3)
    as_floats = run(X.astype(np.float32), AND.astype(np.float32))
    for x, y in ((X, AND), (X.tolist(), AND.tolist()), (X > 0, AND > 0), (jnp.array(X), AND)):
        np.testing.assert_array_equal(run(x, y).losses, as_floats.losses)


def test_a_sweep_over_rates_is_a_vmap_of_the_step() -> None:
    model, rates = MODELS["logistic_regression"], np.array([0.1, 1.0], np.float32)
    x, y = (value.astype(np.float32) for value in data(model, 3, 7))
    start = initial_parameters(model, {"d": 3}, scale=1.0)
    swept, _ = jax.jit(jax.vmap(lambda rate: step(model, learning_rate=rate)(start, x, y)))(rates)
    for rate, w in zip(rates, swept["w"], strict=True):
        alone = train(model, x, y, parameters=start, learning_rate=rate, steps=1)
        np.testing.assert_allclose(w, alone.parameters["w"], rtol=1e-5)


def products(exported: Any) -> list[str]:
    """The `precision` of every matrix product in the StableHLO text."""
    lines = [
        line for line in exported.mlir_module().splitlines() if "stablehlo.dot_general " in line
    ]
    found = [re.search(r"precision = \[(\w+, \w+)\]", line) for line in lines]
    return [match[1] if match else "DEFAULT, DEFAULT" for match in found]


SIZES = {"d": 2, "h": 3, "h1": 3, "h2": 4, "k": 5, "n": 6}


@pytest.mark.parametrize("platform", training.PLATFORMS)
@pytest.mark.parametrize("name", MODELS)
def test_the_step_lowers_for_each_platform(name: str, platform: str) -> None:
    exported = export_step(name, SIZES, platforms=(platform,))
    assert exported.platforms == (platform,)
    # A layer's product, its dW, and for all but the first the way back to its input.
    assert products(exported) == ["HIGHEST, HIGHEST"] * (3 * MODELS[name].depth - 1)


@pytest.mark.parametrize(
    ("activation", "dtype"),
    [*((name, "float32") for name in ACTIVATIONS), ("gelu", "float64"), ("gelu", "bfloat16")],
)
def test_the_step_lowers_for_all_platforms_at_once(activation: str, dtype: Any) -> None:
    exported = export_step("mlp", SIZES, activation=activation, dtype=dtype)
    assert exported.platforms == training.PLATFORMS
    precisions = products(exported)
    assert set(precisions) == {"HIGHEST, HIGHEST"}
    assert len(precisions) % 5 == 0
    assert {aval.dtype for aval in exported.out_avals} == {jnp.dtype(dtype)}


@pytest.mark.parametrize(("precision", "word"), [("high", "HIGH"), ("default", "DEFAULT")])
def test_the_precision_asked_for_is_the_one_exported(precision: Any, word: str) -> None:
    exported = export_step("mlp", SIZES, precision=precision, platforms=("cuda",))
    assert products(exported) == [f"{word}, {word}"] * 5


def test_what_was_exported_runs() -> None:
    model = MODELS["mlp"]
    x, y = (value.astype(np.float32) for value in data(model, 2, 6))
    start = initial_parameters(model, SIZES, scale=1.0)
    restored = jax.export.deserialize(export_step(model, SIZES).serialize())
    parameters, loss = restored.call(start, x, y, np.float32(0.1))
    trained = train(model, x, y, parameters=start, learning_rate=0.1, steps=1)
    assert float(loss) == pytest.approx(trained.losses[0], rel=1e-6)
    np.testing.assert_allclose(parameters["W1"], trained.parameters["W1"], rtol=1e-5)


def test_devices_by_kind_and_as_objects() -> None:
    run = partial(train, "logistic_regression", X, AND, steps=3)
    cpu = jax.local_devices(backend="cpu")[0]
    np.testing.assert_array_equal(run(device="cpu").losses, run(device=cpu).losses)
    absent = next(kind for kind in ("tpu", "gpu") if kind != jax.default_backend())
    with pytest.raises(ValueError, match=f"device='{absent}': not here, only .*leave it out"):
        run(device=absent)


GOOD: dict[str, Any] = {"model": "mlp", "x": np.ones((3, 4)), "y": np.ones((1, 4)), "steps": 2}
W = {"W1": np.ones((5, 3)), "b1": np.ones((5, 1)), "W2": np.ones((1, 5)), "b2": np.ones((1, 1))}


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"model": "mpl"}, "model='mpl': expected one of linear_regression, logistic_regression"),
        ({"model": "mpl"}, "did you mean 'mlp'?"),
        ({"activation": "relu6"}, "did you mean 'relu'?"),
        ({"activation": None}, "activation=None: expected one of identity, sigmoid"),
        ({"dtype": "float46"}, "dtype='float46': expected one of float32, float64, bfloat16; did"),
        ({"precision": "max"}, "precision='max': expected one of default, high, highest"),
        ({"device": "gup"}, "device='gup': expected one of cpu, gpu, tpu; did you mean 'gpu'?"),
        ({"learning_rate": -1.0}, "learning_rate=-1.0: expected a positive number"),
        ({"learning_rate": 1e39}, "learning_rate=1e+39: expected a positive number, finite in fl"),
        ({"learning_rate": "a"}, "learning_rate='a': expected a positive number"),
        ({"steps": 0}, "steps=0: expected a whole number from 1"),
        ({"steps": 2.0}, "steps=2.0: expected a whole number"),
        ({"seed": -1}, "seed=-1: expected a whole number from 0"),
        ({"batch_size": 5}, "batch_size=5: expected a whole number from 1 to n=4"),
        ({"hidden": 0}, "hidden=0: expected a whole number from 1"),
        ({"hidden": (3, 4)}, "hidden=(3, 4): expected one number, or one for each hidden layer"),
        ({"scale": 0.0}, "scale=0.0: expected a positive number"),
        ({"x": np.ones(4)}, "x: float64[4]; expected real numbers, (d, n), each axis from 1; a"),
        ({"x": np.ones((3, 0))}, "x: float64[3,0]; expected real numbers, (d, n), each axis from"),
        ({"x": [[1, 2], [3]]}, "x: not an array ("),
        ({"x": [["a", "b"]]}, "x: <U1[1,2]; expected real numbers, (d, n)"),
        ({"x": np.array([[None]])}, "x: object[1,1]; expected real numbers, (d, n)"),
        ({"x": np.full((3, 4), np.nan)}, "x: float64[3,4] holds nan at [0, 0]; expected finite"),
        ({"x": np.full((3, 4), 1e40)}, "holds 1e+40 at [0, 0]; expected finite numbers of float32"),
        ({"x": np.ones((4, 3))}, "x: float64[4,3] and y: float64[1,4]; expected (d, n), the same"),
        ({"x": np.ones((4, 3))}, "examples are columns here: where they are the rows of x, pass"),
        ({"x": np.ones((3, 5))}, "y: float64[1,4]; expected (1, n) with n=5"),
        ({"y": np.ones(4)}, "y: float64[4]; expected real numbers, (1, n), each axis from 1; a "),
        ({"y": np.ones(4)}, "a single row is `y[None, :]`"),
        ({"y": np.ones((4, 1))}, "y: float64[4,1]; expected (1, n) with n=4; turned it fits"),
        ({"y": np.ones((2, 4))}, "y: float64[2,4]; expected (1, n) with n=4"),
        ({"y": -np.ones((1, 4))}, "y: float64[1,4] holds -1.0; expected probabilities, from 0"),
        ({"model": "softmax_regression"}, ""),
        ({"parameters": {"W1": 0}}, "parameters: ['W1']; expected a dict of W1, b1, W2, b2"),
        ({"parameters": [1]}, "parameters: list; expected a dict of W1, b1, W2, b2"),
        ({"parameters": W | {"W1": np.ones((3, 5))}}, "W1: float64[3,5]; expected (h, d) with d=3"),
        ({"parameters": W | {"W1": np.ones((3, 5))}}, "turned it fits: pass `W1.T`"),
        ({"parameters": W | {"b1": np.ones((6, 1))}}, "b1: float64[6,1]; expected (h, 1) with h=5"),
        ({"parameters": W | {"b2": [[np.inf]]}}, "b2: float64[1,1] holds inf at [0, 0]"),
    ],
)  # fmt: skip
def test_bad_input_is_named_with_what_was_expected(bad: dict[str, Any], message: str) -> None:
    if not message:  # one class: every column of ones sums to 1; class numbers do not
        bad, message = bad | {"y": np.array([[0, 1, 1, 0]])}, "np.eye(k)[:, c]"
        message = "not all columns sum to 1; expected (k, n), a probability for each class: of cl"
    with pytest.raises(ValueError, match=re.escape(message)):
        train(**(GOOD | bad))


def test_bad_sizes_and_platforms_are_named() -> None:
    with pytest.raises(ValueError, match=re.escape("sizes={'d': 2}: mlp also needs 'h'")):
        initial_parameters("mlp", {"d": 2})
    with pytest.raises(ValueError, match=re.escape("sizes['h']=0: expected a whole number")):
        initial_parameters("mlp", {"d": 2, "h": 0})
    with pytest.raises(ValueError, match=re.escape("mlp also needs 'n'")):
        export_step("mlp", {"d": 2, "h": 3})
    with pytest.raises(ValueError, match=re.escape("platforms='cud': expected one of cpu, cuda")):
        export_step("mlp", SIZES, platforms=("cud",))
