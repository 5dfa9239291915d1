"""The library's front: a function in, a report out, and words where something is missing."""

from __future__ import annotations

import functools
import gc
import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import backproof
import candidates as on_trial
from backproof.reading.told import Settings

FEW = 60


def linear(w: Any, b: Any, x: Any, y: Any, factor: float = 1.0) -> Any:
    dz = factor * (w @ x + b - y) / x.shape[1]
    return dz @ x.T, dz.sum(axis=1, keepdims=True)


def in_rows(w: Any, b: Any, x: Any, y: Any) -> Any:
    dz = (x @ w + b - y) / x.shape[0]
    return x.T @ dz, dz.mean(axis=0, keepdims=True)


class Regression:
    def backward(self, w: Any, b: Any, x: Any, y: Any) -> Any:
        return linear(w, b, x, y)


def test_told_and_untold() -> None:
    told = backproof.check(on_trial.right, "mlp", activation="tanh", cases=FEW)
    assert (told.verdict, told.model, told.activation) == ("right", "mlp", "tanh")
    assert sum(counts.drawn for counts in told.cases.values()) == FEW

    def backward(w: Any, b: Any, x: Any, y: Any) -> Any:
        """Gradients of logistic regression."""
        dz = (1 / (1 + np.exp(-(w @ x + b))) - y) / x.shape[1]
        return dz @ x.T, dz.sum(axis=1, keepdims=True)

    untold = backproof.check(backward, cases=FEW)
    assert (untold.verdict, untold.model) == ("right", "logistic_regression")


@pytest.mark.parametrize(
    "function",
    [
        functools.partial(linear, factor=1.0),
        Regression().backward,
        lambda w, b, x, y: dict(zip(("dw", "db"), linear(w, b, x, y), strict=True)),
    ],
)
def test_anything_that_can_be_called(function: Any) -> None:
    assert backproof.check(function, "linear_regression", cases=FEW).verdict == "right"


@pytest.mark.parametrize("loss", [None, lambda w: w])
@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Regression, r"Regression is a class: check one of its methods, as in Regression\("),
        (None, "None is nothing that can be called"),
        ("backward", "'backward' is nothing that can be called"),
    ],
)
def test_what_is_no_function_is_refused_in_words(given: Any, words: str, loss: Any) -> None:
    with pytest.raises(ValueError, match=words):
        backproof.check(given, "linear_regression" if loss is None else None, loss=loss)


def test_arguments_without_names_cannot_be_read() -> None:
    with pytest.raises(ValueError, match="what is read is a function of"):
        backproof.check(lambda *arguments: linear(*arguments), "linear_regression")


def test_a_counterexample_in_rows_can_be_typed_in() -> None:
    report = backproof.check(in_rows, "linear_regression", convention="rows", cases=FEW)
    assert report.convention == "examples are rows"
    assert report.gradients["dw"].verdict == "right"
    shown = report.gradients["db"].counterexample
    assert shown is not None
    n, d = shown.arrays["x"].shape
    assert n > 1
    assert shown.arrays["w"].shape == (d, 1)
    dw, db = in_rows(*(shown.arrays[name] for name in ("w", "b", "x", "y")))
    assert dw.shape == shown.arrays["w"].shape
    np.testing.assert_array_equal(db, shown.actual)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"model": "mpl"}, "did you mean 'mlp'"),
        ({"model": "mlp", "activation": "tnh"}, "did you mean 'tanh'"),
        ({"model": "mlp", "reduction": "max"}, "expected one of mean, sum"),
        ({"model": "mlp", "convention": "row", "activation": "tanh"}, "did you mean 'rows'"),
        ({"model": "mlp"}, "tell it with activation= "),
        ({"model": "mlp", "cases": 0}, "cases=0: expected how many"),
        ({"model": "mlp", "cases": True}, "cases=True"),
        ({"model": "mlp", "cases": 10**30}, "between 1 and 1,000,000"),
        ({"model": "mlp", "seed": -1}, "seed=-1: expected"),
        ({"model": "linear_regression"}, "takes W2, b2 as well"),
    ],
)
def test_what_is_told_wrong_is_said_in_words(arguments: Any, words: str) -> None:
    def backward(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
        return helper(W1, b1, W2, b2, x, y)  # type: ignore[name-defined] # noqa: F821

    with pytest.raises(ValueError, match=words):
        backproof.check(backward, **arguments)


def test_the_seed_decides_the_cases() -> None:
    one, same, other = (
        backproof.check(linear, "linear_regression", cases=FEW, seed=seed) for seed in (1, 1, 2)
    )
    assert one.gradients == same.gradients
    assert one.gradients != other.gradients


def test_lines_of_a_notebook_are_said_with_their_cell(tmp_path: Any) -> None:
    def problem(*cells: str) -> str:
        path = tmp_path / "homework.ipynb"
        path.write_text(
            json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]})
        )
        return backproof.check_file(path, Settings(), cases=FEW).problem or ""

    told = "\n@backproof.derivation(modle='mlp')\ndef backward(w, b, x, y): return w, b"
    assert "homework.ipynb, cell 2, line 2: @backproof.derivation: unknown key" in problem(
        "import backproof", told
    )
    loop = "\nfor i in range(9):\n    W -= 0.1 * (f(W @ X) - Y) @ X.T\n    b -= 0.1 * unknown(b)"
    assert problem("W = b = X = Y = 1", loop).startswith("the loop in cell 2, line 2: ")


def test_a_file_never_raises(tmp_path: Any) -> None:
    report = backproof.check_file(tmp_path / "nothing.py", Settings(), cases=FEW)
    assert report.verdict == "unread"
    assert "there is no file" in (report.problem or "")


PIECES = """
import numpy as np

def relu_backward(dA, Z):
    return dA * (Z > 0)

def sigmoid_backward(dA, Z):
    s = 1 / (1 + np.exp(-Z))
    return dA * s(1 - s)
"""


def test_a_file_is_not_right_when_some_of_its_pieces_do_not_run(tmp_path: Any) -> None:
    path = tmp_path / "pieces.py"
    path.write_text(PIECES)
    broken = backproof.check_file(path, cases=FEW)
    assert (broken.verdict, len(broken.functions)) == ("undecided", 1)
    assert "sigmoid_backward" in (broken.problem or "")
    path.write_text(PIECES.replace("s(1", "s * (1"))
    assert backproof.check_file(path, cases=FEW).verdict == "right"


def test_files_are_read_one_at_a_time(tmp_path: Any) -> None:
    """CPython 3.11 raises SystemError when a collection lets another thread parse meanwhile."""
    path = tmp_path / "long.py"
    path.write_text("z = " + " + ".join(["x"] * 600) + "\nclass A: pass\n" * 400)

    def give_way(*_: Any) -> None:
        os.sched_yield()

    gc.callbacks.append(give_way)
    try:
        with ThreadPoolExecutor(4) as pool:
            read = list(pool.map(lambda _: backproof.check_file(path, cases=1), range(60)))
    finally:
        gc.callbacks.remove(give_way)
    assert {one.verdict for one in read} == {"unread"}
