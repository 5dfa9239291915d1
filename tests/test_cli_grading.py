"""The command for teachers: what it says on stderr, how it ends, and what it leaves behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backproof.cli import main

GRADE = ["--assignment", "logistic_regression", "--without-isolation"]
BROKEN = "def sigmoid(z:\n"


def handed_in(folder: Path, **programs: str) -> str:
    folder.mkdir()
    for name, text in programs.items():
        (folder / f"{name}.py").write_text(text, "utf-8")
    return str(folder)


def test_how_the_folder_was_understood_is_said_where_nobody_watches(tmp_path, capsys) -> None:
    given = handed_in(tmp_path / "class", ana=BROKEN, bo=BROKEN)
    status = main(["grade", given, *GRADE, "--out", str(tmp_path / "out")])
    out, err = capsys.readouterr()
    assert status == 3  # what cannot be read is left for a person
    assert err == "class: a folder of files, each a submission, 2 submissions\n"
    first, *others = out.splitlines()
    assert first == "2 submissions: 0 graded, 2 unread; no isolation"
    assert [line.split(":")[0] for line in others[1:]] == ["  unread ana", "  unread bo"]


def test_what_there_is_to_be_looked_at_is_said_only_where_there_is_some(tmp_path, capsys) -> None:
    given = handed_in(tmp_path / "class", ana="import torch\n")
    assert main(["grade", given, *GRADE, "--out", str(tmp_path / "out")]) == 3
    first, _, last = capsys.readouterr().out.splitlines()
    assert first == "1 submissions: 0 graded, 1 to be looked at by a person; no isolation"
    assert last.startswith("  look at ana: ")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--scheduler", "tcp://x:1", "--jobs", "2"], "--jobs is for this machine"),
        (["--scheduler", "nowhere"], "--scheduler nowhere: no Dask scheduler can be reached"),
    ],
)
def test_a_cluster_that_cannot_be_had_is_misuse(options, words, tmp_path, capsys) -> None:
    pytest.importorskip("distributed", reason='pip install "backproof[dask]"')
    given = handed_in(tmp_path / "class", ana=BROKEN)
    status = main(["grade", given, *GRADE, "--out", str(tmp_path / "out"), *options])
    last = capsys.readouterr().err.splitlines()[-1]
    assert status == 2
    assert last.startswith(f"backproof: {words}")


def test_a_worksheet_that_cannot_be_read_is_said_before_anything_is_graded(
    tmp_path, capsys
) -> None:
    given = handed_in(tmp_path / "class", ana=BROKEN)
    out = tmp_path / "out"
    absent = str(tmp_path / "absent.csv")
    assert main(["grade", given, *GRADE, "--out", str(out), "--moodle", absent]) == 2
    assert "absent.csv cannot be read" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="has no signals to send")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(
    ("options", "goes_on"), [([], "goes on from there"), (["--rerun"], "starts over")]
)
def test_interrupted_it_says_what_is_kept_and_leaves_nothing_else(
    name, options, goes_on, tmp_path
) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    endless = f"open({str(told)!r}, 'w').write(str(os.getpid()))\n    while True: pass"
    program = f"import os\ndef sigmoid(z):\n    {endless}\n"
    given = handed_in(tmp_path / "class", ana=BROKEN, bo=program)
    out, temporary = tmp_path / "out", tmp_path / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-m", "backproof", "grade", given, *GRADE, *options]
    process = subprocess.Popen(
        [*command, "--jobs", "1", "--out", str(out)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    child = int(told.read_text())  # it runs, and does not end
    process.send_signal(getattr(signal, name))
    _, err = process.communicate(timeout=30)
    assert process.returncode == 128 + getattr(signal, name)
    found = re.fullmatch(
        "class: .*, 2 submissions\n"
        f"(.) of 2 are graded and kept; the same command {goes_on}\n"
        "(interrupted|ended by SIGTERM)\n",
        err,
    )
    assert found is not None
    assert int(found[1]) <= len(list((out / "graded").glob("*.json"))) <= 1
    assert list(temporary.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
