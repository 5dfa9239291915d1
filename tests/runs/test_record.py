"""A record reads back as what was written, to the bit, or is refused in words."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import jsonschema
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backproof
from backproof import runs
from backproof.comparison.records import loaded
from backproof.notation import MODELS
from backproof.reading.told import Unreadable
from backproof.runs import arrays
from backproof.runs.description import as_json
from backproof.runs.environment import environment
from backproof.runs.reader import schema
from backproof.runs.record import FEWEST, MOST, sampled_steps

X = np.random.default_rng(0).normal(size=(3, 7)).astype(np.float32)
Y = (np.arange(7)[None, :] % 2).astype(np.float32)
TOLD: dict[str, Any] = {"model": "mlp", "x": X, "y": Y, "learning_rate": 0.1, "activation": "tanh"}
SIZES = {"d": 3, "h": 2, "n": 7}


def drawn(step: int, dtype: Any = np.float32) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(step)
    model = MODELS["mlp"]
    return {p: rng.normal(size=model.shape(p, SIZES)).astype(dtype) for p in model.parameters}


def recorded(folder: Path, length: int = 40, dtype: Any = np.float32, **more: Any) -> Path:
    told = TOLD | ({"x": X.astype(dtype)} if dtype != np.float64 else {}) | more
    with backproof.record(folder, **told) as run:
        for t in range(length):
            run.step(drawn(t, dtype), drawn(-t % 1000, dtype), 1.0 / (t + 1), batch=[t % 7, 3])
        run.end(drawn(length, dtype))
    return folder


@given(st.integers(FEWEST, MOST), st.integers(1, 10**7))
def test_sampled_steps_start_at_once_and_reach_the_last(count: int, steps: int) -> None:
    sampled = sampled_steps(count, steps)
    assert list(sampled) == sorted(set(sampled))
    assert len(sampled) <= count
    assert sampled[0] == 0
    assert sampled[-1] == steps - 1
    assert sampled[: min(count, steps) // 4] == tuple(range(min(count, steps) // 4))


DTYPES = st.sampled_from([np.float16, np.float32, np.float64, ml_dtypes.bfloat16, np.int64])


@given(DTYPES, st.lists(st.integers(0, 3), max_size=3), st.binary(min_size=216, max_size=216))
def test_any_bits_come_back(
    tmp_path_factory: pytest.TempPathFactory, dtype: Any, shape: list[int], raw: bytes
) -> None:
    size = int(np.prod(shape))
    array = np.frombuffer(raw, dtype)[:size].reshape(shape)
    path = tmp_path_factory.mktemp("bits") / "a.npz"
    told = arrays.write(path, {"a": array, "turned": array.T})
    read = arrays.read(path, json.loads(json.dumps(told)))
    assert read["a"].dtype == array.dtype
    assert read["a"].tobytes() == array.tobytes()
    assert read["turned"].shape == array.T.shape
    assert arrays.digest(array) == arrays.digest(array.astype(array.dtype, order="F"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, ml_dtypes.bfloat16])
def test_a_record_reads_as_it_was_written(tmp_path: Path, dtype: Any) -> None:
    run = runs.read(recorded(tmp_path / "a", 300, dtype, steps=300))
    assert run.description["status"] == "complete"
    assert run.dtype == np.dtype(dtype).name
    assert run.losses.tolist() == [1.0 / (t + 1) for t in range(300)]
    assert run.steps == sampled_steps(MOST, 300)
    for t in run.steps:
        step = run.step(t)
        assert list(step.before) == list(MODELS["mlp"].parameters)
        assert step.after is not None
        for p in step.before:
            assert step.before[p].dtype == np.dtype(dtype)
            assert step.before[p].tobytes() == drawn(t, dtype)[p].tobytes()
            assert step.after[p].tobytes() == drawn(t + 1, dtype)[p].tobytes()
            assert step.gradients[p].tobytes() == drawn(-t % 1000, dtype)[p].tobytes()
        assert step.batch is not None
        assert step.batch.tolist() == [t % 7, 3]
    assert run.final is not None
    x, y = run.data()
    assert x.tobytes() == (X if dtype == np.float64 else X.astype(dtype)).tobytes()
    assert y.tobytes() == Y.tobytes()


def test_run_json_follows_the_published_schema(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "a", 50, program="module {}", seeds={"batches": 3})
    said = json.loads((folder / "run.json").read_bytes())
    jsonschema.validate(said, schema())
    assert (folder / "step.mlir").read_text() == "module {}"
    assert said["environment"]["versions"]["numpy"] == np.__version__
    on_disk = {str(p.relative_to(folder)) for p in folder.rglob("*.npz")}
    assert on_disk == set(said["files"])


def test_biases_may_have_one_axis_and_gradients_a_d(tmp_path: Path) -> None:
    first = drawn(1)
    flat = {p: v.ravel() if p.startswith("b") else jnp.asarray(v) for p, v in first.items()}
    with backproof.record(tmp_path / "a", **TOLD) as run:
        run.step(flat, {f"d{p}": v for p, v in flat.items()}, np.float32(0.5))
    step = runs.read(tmp_path / "a").step(0)
    assert step.after is None
    assert step.batch is None
    assert all(step.gradients[p].tobytes() == first[p].tobytes() for p in first)


def test_what_is_not_sampled_is_not_looked_at(tmp_path: Path) -> None:
    with backproof.record(tmp_path / "a", **TOLD, steps=1000) as run:
        for t in range(1000):
            if run.samples_next:
                run.step(drawn(t), drawn(t), 1.0)
            elif t - 1 in run.sampled:
                run.step(drawn(t), {}, 1.0)
            else:
                run.step({}, {}, 1.0)
    assert runs.read(tmp_path / "a").steps == run.sampled


def test_a_budget_is_kept_to(tmp_path: Path) -> None:
    recorded(tmp_path / "a", 400, budget=8192, steps=400)
    recorded(tmp_path / "b", 400, budget=1, steps=400)
    kept = runs.read(tmp_path / "a").steps
    assert FEWEST < len(kept) < MOST
    assert kept[-1] == 399
    assert len(runs.read(tmp_path / "b").steps) == FEWEST


def test_a_block_that_raises_leaves_a_record_that_says_so(tmp_path: Path) -> None:
    def loop() -> None:
        with backproof.record(tmp_path / "a", **TOLD) as run:
            run.step(drawn(0), drawn(0), float("nan"))
            raise ZeroDivisionError("oh no")

    with pytest.raises(ZeroDivisionError):
        loop()
    read = runs.read(tmp_path / "a")
    assert read.description["status"] == "stopped"
    assert read.description["reason"] == "ZeroDivisionError: oh no"
    assert read.description["first_not_finite"] == 0
    assert np.isnan(read.losses[0])


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from runs.test_record import TOLD, drawn
import backproof
with backproof.record({folder!r}, **TOLD, steps=5000) as run:
    for t in range(5000):
        if t == 777:
            os.kill(os.getpid(), signal.SIGKILL)
        run.step(drawn(t), drawn(t), 1.0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_a_killed_process_leaves_what_was_flushed(tmp_path: Path) -> None:
    tests = str(Path(__file__).parents[1])
    code = KILLED.format(tests=tests, folder=str(tmp_path / "a"))
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    run = runs.read(tmp_path / "a")
    assert run.description["status"] == "running"
    before = [t for t in sampled_steps(MOST, 5000) if t < 777]
    assert run.steps == tuple(before)
    assert before[-1] < len(run.losses) <= 777
    assert run.step(before[0]).after is not None


def test_a_full_disk_is_said_in_words_and_the_rest_still_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def loop() -> None:
        with backproof.record(tmp_path / "a", **TOLD) as run:
            run.step(drawn(0), drawn(0), 1.0)
            monkeypatch.setattr(os, "replace", full)
            run.step(drawn(1), drawn(1), 1.0)

    words = r"1.npz cannot be written: No space left on device; the record reads up to step 1"
    with pytest.raises(OSError, match=words):
        loop()
    monkeypatch.undo()
    assert runs.read(tmp_path / "a").steps == (0,)
    assert not list((tmp_path / "a").rglob("*.part"))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"NUMPY") + 130] ^= 1
    path.write_bytes(raw)


def _swap(path: Path) -> None:
    shutil.copy(path.with_name("00000002.npz"), path)


def _one_array(path: Path) -> None:
    with open(path, "wb") as file:
        np.save(file, X)


@pytest.mark.parametrize(
    ("file", "harm", "words"),
    [
        ("run.json", _cut, "damaged or cut short"),
        ("run.json", Path.unlink, "is not a record of a run: it has no run.json"),
        ("data.npz", _cut, "data.npz is damaged or cut short"),
        ("data.npz", Path.unlink, "data.npz is missing"),
        ("gradients/00000001.npz", _flip, "gradients/00000001.npz"),
        ("parameters/00000001.npz", _swap, "W1 is not what was recorded; its SHA-256 differs"),
        ("data.npz", _one_array, "data.npz holds one array; expected an NPZ file of several"),
        ("step.mlir", _cut, "step.mlir is not what was recorded"),
        ("step.mlir", Path.unlink, "step.mlir cannot be read: No such file"),
    ],
)
def test_what_was_harmed_is_refused_in_words(
    tmp_path: Path, file: str, harm: Any, words: str
) -> None:
    folder = recorded(tmp_path / "a", program="x" * 100)
    harm(folder / file)
    with pytest.raises(Unreadable, match=words):
        runs.read(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"learning_rate": 0.2}, "was changed since it was written; its digest differs"),
        ({"version": 9}, "is of version 9, and this backproof reads version 1"),
        ({"format": "other"}, "is not a record of a run: it lacks"),
    ],
)
def test_a_changed_description_is_refused(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    path = recorded(tmp_path / "a") / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(Unreadable, match=words):
        runs.read(path.parent)


@given(st.data())
def test_any_part_missing_or_of_another_kind_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = recorded(tmp_path_factory.mktemp("a") / "a", 2)
    said = json.loads((folder / "run.json").read_text())
    key = data.draw(st.sampled_from(["files", "model", "program", "data", "steps", "sampled"]))
    said[key] = data.draw(st.sampled_from([None, 3, "x", [1], {"a": 1}]))
    (folder / "run.json").write_bytes(as_json(said))
    with contextlib.suppress(Unreadable):
        runs.read(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rate": "x"},
        {"activation": "zz"},
        {"dtype": "int9"},
        {"seeds": None},
        {"model": "mlp3"},
    ],
)
def test_a_description_with_a_digest_of_its_own_is_not_trusted(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    folder = recorded(tmp_path / "a", 2, batch_size=2)
    said = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_bytes(as_json(said | change))
    with pytest.raises(Unreadable, match="does not follow its schema"):
        loaded(folder, "a")


def test_large_data_stays_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backproof.runs.record.DATA_STORED", 50)
    with pytest.raises(ValueError, match=r"np.savez\(path, x=x, y=y\), and pass data_path=path"):
        recorded(tmp_path / "a")
    np.savez(tmp_path / "xy.npz", x=X, y=Y)
    folder = recorded(tmp_path / "a", data_path=tmp_path / "xy.npz")
    assert not (folder / "data.npz").exists()
    assert runs.read(folder).data()[0].tobytes() == X.tobytes()
    (tmp_path / "xy.npz").rename(tmp_path / "moved.npz")
    with pytest.raises(Unreadable, match=r"xy\.npz cannot be read"):
        runs.read(folder).data()
    assert runs.read(folder).data(tmp_path / "moved.npz")[1].tobytes() == Y.tobytes()
    np.savez(tmp_path / "moved.npz", x=X + 1, y=Y)
    with pytest.raises(Unreadable, match=r"x is not what .* was trained on"):
        runs.read(folder).data(tmp_path / "moved.npz")


GOOD = (drawn(0), drawn(1), 0.5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda run: run.step({"W": 1}, *GOOD[1:]), r"parameters: \['W'\]; expected a dict of W1"),
        (lambda run: run.step(GOOD[0], {"W": 1}, 0.5), r"gradients: \['W'\]; expected a dict of d"),
        (
            lambda run: run.step(GOOD[0] | {"W1": drawn(0)["W1"].T}, *GOOD[1:]),
            "turned it fits: pass `W1.T`",
        ),
        (
            lambda run: run.step(GOOD[0], GOOD[1] | {"b1": np.ones(5, np.float32)}, 0.5),
            r"db1: float32\[5,1\]; expected \(h, 1\) with h=2",
        ),
        (lambda run: run.step(*GOOD[:2], [1, 2]), "loss: list; expected one number"),
        (
            lambda run: run.step(*GOOD, batch=[7]),
            r"batch: int64\[1\]; expected whole numbers below",
        ),
        (lambda run: run.step(*GOOD, batch=[0.5]), "batch: float64"),
        (lambda run: run.step(drawn(0, np.float64), *GOOD[1:]), "expected one type"),
        (lambda run: run.step(*[drawn(0, np.float16)] * 2, 0.5), "x: float32, parameters: float16"),
        (lambda run: run.step(*[drawn(0, np.longdouble)] * 2, 0.5), "expected bfloat16, float16"),
        (lambda run: run.step(None, *GOOD[1:]), "parameters: NoneType; expected a dict of W1"),
        (lambda run: run.step(GOOD[0], [*GOOD[1].values()], 0.5), "gradients: list; expected"),
        (lambda run: run.step(GOOD[0], {1: 2}, 0.5), r"gradients: \[1\]; expected a dict of dW1"),
        (lambda run: run.step(GOOD[0], GOOD[1] | {"dW1": GOOD[1]["W1"]}, 0.5), "'W1', .* 'dW1'"),
        (lambda run: run.step(GOOD[0] | {"W1": [[1], [2, 3]]}, *GOOD[1:]), "^W1: NumPy makes no"),
        (lambda run: run.step(*GOOD[:2], 10**400), "loss: int; expected one number"),
    ],
)
def test_a_step_that_does_not_fit_is_named(tmp_path: Path, call: Any, words: str) -> None:
    run = backproof.record(tmp_path / "a", **TOLD)
    with pytest.raises(ValueError, match=words):
        call(run)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"model": "mpl"}, "did you mean 'mlp'"),
        ({"model": "linear_piece"}, "model='linear_piece': expected one of"),
        ({"x": X.T}, "examples are columns here"),
        ({"x": X.astype(complex)}, r"x: complex128\[3,7\]; expected real numbers"),
        ({"learning_rate": 0}, "learning_rate=0: expected a positive number"),
        ({"batch_size": 8}, "batch_size=8: expected a whole number from 1 to n=7"),
        ({"activation": "tan"}, "did you mean 'tanh'"),
        ({"x": [[1], [2, 3]]}, "^x: NumPy makes no array of this list"),
        ({"device": np.float32(1)}, r"device=np.float32\(1.0\): expected a text"),
        ({"program": b"x"}, "program=b'x': expected a text"),
        ({"seeds": 3}, "seeds=3: expected a dict"),
        ({"seeds": {"batches": -1}}, r"seeds\['batches'\]=-1: expected a whole number from 0"),
        ({"compile_seconds": float("nan")}, "compile_seconds=nan: expected seconds"),
        ({"budget": 1e8}, "budget=100000000.0: expected a whole number"),
    ],
)
def test_a_record_that_does_not_fit_is_named(
    tmp_path: Path, bad: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        backproof.record(tmp_path / "a", **(TOLD | bad))
    assert not (tmp_path / "a").exists()


def test_numbers_of_numpy_are_taken_for_settings(tmp_path: Path) -> None:
    more = {"batch_size": np.int64(2), "steps": np.int64(9), "seeds": {"batches": np.uint32(1)}}
    told = runs.read(recorded(tmp_path / "a", 9, compile_seconds=np.float32(1), **more)).description
    assert (told["batch_size"], told["planned_steps"], told["seeds"]) == (2, 9, {"batches": 1})


def test_parameters_that_become_another_type_are_refused_at_once(tmp_path: Path) -> None:
    run = backproof.record(tmp_path / "a", **TOLD)
    run.step(*GOOD)
    with pytest.raises(ValueError, match=r"dW1: float64\[2,3\]; expected float32, as at the first"):
        run.step(drawn(0, np.float64), drawn(1, np.float64), 0.5)
    assert len(runs.read(tmp_path / "a").losses) == 1


@pytest.mark.parametrize(("name", "words"), [("b" * 300, "File name too long"), ("f/c", "")])
def test_a_folder_that_cannot_be_is_said(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "f").write_text("")
    with pytest.raises((ValueError, OSError), match=words or "f/c/data.npz cannot be written"):
        backproof.record(tmp_path / name, **TOLD)
    with pytest.raises(Unreadable, match=words or "f/c is a file"):
        runs.read(tmp_path / name)


def test_no_record_is_written_over(tmp_path: Path) -> None:
    recorded(tmp_path / "a")
    with pytest.raises(ValueError, match="is there already; choose another folder"):
        backproof.record(tmp_path / "a", **TOLD)


def test_recording_imports_no_jax() -> None:
    code = "import sys, backproof.runs.record\nsys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_loop_of_pytorch_is_recorded(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    held = {p: torch.tensor(v, requires_grad=True) for p, v in drawn(0).items()}
    small = {p: v.detach().to(torch.bfloat16) for p, v in held.items()}
    with backproof.record(tmp_path / "a", **TOLD) as run:
        run.step(held, held, held["b2"].sum(), batch=torch.tensor([1, 2]))
    assert runs.read(tmp_path / "a").step(0).before["W1"].tobytes() == drawn(0)["W1"].tobytes()
    x = torch.tensor(X).to(torch.bfloat16)
    with backproof.record(tmp_path / "b", **(TOLD | {"x": x})) as run:
        run.step(small, small, 0.5)
    read = runs.read(tmp_path / "b").step(0).before["W1"]
    assert read.tobytes() == drawn(0, ml_dtypes.bfloat16)["W1"].tobytes()


def test_no_secret_of_another_tool_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_VAR_password", "hush")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "hush")
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=false")
    flags = environment()["flags"]
    assert "XLA_FLAGS" in flags
    assert "hush" not in flags.values()
