"""What `train` prints of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.notation import MODELS
from backproof.runs.scores import accuracy, confusion
from backproof.runs.summary import summary
from backproof.runs.train import Settings, run


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=20))
def test_a_confusion_matrix_counts_each_example_once(pairs: list[tuple[int, int]]) -> None:
    truth, taken = np.array([*zip(*pairs, strict=True)] or [[], []], int).reshape(2, -1)
    at = (MODELS["softmax_regression"], "sigmoid")
    predictor = {"W": 9.0 * np.eye(3), "b": np.zeros((3, 1))}
    x, y = np.eye(3)[:, taken], np.eye(3)[:, truth]
    counts = confusion(at, predictor, x, y)
    for i, j in np.ndindex(3, 3):
        assert counts[i, j] == pairs.count((i, j))
    share = accuracy(at, predictor, x, y)
    assert share == np.mean(truth == taken) if pairs else np.isnan(share)


@pytest.mark.parametrize("steps", [1, 2, 300])
def test_the_curve_starts_and_ends_with_the_run(tmp_path: Path, steps: int) -> None:
    told = Settings("mlp_softmax", "iris", "reference", steps=steps, learning_rate=0.5, scale=0.5)
    done = run(told, tmp_path / "a")
    lines = summary(done).splitlines()
    rows = lines[3 : next(at for at, line in enumerate(lines) if "held out, each" in line)]
    shown = [int(row.split()[0].replace(",", "")) for row in rows]
    assert shown == sorted(set(shown))
    assert (shown[0], shown[-1]) == (0, steps)
    assert len(shown) <= 8
    assert rows[0].split()[1] == f"{done.losses[0]:.6g}"
    assert rows[-1].split()[-1] == f"{done.curves['accuracy'][-1]:.3f}"
    assert [name in lines[-5] for name in done.description["classes"]] == [True] * 3


def test_numbers_have_no_classes(tmp_path: Path) -> None:
    done = run(Settings("linear_regression", "moons", "reference", steps=9), tmp_path / "a")
    assert "held out" not in summary(done)
    assert "accuracy" not in summary(done)
