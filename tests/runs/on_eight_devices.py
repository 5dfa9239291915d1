"""Run with eight devices of one processor: they compute what one does. Says what each case cut."""

from __future__ import annotations

import jax
import numpy as np
from jax import export

from backproof import training
from backproof.devices import share
from backproof.notation import MODELS
from backproof.runs import with_jax
from backproof.start import batches
from runs.test_backends import SIZES, problem, start

assert jax.device_count() == 8

CASES = {
    "examples": ("mlp", 8, {"batches": None, "longest": 12, "n": 16}),
    "examples, not evenly": ("softmax_regression", 8, {"batches": None, "n": 10}),
    "examples of mini-batches": ("logistic_regression", 2, {}),
    "hidden units": ("mlp_softmax", 4, {}),
    "the first hidden layer of a deep network": ("mlp3", 4, {"batches": batches(10, 2, 12, 1)}),
}
for words, (name, devices, more) in CASES.items():
    n = more.pop("n", 10)
    of = problem(name, devices=devices, **more)
    if n != 10:
        drawn = np.random.default_rng(0).random
        of = problem(name, devices=devices, x=drawn((3, n)), y=drawn((1, n)), **more)
    alone = with_jax.prepare(problem(name, **{**more, "x": of.x, "y": of.y}))
    shared = with_jax.prepare(of)
    one, other = (ready.advance(start(of), 0, 12) for ready in (alone, shared))
    np.testing.assert_allclose(one.losses, other.losses, rtol=1e-12)
    np.testing.assert_allclose(one.gradient_norms, other.gradient_norms, rtol=1e-11)
    for p in one.parameters:
        np.testing.assert_allclose(one.parameters[p], other.parameters[p], rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(one.gradients[p], other.gradients[p], rtol=1e-9, atol=1e-14)
    assert "sharding_constraint" in (shared.program or ""), words
    print(f"{words}: {shared.device}")

# The data of a full batch lie in parts, and so do the weights of a hidden layer that is cut.
model, sizes = MODELS["mlp"], {**SIZES, "h": 16, "n": 24}
by_examples, by_units = (share(model, sizes, count, jax.devices()) for count in (24, 2))
x = by_examples.placed(np.ones((3, 24)), model.layouts["x"])
assert {part.data.shape for part in x.addressable_shards} == {(3, 3)}
W1 = by_units.placed(np.ones((16, 3)), model.layouts["W1"])
W2 = by_units.placed(np.ones((1, 16)), model.layouts["W2"])
assert {part.data.shape for part in W1.addressable_shards} == {(2, 3)}
assert {part.data.shape for part in W2.addressable_shards} == {(1, 2)}

# The shared loop lowers for hardware that is not here, every product with the precision asked for.
for sharing in (by_examples, by_units):
    of = {p: np.zeros(model.shape(p, sizes), np.float32) for p in model.parameters}
    given = ({p: sharing.placed(v, model.layouts[p]) for p, v in of.items()},)
    given += (sharing.placed(np.zeros((3, 24), np.float32), model.layouts["x"]),)
    given += (sharing.placed(np.zeros((1, 24), np.float32), model.layouts["y"]), None)
    given += tuple(
        sharing.placed(np.array(v), "") for v in (np.float32(0.1), np.int32(0), np.int32(1))
    )
    for precision, word in (("highest", "HIGHEST"), ("high", "HIGH")):
        static = {"model": model, "activation": "tanh", "precision": precision, "longest": 1}

        def loop(*arrays: object, static: dict = static, sharing: object = sharing) -> object:
            return training.advance(*arrays, **static, sharing=sharing)

        for platform in ("cpu", "cuda", "rocm", "tpu"):
            exported = export.export(jax.jit(loop), platforms=(platform,))(*given)
            assert exported.nr_devices == 8
            text = exported.mlir_module().splitlines()
            products = [line for line in text if "stablehlo.dot_general " in line]
            assert len(products) >= 4
            assert all(f"precision = [{word}, {word}]" in line for line in products)
print("exported")
