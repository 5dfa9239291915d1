"""Several devices, and several processes, compute what one does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backproof.reading.told import Unreadable
from backproof.runs import reader, record, train
from backproof.runs.processes import joined

TESTS = Path(__file__).parents[1]
TRAINED = ("train", "mlp", "--data", "moons", "--activation", "tanh", "--hidden", "6")


def environment(devices: int) -> dict[str, str]:
    flags = f"--xla_force_host_platform_device_count={devices}"
    return {**os.environ, "XLA_FLAGS": flags, "PYTHONPATH": str(TESTS)}


def test_eight_devices_compute_what_one_does_and_export_for_what_is_not_here() -> None:
    command = [sys.executable, "-W", "error", str(TESTS / "runs" / "on_eight_devices.py")]
    done = subprocess.run(command, env=environment(8), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "examples: 8 cpu (cpu), each with some of the examples",
        "examples, not evenly: 8 cpu (cpu), each with some of the examples",
        "examples of mini-batches: 2 cpu (cpu), each with some of the examples",
        "hidden units: 4 cpu (cpu), each with some of the hidden units",
        "the first hidden layer of a deep network: 4 cpu (cpu), each with some of the hidden units",
        "exported",
    ]


def two(first: list[str], second: list[str]) -> list[subprocess.CompletedProcess[str]]:
    """Two processes of two devices each, started alike but for these arguments."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "backproof", *told, "--distributed", f"{address},{index}/2"],
            env=environment(2),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index, told in enumerate((first, second))
    ]
    return [
        subprocess.CompletedProcess(one.args, one.wait(), *told)
        for one in started
        for told in [one.communicate()]
    ]


def test_two_processes_compute_what_one_does_and_the_first_records_it(tmp_path: Path) -> None:
    command = [*TRAINED, "--steps", "12", "--out", str(tmp_path / "two")]
    done = two(command, command)
    assert [one.returncode for one in done] == [0, 0], done[0].stderr + done[1].stderr
    assert done[0].stdout.startswith("mlp on jax, 4 cpu (cpu) of 2 processes, each with some of")
    assert done[1].stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["two"]
    settings = train.Settings("mlp", "moons", activation="tanh", hidden=(6,), steps=12, scale=0.5)
    alone, shared = train.run(settings, tmp_path / "one"), reader.read(tmp_path / "two")
    np.testing.assert_allclose(shared.losses, alone.losses, rtol=1e-5)
    for name, value in alone.step(11).after.items():
        np.testing.assert_allclose(shared.step(11).after[name], value, rtol=1e-4, atol=1e-6)


@pytest.mark.nightly
def test_what_one_process_cannot_do_is_refused_by_both(tmp_path: Path) -> None:
    command = [*TRAINED, "--steps", "12", "--out", str(tmp_path / "two")]
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "something").touch()
    first, second = two(command, command)
    assert (first.returncode, second.returncode) == (2, 2)
    assert "is there already" in first.stderr
    assert "process 0 could not begin, and says why" in second.stderr
    command[-1] = str(tmp_path / "other")
    for done in two(command, [*command, "--seed", "1"]):
        assert done.returncode == 2
        assert "process 1 has other examples, parameters or settings" in done.stderr
    assert not (tmp_path / "other").exists()


@pytest.mark.nightly
def test_two_processes_go_on_from_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = train.Settings(
        "mlp", "moons", activation="tanh", hidden=(6,), steps=400, scale=0.5, checkpoint=50
    )
    real = record.Recorder.passed

    def ended(self: record.Recorder, losses: Any) -> None:
        real(self, losses)
        if self.steps > 200:
            raise KeyboardInterrupt

    monkeypatch.setattr(record.Recorder, "passed", ended)
    with pytest.raises(KeyboardInterrupt):
        train.run(settings, tmp_path / "ended")
    monkeypatch.undo()
    resumed = ["train", "--resume", "--out", str(tmp_path / "ended")]
    done = two(resumed, resumed)
    assert [one.returncode for one in done] == [0, 0], done[0].stderr + done[1].stderr
    gone_on, whole = reader.read(tmp_path / "ended"), train.run(settings, tmp_path / "whole")
    assert [one["changed"] for one in gone_on.description["resumed"]] == [["device", "flags"]]
    np.testing.assert_allclose(gone_on.losses, whole.losses, rtol=1e-5)
    assert gone_on.description["status"] == "complete"
    for again in two(resumed, resumed):
        assert again.returncode == 2
        assert "is complete" in again.stderr


IMPATIENT = """
from backproof import cli
from backproof.runs import processes
processes._SILENT, processes.SECONDS = 0.1, {}
cli.run()
"""


def alone(seconds: int) -> subprocess.Popen[str]:
    """The first of two processes, the second of which never comes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]},0/2"
    told = [*TRAINED, "--out", "never", "--distributed", where]
    return subprocess.Popen(
        [sys.executable, "-c", IMPATIENT.format(seconds), *told],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_process_that_never_comes_is_said_in_words() -> None:
    process = alone(1)
    stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (2, "")
    assert "after 1 seconds the processes are not all there; start each with" in stderr


def test_ctrl_c_is_heard_while_the_others_are_waited_for() -> None:
    process = alone(10**6)
    assert process.stderr is not None
    assert "waiting for the other processes" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert process.communicate()[1] == "interrupted\n"
    assert process.returncode == 130


@pytest.mark.parametrize(
    "where",
    [
        "here",
        "1/2",
        "localhost:1,2",
        "localhost:99,2/2",
        ",0/1",
        "localhost:0,0/1",
        "localhost:65536,0/1",
    ],
)
def test_where_the_others_are_is_said_in_words(where: str) -> None:
    with pytest.raises(Unreadable, match="--distributed"), joined(where):
        pass
