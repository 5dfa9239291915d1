"""The command line as a process of its own: streams, signals, the terminal, the environment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from homework import EXAMPLES, FEW, RIGHT_LOGISTIC, backward, written

PROGRAM = [sys.executable, "-m", "backproof"]
CHECK = [*PROGRAM, "check", str(EXAMPLES / "wrong_no_mean.py"), *FEW]
SWEEP = [*PROGRAM, "sweep", "mlp", "--data", "xor", "--folds", "0", "--seeds", "1", "--steps", "5"]


def test_help_imports_neither_jax_nor_numpy() -> None:
    code = (
        "import sys\nfrom backproof.cli import main\n"
        "try: main(['check', '--help'])\nexcept SystemExit: pass\n"
        "sys.exit(bool({'jax', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_results_go_to_stdout_and_no_progress_to_a_pipe() -> None:
    done = subprocess.run(CHECK, capture_output=True, text=True)
    assert done.returncode == 1
    assert "\033" not in done.stdout
    assert not done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="has no such terminal")
@pytest.mark.parametrize("no_color", ["", "1"])
def test_progress_and_colour_are_for_a_terminal(no_color: str) -> None:
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "NO_COLOR": no_color}
    process = subprocess.Popen(CHECK, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    seen = b""
    while True:
        try:
            chunk = os.read(ours, 1 << 16)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
    os.close(ours)
    assert process.wait() == 1
    assert b"[1/1] wrong_no_mean.py" in seen
    assert (b"\033[31mwrong" in seen) == (not no_color)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such pipes")
@pytest.mark.parametrize(("command", "status"), [(CHECK, 1), (SWEEP, 0)])
def test_a_reader_that_leaves_changes_nothing(command: list[str], status: int) -> None:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == status


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
@pytest.mark.parametrize("command", [CHECK, SWEEP])
def test_a_full_disk_is_said_in_words(command: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("backproof: cannot write the results")


@pytest.mark.skipif(sys.platform == "win32", reason="has no signals to send")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SIGINT", "interrupted\n"),
        ("SIGTERM", "ended by SIGTERM\n"),
        ("SIGHUP", "ended by SIGHUP\n"),
    ],
)
def test_a_signal_ends_it_and_what_it_started(name: str, words: str, tmp_path: Path) -> None:
    number = getattr(signal, name)
    if signal.getsignal(number) == signal.SIG_IGN:
        pytest.skip(f"{name} is ignored here, as nohup has it, and what is started inherits that")
    said = tmp_path / "said"
    os.mkfifo(said)
    body = f"import os\nopen({str(said)!r}, 'w').write(str(os.getpid()))\nwhile True: pass"
    path = written(tmp_path, backward(f"{body}\nreturn 1.0 * w, 1.0 * b"))
    command = [*PROGRAM, "check", path, "--timeout", "60", "--model", "logistic_regression"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    child = int(said.read_text())  # as soon as the function runs, which never returns
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (128 + number, "", words)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert not list(tmp_path.glob("backproof-*"))


@pytest.mark.skipif(sys.platform == "win32", reason="has no such names")
@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_path_that_cannot_be_printed_is_written_out(encoding: str, tmp_path: Path) -> None:
    for name in ("数.py", os.fsdecode(b"\xff.py")):
        (tmp_path / name).write_bytes(RIGHT_LOGISTIC.read_bytes())
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    command = [*PROGRAM, "check", str(tmp_path), *FEW]
    done = subprocess.run(command, capture_output=True, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    shown = b"\\u6570.py: right" if encoding == "ascii" else "数.py: right".encode()
    assert shown in done.stdout
    assert b"\\udcff.py: right" in done.stdout


def test_another_platform_of_jax_changes_nothing() -> None:
    environment = {**os.environ, "JAX_PLATFORMS": "cuda"}
    done = subprocess.run(CHECK, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (1, "")
