"""Where a forward pass parts from those of the models is said in words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backproof.notation import MODELS
from backproof.reading.forward import parting

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
