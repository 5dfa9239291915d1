"""Backends start from the same bytes, see the same batches, and differ by rounding alone."""

from __future__ import annotations

import importlib
from importlib import metadata
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from backproof.notation import ACTIVATIONS, MODELS
from backproof.reading.told import Unreadable
from backproof.runs import backends
from backproof.runs.backends import Prepared, Problem, backend
from backproof.runs.with_jax import in_fact
from backproof.start import batches, initial_parameters

SIZES = {"d": 3, "h": 4, "h1": 4, "h2": 3, "k": 3, "n": 10}


def problem(name: str = "mlp", dtype: Any = "float64", **more: Any) -> Problem:
    model, rng = MODELS[name], np.random.default_rng(0)
    x = rng.normal(size=(10, 3)).T
    y = rng.random((1, 10))
    if model.output == "softmax":
        y = np.eye(3)[:, rng.integers(3, size=10)]
    kind = ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype
    told: dict[str, Any] = {
        "model": model,
        "activation": "tanh",
        "learning_rate": 0.3,
        "dtype": dtype,
        "precision": "highest",
        "device": None,
        "devices": None,
        "x": x.astype(kind, order="K"),
        "y": y.astype(kind),
        "shapes": {p: model.shape(p, SIZES) for p in model.parameters},
        "batches": batches(10, 4, 12, seed=1),
        "longest": 12,
    }
    return Problem(**(told | more))


def start(of: Problem) -> dict[str, np.ndarray]:
    return initial_parameters(of.model, SIZES, 5, of.dtype, 0.7)  # type: ignore[arg-type]


def prepared(name: str, of: Problem) -> Prepared:
    if name == "torch":
        pytest.importorskip("torch")
    return backend(name)(of)


