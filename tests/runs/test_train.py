"""Runs that are trained and recorded, killed and gone on with, stopped and refused."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import backproof
from backproof import runs
from backproof.cli import main
from backproof.reading.told import Unreadable
from backproof.runs import arrays, record
from backproof.runs.environment import differences, environment
from backproof.runs.reader import schema
from backproof.runs.record import sampled_steps
from backproof.runs.summary import summary
from backproof.runs.train import Settings, resume, run

IRIS = Settings("mlp_softmax", "iris", "reference", "tanh", (5,), 0.3, 300, 16, scale=0.5)
FULL = Settings("mlp", "breast_cancer", "jax", "tanh", (8,), 0.3, 60)  # that JAX lays otherwise


def bits(of: runs.Run) -> dict[str, Any]:
    """The digests of every array, by file."""
    return dict(of.description["files"])


@pytest.mark.parametrize("backend", ["reference", "jax"])
def test_a_run_is_recorded(tmp_path: Path, backend: str) -> None:
    done = run(replace(IRIS, backend=backend), tmp_path / "a")
    told = done.description
    jsonschema.validate(told, schema())
    assert told["status"] == "complete"
    assert told["checkpoint"] is None
    assert not list((tmp_path / "a").glob("checkpoint*"))
    assert len(done.losses) == len(done.curves["gradient_norms"]) == 300
    assert done.steps == sampled_steps(128, 300)
    assert done.losses[-1] < 0.3 < done.losses[0]
    assert done.curves["accuracy"][-1] > 0.8
    assert done.curves["evaluated"][-1] == 300
    assert np.trace(done.curves["confusion"]) / 30 == done.curves["accuracy"][-1]
    assert done.curves["confusion"].sum() == told["held_out"] == 30
    for t in done.steps:
        step = done.step(t)
        assert step.after is not None
        assert step.batch is not None
        for p, before in step.before.items():
            move = np.float32(0.3) * step.gradients[p]
            np.testing.assert_allclose(step.after[p], before - move, rtol=3e-7, atol=1e-9)
        squares = sum(
            float(np.sum(np.square(g, dtype=np.float64))) for g in step.gradients.values()
        )
        assert done.curves["gradient_norms"][t] == pytest.approx(squares**0.5, rel=1e-5)


def test_all_backends_start_alike_and_see_the_same_batches(tmp_path: Path) -> None:
    one, other = (run(replace(IRIS, backend=b), tmp_path / b) for b in ("reference", "jax"))
    for name in ("parameters/00000000.npz", "data.npz"):
        assert bits(one)[name] == bits(other)[name]
    for t in one.steps:
        np.testing.assert_array_equal(one.step(t).batch, other.step(t).batch)
    np.testing.assert_allclose(one.losses, other.losses, rtol=1e-3)


def test_every_epoch_takes_each_example_once(tmp_path: Path) -> None:
    done = run(replace(IRIS, steps=8), tmp_path / "a")
    taken = np.concatenate([done.step(t).batch for t in range(8)])
    assert sorted(taken.tolist()) == list(range(120))


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from dataclasses import replace
from runs.test_train import IRIS
from backproof.runs import record, train
taken, written = record.Recorder.checkpoint, []
def checkpoint(self, parameters):
    taken(self, parameters)
    written.append(self.steps)
passed = record.Recorder.passed
def killed(self, losses):
    passed(self, losses)
    if self.steps > 170:
        print(written[-1], flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
record.Recorder.checkpoint, record.Recorder.passed = checkpoint, killed
train.run(replace(IRIS, backend={backend!r}, checkpoint=20, data={data!r}), {out!r})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
@pytest.mark.parametrize("backend", ["reference", "jax"])
def test_a_killed_run_goes_on_to_the_same_bits(tmp_path: Path, backend: str) -> None:
    tests, out = str(Path(__file__).parents[1]), str(tmp_path / "killed")
    code = KILLED.format(tests=tests, backend=backend, out=out, data="iris")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    left = runs.read(out)
    assert left.description["status"] == "running"
    assert left.description["checkpoint"] == int(done.stdout) == 160
    assert len(left.losses) > 160
    finished = resume(out)
    whole = run(replace(IRIS, backend=backend, checkpoint=20), tmp_path / "whole")
    assert bits(finished) == bits(whole)
    assert [one["at"] for one in finished.description["resumed"]] == [160]
    assert "  gone on at step 160\n" in summary(finished)
    on_disk = {str(p.relative_to(out)) for p in Path(out).rglob("*.npz")}
    assert on_disk == set(bits(finished))


def test_what_differs_between_two_environments_is_named() -> None:
    here = environment()
    there = here | {"machine": "abacus", "versions": here["versions"] | {"numpy": "1", "mlx": "2"}}
    assert differences(here, here) == []
    assert differences(here, here | {"processor": "abacus"}) == ["processor"]
    assert differences(here, there) == ["numpy", "machine"]


@pytest.mark.parametrize("of", [IRIS, FULL], ids=["batches", "full"])
def test_how_often_checkpoints_are_taken_moves_nothing(tmp_path: Path, of: Settings) -> None:
    of = replace(of, backend="jax", steps=60)
    one, other = (run(replace(of, checkpoint=c), tmp_path / str(c)) for c in (7, 60))
    assert one.final is not None
    assert other.final is not None
    assert one.losses.tolist() == other.losses.tolist()
    assert all(one.final[p].tobytes() == other.final[p].tobytes() for p in one.final)


@pytest.mark.parametrize("backend", ["reference", "jax"])
def test_a_loss_that_is_not_finite_stops_the_run(
    tmp_path: Path, backend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "a")
    told = ["--data", "breast_cancer", "--as-is", "--activation", "relu", "--steps", "500"]
    told += ["--learning-rate", "1e30", "--backend", backend, "--out", out]
    assert main(["train", "mlp", *told]) == 1
    done = runs.read(out)
    step = done.description["first_not_finite"]
    assert done.description["status"] == "stopped"
    assert len(done.losses) == step + 1 == len(done.curves["gradient_norms"])
    assert np.isfinite(done.losses[:-1]).all()
    assert f"at step {step}" in done.description["reason"]
    assert f"at step {step}" in capsys.readouterr().out
    assert main(["train", "--resume", "--out", out]) == 2
    assert "start anew with a smaller --learning-rate" in capsys.readouterr().err


def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replaced, left = os.replace, [150]

    def full(source: str, target: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replaced(source, target)

    told = ["--data", "iris", "--backend", "reference", "--steps", "200", "--out"]
    out = str(tmp_path / "a b")
    monkeypatch.setattr(os, "replace", full)
    assert main(["train", "mlp_softmax", *told, out]) == 2
    monkeypatch.undo()
    said = capsys.readouterr().err
    assert "cannot be written: No space left on device" in said
    assert f"go on with: backproof train --resume --out '{out}'" in said
    assert main(["train", "--resume", "--out", out]) == 0
    assert main(["train", "mlp_softmax", *told, str(tmp_path / "b")]) == 0
    assert bits(runs.read(out)) == bits(runs.read(tmp_path / "b"))


def test_data_too_large_for_the_record_are_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backproof.runs.record.DATA_STORED", 100)
    done = run(replace(IRIS, steps=5), tmp_path / "a")
    assert not (tmp_path / "a" / "data.npz").exists()
    x, _ = done.data()
    assert arrays.described(x) == done.description["data"]["arrays"]["x"]


def test_what_cannot_be_gone_on_with_is_said(tmp_path: Path) -> None:
    run(replace(IRIS, steps=5), tmp_path / "a")
    with pytest.raises(Unreadable, match="is complete: 5 steps"):
        resume(tmp_path / "a")
    x, y = np.zeros((2, 3)), np.zeros((1, 3))
    with backproof.record(tmp_path / "b", model="mlp", x=x, y=y, learning_rate=0.1):
        pass
    with pytest.raises(Unreadable, match="was recorded by another loop"):
        resume(tmp_path / "b")
    with pytest.raises(Unreadable, match=r"has no run\.json"):
        resume(tmp_path / "c")


def test_a_run_that_still_goes_on_is_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings("mlp", "xor", backend="reference", steps=9)
    real = record.Recorder.passed
    met: list[str] = []

    def meanwhile(self: record.Recorder, losses: Any) -> None:
        met.append("")
        with pytest.raises(Unreadable, match="another process is writing this record"):
            resume(tmp_path / "a")
        real(self, losses)

    monkeypatch.setattr(record.Recorder, "passed", meanwhile)
    monkeypatch.setattr(record, "MOST", 4)
    done = run(settings, tmp_path / "a")
    assert met
    assert done.description["status"] == "complete"


def test_other_data_are_not_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(f"{i},{i % 2}" for i in range(20)))
    monkeypatch.chdir(tmp_path)

    def stop(text: str) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        run(Settings("mlp", "t.csv", "reference"), tmp_path / "a", stop)
    monkeypatch.chdir("/")
    resumed = runs.read(tmp_path / "a")
    assert resumed.description["status"] == "stopped"
    path.write_text("\n".join(f"{i + 5 * (i > 3)},{i % 2}" for i in range(20)))
    with pytest.raises(Unreadable, match=r"t\.csv is not what .*a was begun with: x differs"):
        resume(tmp_path / "a")
    path.write_text("\n".join(f"{i},{i % 2}" for i in range(20)))
    assert resume(tmp_path / "a").description["status"] == "complete"


@pytest.mark.parametrize("model", ["linear_regression", "logistic_regression", "mlp3"])
def test_other_models_are_trained(tmp_path: Path, model: str) -> None:
    told = ["--data", "moons", "--steps", "20", "--backend", "reference", "--batch", "50"]
    told += ["--precision", "float64", "--out", str(tmp_path / "a")]
    assert main(["train", model, *told]) == 0
    done = runs.read(tmp_path / "a")
    assert done.dtype == "float64"
    assert bool(done.description["classes"]) == (model != "linear_regression")


def test_bfloat16_is_kept_as_bits(tmp_path: Path) -> None:
    done = run(replace(IRIS, backend="jax", dtype="bfloat16", steps=10), tmp_path / "a")
    assert done.initial["W1"].dtype.name == "bfloat16"
    raw = np.load(tmp_path / "a" / "parameters" / "00000000.npz")["W1"]
    assert raw.dtype == np.uint16


BAD: list[tuple[list[str], str]] = [
    (["mlp"], "train needs a MODEL and --data FILE"),
    (["mpl", "--data", "xor"], "model='mpl': expected one of"),
    (["mlp", "--data", "nowhere.csv"], "nowhere.csv cannot be read: No such file"),
    (["mlp", "--data", "iris"], "labels of 3 classes (setosa, versicolor, virginica); expected 2"),
    (["mlp", "--data", "xor", "--activation", "tan"], "did you mean 'tanh'?"),
    (["mlp", "--data", "xor", "--hidden", "x"], "--hidden x: expected such as 8, or 8,4"),
    (["mlp", "--data", "xor", "--hidden", "3,4"], "expected one number, or one for each hidden"),
    (["mlp", "--data", "xor", "--learning-rate", "-1"], "learning_rate=-1.0: expected a positive"),
    (["mlp", "--data", "xor", "--learning-rate", "nan"], "learning_rate=nan: expected a positive"),
    (["mlp", "--data", "xor", "--steps", "0"], "steps=0: expected a whole number from 1"),
    (["mlp", "--data", "xor", "--batch", "5"], "batch=5: expected a whole number from 1 to n=4"),
    (["mlp", "--data", "xor", "--seed", "-1"], "seed=-1: expected a whole number from 0"),
    (["mlp", "--data", "xor", "--checkpoint", "-1"], "checkpoint=-1: expected a whole number"),
    (["mlp", "--data", "xor", "--scale", "0"], "scale=0.0: expected a positive number"),
    (["mlp", "--data", "xor", "--products", "max"], "products='max': expected one of highest"),
    (["mlp", "--data", "xor", "--backend", "jaxx"], "did you mean 'jax'?"),
    (["mlp", "--data", "xor", "--hidden", "999999999", "--steps", "9"], "3,999,999,997 parameters"),
    (["mlp", "--data", "xor", "--steps", "99999999999999"], "1,490,116 GB or more, which this"),
    (["mlp", "--data", "xor", "--held-out", "2"], "--held-out 2: expected a share"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "words"), BAD)
def test_bad_input_is_named_and_nothing_is_written(
    told: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *told, "--out", str(tmp_path / "a")]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    assert not (tmp_path / "a").exists()


def test_no_run_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    assert main(["train", "mlp", "--data", "xor", "--out", str(tmp_path)]) == 2
    assert "is there already; choose another folder" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["kept.txt"]


def test_a_harmed_record_is_refused_by_resume(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(replace(IRIS, steps=5), tmp_path / "a")
    path = tmp_path / "a" / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"status": "running"}))
    assert main(["train", "--resume", "--out", str(tmp_path / "a")]) == 2
    assert "was changed since it was written" in capsys.readouterr().err
