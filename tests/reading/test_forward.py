"""Where a forward pass parts from those of the models is said in words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backproof.notation import FAMILY, MODELS
from backproof.reading.forward import matches, parting
from backproof.reading.spec import Spec

RNG = np.random.default_rng(0)
SIZES = {"d": 3, "h": 4, "n": 5}
MODEL = MODELS["mlp"]
CASE = {name: RNG.normal(size=MODEL.shape(name, SIZES)) for name in ("x", *MODEL.parameters)}
Z1 = CASE["W1"] @ CASE["x"] + CASE["b1"]
Z2 = CASE["W2"] @ np.tanh(Z1) + CASE["b2"]


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ([], r"none of its variables is W1 x \+ b1, or sigmoid, .* of it"),
        ([("s", Z1), ("z1", Z1)], r"`z1` is W1 x \+ b1, but what follows is none of sigmoid, .*"),
        (
            [("z1", Z1), ("a1", np.tanh(Z1))],
            r"a1 is the tanh of layer 1, but none of its variables is W2 a1 \+ b2, or .* of it",
        ),
        (
            [("z1", Z1), ("a", 1.0 / (1.0 + np.exp(-10.0 * Z1.T)))],
            r"`z1` is W1 x \+ b1, and what follows the sigmoid of 10 times it",
        ),
        (
            [("a1", np.tanh(Z1)), ("a2", np.maximum(Z2, 0.0))],
            r"its output is the relu of W2 a1 \+ b2, where a model's goes through none",
        ),
    ],
)
def test_where_it_parts(seen: list[tuple[str, np.ndarray]], words: str) -> None:
    assert re.fullmatch(words, parting(MODEL, CASE, seen, ()))


@pytest.mark.parametrize("slope", [0.0, 0.01, 0.2])
@pytest.mark.parametrize("turn", [np.asarray, np.transpose, np.squeeze])
def test_what_goes_through_a_rectifier_is_no_linear_output(turn, slope: float) -> None:
    several = FAMILY["mlp_identity"]
    spec = Spec(several.name, "backward", (), dict(several.layouts))
    case = {**CASE, "y": np.zeros_like(Z2)}
    case["b2"] = case["b2"] - Z2.mean()  # of both signs
    z = Z2 - Z2.mean()
    seen = [("a1", np.tanh(Z1)), ("z2", turn(z))]
    assert list(matches(spec, case, seen, ())) == [("tanh", "identity")]
    cut = ("a2", turn(np.where(z > 0.0, z, slope * z)))
    assert list(matches(spec, case, [*seen, cut], ())) == []


@pytest.mark.parametrize(
    ("name", "known"),
    [("y", True), ("targets", True), ("yi", True), ("target_k", True), ("p", False), ("pi", False)],
)
def test_a_label_of_one_is_no_softmax_of_one_class(name: str, known: bool) -> None:
    model = MODELS["linear_regression"]
    sizes = {"d": 3, "n": 1}
    case = {one: RNG.normal(size=model.shape(one, sizes)) for one in ("x", *model.parameters)}
    case["y"] = np.ones((1, 1))
    z = case["w"] @ case["x"] + case["b"]
    seen = [("out", z), (name, case["y"]), ("out - y", z - case["y"])]
    found = list(matches(Spec(model.name, "f", (), {}), case, seen, ()))
    assert (("identity", "identity") in found) == known


def test_layers_of_different_activations_are_said() -> None:
    model = MODELS["mlp3"]
    sizes = {"d": 3, "h1": 4, "h2": 6, "n": 5}
    case = {one: RNG.normal(size=model.shape(one, sizes)) for one in ("x", *model.parameters)}
    a1 = np.maximum(case["W1"] @ case["x"] + case["b1"], 0.0)
    a2 = np.tanh(case["W2"] @ a1 + case["b2"])
    seen = [("h", a1), ("g", a2), ("p", 1.0 / (1.0 + np.exp(-(case["W3"] @ a2 + case["b3"]))))]
    words = parting(model, case, seen, ())
    assert words == "its hidden layers go through relu and tanh, those of a model all through one"


def test_a_part_of_an_expression_is_a_linear_output_only_beside_the_labels() -> None:
    model = MODELS["linear_regression"]
    case = {one: RNG.normal(size=model.shape(one, SIZES)) for one in ("x", "y", *model.parameters)}
    z = case["w"] @ case["x"] + case["b"]
    spec = Spec(model.name, "f", (), {})
    part = ("w @ x + b", z)
    assert list(matches(spec, case, [part, ("e", np.arctan(z) - case["y"])], ())) == []
    linear = [("identity", "identity")]
    assert list(matches(spec, case, [part, ("w @ x + b - y", z - case["y"])], ())) == linear
    assert list(matches(spec, case, [("z", z)], ())) == linear