OTHERS = ["jax", "torch"]


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("full", [False, True])
def test_backends_agree_in_float64(name: str, model: str, full: bool) -> None:
    of = problem(model, **({"batches": None} if full else {}))
    one = prepared(name, of).advance(start(of), 0, 12)
    other = backend("reference")(of).advance(start(of), 0, 12)
    np.testing.assert_allclose(one.losses, other.losses, rtol=1e-13)
    np.testing.assert_allclose(one.gradient_norms, other.gradient_norms, rtol=1e-12)
    assert list(one.parameters) == list(one.gradients) == list(of.model.parameters)
    for p in one.parameters:
        assert one.parameters[p].dtype == np.float64
        np.testing.assert_allclose(one.parameters[p], other.parameters[p], rtol=1e-11, atol=1e-14)
        np.testing.assert_allclose(one.gradients[p], other.gradients[p], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_agree_in_float64(name: str, activation: str) -> None:
    # Products of ten make some of softplus's arguments larger than 20.
    of = problem(activation=activation, learning_rate=1e-3)
    large = {p: 10.0 * value for p, value in start(of).items()}
    one = prepared(name, of).advance(large, 0, 3)
    other = backend("reference")(of).advance(large, 0, 3)
    np.testing.assert_allclose(one.losses, other.losses, rtol=1e-12)
    for p in one.gradients:
        scale = abs(other.gradients[p]).max()
        np.testing.assert_allclose(one.gradients[p], other.gradients[p], atol=1e-12 * scale)


@pytest.mark.parametrize("name", ["reference", *OTHERS])
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_a_run_may_be_cut_up_anywhere(name: str, dtype: str) -> None:
    if (name, dtype) == ("reference", "bfloat16"):
        pytest.skip("NumPy has no products of it")
    of = problem("mlp3_softmax", dtype)
    ready = prepared(name, of)
    whole, parts, losses = ready.advance(start(of), 0, 12), start(of), []
    for t, stop in ((0, 1), (1, 7), (7, 8), (8, 12)):
        done = ready.advance(parts, t, stop)
        before = {p: v.copy() for p, v in parts.items()}
        again = ready.advance(parts, t, stop)
        assert all(before[p].tobytes() == parts[p].tobytes() for p in parts)
        assert all(again.parameters[p].tobytes() == done.parameters[p].tobytes() for p in parts)
        parts = dict(done.parameters)
        losses += np.asarray(done.losses).tolist()
    assert losses == np.asarray(whole.losses).tolist()
    for p in parts:
        assert parts[p].dtype.name == dtype
        assert parts[p].tobytes() == whole.parameters[p].tobytes()
        assert done.gradients[p].tobytes() == whole.gradients[p].tobytes()


def test_a_full_batch_that_jax_lays_otherwise_agrees_and_may_be_cut_up_anywhere() -> None:
    rng, sizes = np.random.default_rng(0), {"d": 9, "h": 8}
    x, y = rng.normal(size=(9, 150)), rng.random((1, 150))
    shapes = {p: MODELS["mlp"].shape(p, sizes) for p in MODELS["mlp"].parameters}
    begun = initial_parameters(MODELS["mlp"], sizes, 5, "float64", 0.7)
    of = problem(x=x, y=y, shapes=shapes, batches=None)
    ready, by_hand = prepared("jax", of), backend("reference")(of).advance(begun, 0, 12)
    whole = ready.advance(begun, 0, 12)
    parts = ready.advance(ready.advance(begun, 0, 5).parameters, 5, 12)
    np.testing.assert_allclose(whole.losses, by_hand.losses, rtol=1e-13)
    np.testing.assert_allclose(whole.gradient_norms, by_hand.gradient_norms, rtol=1e-12)
    assert whole.losses[5:].tolist() == parts.losses.tolist()
    assert whole.gradient_norms[5:].tolist() == parts.gradient_norms.tolist()
    for p, shape in shapes.items():
        assert whole.parameters[p].shape == whole.gradients[p].shape == shape
        np.testing.assert_allclose(whole.parameters[p], by_hand.parameters[p], rtol=1e-11)
        np.testing.assert_allclose(whole.gradients[p], by_hand.gradients[p], rtol=1e-10)
        assert whole.parameters[p].tobytes() == parts.parameters[p].tobytes()
        assert whole.gradients[p].tobytes() == parts.gradients[p].tobytes()


@pytest.mark.parametrize("name", ["reference", *OTHERS])
def test_the_gradient_is_the_one_of_the_update(name: str) -> None:
    of = problem(dtype="float32")
    ready = prepared(name, of)
    before = ready.advance(start(of), 0, 3).parameters
    done = ready.advance(before, 3, 4)
    for p, gradient in done.gradients.items():
        move = np.float64(np.float32(0.3)) * gradient
        np.testing.assert_allclose(done.parameters[p], before[p] - move, rtol=2e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("dtype", "platform", "words", "products"),
    [
        ("float32", "cpu", ["DEFAULT"], "float32"),
        ("float64", "gpu", ["DEFAULT"], "float64"),
        ("bfloat16", "tpu", ["HIGHEST"], "bfloat16"),
        ("float32", "gpu", ["HIGHEST"], "float32"),
        ("float32", "gpu", ["HIGHEST", "HIGH"], "tf32"),
        ("float32", "gpu", [None, "HIGHEST"], "tf32"),
        ("float32", "tpu", ["HIGHEST", "DEFAULT"], "bfloat16"),
        ("float32", "other", ["HIGHEST"], "unknown"),
    ],
)
def test_the_lowest_precision_of_a_product_counts(
    dtype: str, platform: str, words: list[str | None], products: str
) -> None:
    lines = [
        "%1 = stablehlo.dot_general %a, %b" + (f", precision = [{w}, {w}] : x" if w else " : x")
        for w in words
    ]
    assert in_fact(dtype, platform, "\n".join(lines)) == products


def test_the_program_of_jax_is_stablehlo_of_the_products_asked_for() -> None:
    for precision, word in (("highest", "HIGHEST"), ("high", "HIGH")):
        ready = backend("jax")(problem(dtype="float32", precision=precision))
        assert ready.program is not None
        found = [line for line in ready.program.splitlines() if "stablehlo.dot_general" in line]
        assert len(found) == 5
        assert all(f"precision = [{word}, {word}]" in line for line in found)
        assert ready.compile_seconds is not None


@pytest.mark.parametrize(
    ("name", "more", "words"),
    [
        ("jaxx", {}, "--backend jaxx: did you mean 'jax'? expected one of reference, jax, torch"),
        ("reference", {"dtype": "bfloat16"}, "NumPy has no products of it; take float32 or float"),
        ("reference", {"device": "gpu"}, "--device gpu: NumPy computes on the CPU only"),
        ("jax", {"device": "tpu"}, "device='tpu': not here"),
    ],
)
def test_what_a_backend_cannot_do_is_said(name: str, more: dict[str, Any], words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        backend(name)(problem(**more))
    assert words in str(caught.value)


def test_a_framework_that_is_not_here_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(Unreadable, match="--backend torch cannot be had here: torch is not inst"):
        backend("torch")


def test_others_are_found_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        metadata.EntryPoint("mine", "backproof.runs.with_reference:prepare", backends.GROUP),
        metadata.EntryPoint("broken", "backproof.nowhere:prepare", backends.GROUP),
    ]
    monkeypatch.setattr(metadata, "entry_points", lambda *, group: {backends.GROUP: points}[group])
    assert backend("mine").__module__ == "backproof.runs.with_reference"
    with pytest.raises(Unreadable, match=r"broken cannot be had here: backproof\.nowhere is not"):
        backend("broken")
