"""From records on disk to what `backproof compare` prints and exits with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import backproof
from backproof.cli import main
from comparison.faulty_runs import stretched
from comparison.made_runs import Gradient, Task, by_hand, task


def recorded(
    folder: Path, asked: Task, gradient: Gradient = by_hand, backend: str = "numpy"
) -> str:
    """A loop as somebody writes it, with our record in it."""
    now, rate = dict(asked.start), np.float32(asked.rate)
    with backproof.record(
        folder,
        model=asked.model.name,
        activation=asked.activation,
        x=asked.x,
        y=asked.y,
        learning_rate=asked.rate,
        steps=asked.steps,
        backend=backend,
    ) as run:
        for number in range(asked.steps):
            told = gradient(asked, number, now, asked.x, asked.y)
            loss = float(np.mean(now["W2"]))
            run.step(now, told, loss)
            now = {name: now[name] - rate * told[name] for name in now}
        run.end(now)
    return str(folder)


def test_a_fault_is_told_with_its_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = task()
    right = recorded(tmp_path / "right", asked)
    again = recorded(tmp_path / "again", asked)
    wrong = recorded(tmp_path / "wrong", asked, stretched({"b2": 2.0}))
    assert main(["compare", right, again]) == 0
    assert "bitwise equal" in capsys.readouterr().out
    assert main(["compare", right, wrong, "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["pairs"][0]["verdict"] == "systematic"
    (fault,) = told["runs"][1]["faults"]
    assert (fault["cause"], fault["tensors"], fault["first"]) == ("factor", ["b2"], 0)
    assert fault["size"] == pytest.approx(2.0)


def test_what_cannot_be_compared_exits_with_2_and_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = recorded(tmp_path / "right", task(steps=3))
    other = recorded(tmp_path / "other", task(steps=3, seed=5))
    assert main(["compare", right]) == 2
    assert "two runs at least" in capsys.readouterr().err
    assert main(["compare", right, str(tmp_path)]) == 2
    assert "is not a record of a run" in capsys.readouterr().err
    assert main(["compare", right, other]) == 2
    assert "different data" in capsys.readouterr().err
    (tmp_path / "other" / "data.npz").write_bytes(b"")
    assert main(["compare", right, other]) == 2
    assert "data.npz" in capsys.readouterr().err


def test_many_seeds_are_held_to_what_the_reader_would_mind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = []
    for seed in range(5):
        start = task(steps=3, seed=seed).start
        asked = task(steps=3)._replace(start=start)
        for backend, factor in (("numpy", 1.0), ("other", 1.01)):
            folder = tmp_path / f"{backend}{seed}"
            folders.append(recorded(folder, asked, stretched({"W2": factor}), backend))
    assert main(["compare", "--equivalent-within", "0.1", *folders]) == 0
    assert "numpy and other: equivalent within 0.1" in capsys.readouterr().out
    assert main(["compare", "--equivalent-within", "1e-12", *folders]) in (1, 3)
