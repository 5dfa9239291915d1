"""The command line as a person or a program meets it: exit status, words, JSON."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from backproof.cli import main
from backproof.report import schema
from backproof.verdict import FileReport
from homework import EXAMPLES, FEW, RIGHT, RIGHT_LOGISTIC, backward, written


@pytest.mark.parametrize(
    ("name", "status"),
    [("right_logistic_regression", 0), ("wrong_no_mean", 1), ("wrong_bce_sign", 1)],
)
def test_the_exit_status_follows_the_verdict(name: str, status: int) -> None:
    assert main(["check", str(EXAMPLES / f"{name}.py"), *FEW]) == status


@pytest.mark.parametrize("name", ["right_logistic_regression", "wrong_no_mean"])
def test_json_follows_the_published_schema(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", str(EXAMPLES / f"{name}.py"), *FEW, "--format", "json"])
    content = json.loads(capsys.readouterr().out)
    jsonschema.validate(content, schema())
    assert content["files"][0]["functions"][0]["gradients"]["dw"]["verdict"] == name.split("_")[0]


BAD = {
    "a syntax error": ("def backward(:\n", "line 1"),
    "no function": ("import numpy as np\n", "no function"),
    "raises": (backward("raise ValueError('oh no')\nreturn 1.0 * w, 1.0 * b"), "oh no"),
    "returns nothing": (backward("return None"), "None"),
    "exits": (backward("import sys; sys.exit(3)\nreturn 1.0 * w, 1.0 * b"), "sys.exit(3)"),
    "object arrays": (backward("return np.array([object()]), np.array([object()])"), "object"),
    "import fails": (
        "import not_there_at_all as helpers\n"
        + backward("g = helpers.grads(w, b)\nreturn w * g, b * g"),
        "not callable",
    ),
    "hangs": (backward("while True: pass\nreturn 1.0 * w, 1.0 * b"), "did not return"),
    "dies": (backward("import os; os._exit(5)\nreturn 1.0 * w, 1.0 * b"), "5"),
    "recursion": (backward("return backward(w, b, x, y)"), "RecursionError"),
}


@pytest.mark.parametrize("what", sorted(BAD))
def test_what_cannot_be_judged_exits_with_2_and_says_why(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body, words = BAD[what]
    told = [] if "def backward(w" not in body else ["--model", "logistic_regression"]
    assert main(["check", written(tmp_path, body), *FEW, "--timeout", "1", *told]) == 2
    printed = capsys.readouterr()
    assert words in printed.out
    assert "Traceback" not in printed.out + printed.err


def test_printing_megabytes_does_no_harm(tmp_path: Path) -> None:
    body = (EXAMPLES / "right_logistic_regression.py").read_text("utf-8")
    loud = body.replace("    n = x.shape[1]\n", "    print('x' * 100_000)\n    n = x.shape[1]\n")
    assert loud != body
    assert main(["check", written(tmp_path, loud), *FEW]) == 0


def test_a_missing_path_is_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "nowhere.py"]) == 2
    assert "nowhere.py: no such file" in capsys.readouterr().err


def test_a_folder_without_python_files_is_misuse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(tmp_path)]) == 2
    assert "no .py or .ipynb files" in capsys.readouterr().err


def test_something_has_to_be_told_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strange = """import numpy as np

def backward(w, b, x, y):
    e = np.arctan(w @ x + b) - y
    return e @ x.T / x.shape[1], e.mean(axis=1, keepdims=True)
"""
    assert main(["check", written(tmp_path, strange), *FEW]) == 3
    assert "if it should be one of them, tell which with --model" in capsys.readouterr().out


def test_a_helper_that_is_missing_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = "def backward(w, b, x, y):\n    return helper(w, b, x, y)\n"
    assert main(["check", written(tmp_path, missing), *FEW]) == 3
    assert "'helper' is not defined, line 2" in capsys.readouterr().out


def test_rows_are_told_by_flag_and_by_toml(tmp_path: Path) -> None:
    rows = (EXAMPLES / "right_mlp_rows.py").read_text("utf-8")
    path = written(tmp_path, rows)
    assert main(["check", path, *FEW, "--convention", "rows"]) == 0
    assert main(["check", path, *FEW, "--convention", "columns"]) != 0
    (tmp_path / "homework.toml").write_text('convention = "rows"\n', "utf-8")
    assert main(["check", path, *FEW]) == 0


def test_a_bug_of_ours_says_so_and_keeps_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr("backproof.checking.check_file", broken)
    assert main(["check", str(EXAMPLES / "wrong_no_mean.py")]) == 70
    printed = capsys.readouterr().err
    assert "a bug of backproof's own" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_bug_of_ours_in_one_file_does_not_lose_the_others(
    form: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from backproof import checking

    def sometimes_broken(path: Path, *told: Any, **options: Any) -> FileReport:
        if path.name == "b.py":
            raise RuntimeError("inside")
        return right(path, *told, **options)

    right = checking.check_file
    monkeypatch.setattr(checking, "check_file", sometimes_broken)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_bytes(RIGHT_LOGISTIC.read_bytes())
    assert main(["check", str(tmp_path), *FEW, "--format", form]) == 70
    printed = capsys.readouterr()
    kept = next(tmp_path.glob("backproof-*.txt"))
    assert "inside" in kept.read_text("utf-8")
    assert str(kept) in printed.err
    if form == "json":
        content = json.loads(printed.out)
        jsonschema.validate(content, schema())
        assert [file["verdict"] for file in content["files"]] == ["right", "unread", "right"]
        assert str(kept) in content["files"][1]["problem"]
    else:
        assert printed.out.count(": right") == 2
        assert str(kept) in printed.out
        assert "Traceback" not in printed.out + printed.err


def test_quiet_is_a_line_for_each_file(capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(EXAMPLES / f"{name}.py") for name in ("right_mlp_tanh", "wrong_no_mean")]
    assert main(["check", *paths, *FEW, "--quiet"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0] == f"{paths[0]}: right"
    assert lines[1].startswith(f"{paths[1]}: wrong: ")
    assert lines[2] == f"2 files: 1 right, 1 wrong ({paths[1]})"


def test_a_line_of_a_notebook_is_said_with_its_cell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = ["import numpy as np", "# theirs\n\n" + RIGHT_LOGISTIC.read_text("utf-8")]
    listed = [{"cell_type": "code", "source": cell} for cell in cells]
    path = written(tmp_path, json.dumps({"cells": listed}), "homework.ipynb")
    line = cells[1].splitlines().index(next(x for x in cells[1].splitlines() if "def back" in x))
    assert main(["check", path, *FEW]) == 0
    assert f"cell 2, line {line + 1}: logistic_regression" in capsys.readouterr().out


@pytest.mark.parametrize(
    "told",
    [
        ["--cases", "0"],
        ["--cases", "1000001"],
        ["--cases", str(10**30)],
        ["--seed", "-1"],
        ["--seed", "9" * 5000],
        ["--timeout", "0"],
        ["--timeout", "nan"],
        ["--timeout", "inf"],
        ["--memory", "0.001"],
        ["--memory", "1e300"],
        ["--format", "yaml"],
    ],
)
def test_a_number_that_cannot_be_meant_is_misuse(told: list[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["check", str(EXAMPLES / "wrong_no_mean.py"), *told])
    assert error.value.code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a" * 5000 + ".py"], "File name too long"),
        ([""], "'': no such file or folder"),
        (["x.py", "--model", "mpl"], "did you mean 'mlp'?"),
        (["x.py", "--activation", "tan"], "did you mean 'tanh'?"),
    ],
)
def test_misuse_is_said_once_and_in_words(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written(tmp_path, RIGHT, "x.py")
    monkeypatch.chdir(tmp_path)
    assert main(["check", *arguments]) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert not printed.out


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + RIGHT_LOGISTIC.read_bytes(),
        RIGHT_LOGISTIC.read_bytes().replace(b"\n", b"\r\n"),
        RIGHT_LOGISTIC.read_bytes().replace(b"    ", b"\t"),
        b"# -*- coding: latin-1 -*-\n# \xe9\n" + RIGHT_LOGISTIC.read_bytes(),
        b"# \xe9\n" + RIGHT_LOGISTIC.read_bytes(),
    ],
    ids=["byte order mark", "crlf", "tabs", "latin-1", "undeclared"],
)
def test_a_file_however_it_was_saved(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "homework.py").write_bytes(content)
    assert main(["check", str(tmp_path / "homework.py"), *FEW]) == 0


def test_what_was_supplied_is_said_and_changes_no_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = "n = x.shape[1]\ndz = (sigmoid(w @ x + b) - y) / n\nreturn dz @ x.T, dz.sum(1)[:, None]"
    path = written(tmp_path, backward(body))
    assert main(["check", path, *FEW]) == 0
    assert "  note: not defined in the file, so taken" in capsys.readouterr().out
    assert main(["check", path, *FEW, "--format", "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    jsonschema.validate(content, schema())
    assert "sigmoid" in content["files"][0]["notes"][0]


@pytest.mark.parametrize("name", ["numpy", "json", "backproof"])
def test_a_file_may_be_called_like_a_module(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.py"
    path.write_bytes(RIGHT_LOGISTIC.read_bytes())
    assert main(["check", str(path), *FEW]) == 0
    (tmp_path / "other.py").write_bytes(RIGHT_LOGISTIC.read_bytes())
    assert main(["check", str(tmp_path / "other.py"), *FEW]) == 0


def test_a_folder_is_read_whole_each_file_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "inner" / "again").symlink_to(tmp_path)
    for place in ("a.py", "inner/b.py", ".hidden/c.py"):
        (tmp_path / place).write_bytes(RIGHT_LOGISTIC.read_bytes())
    assert main(["check", str(tmp_path), str(tmp_path / "a.py"), *FEW]) == 0
    assert capsys.readouterr().out.rstrip().endswith("\n2 files: 2 right")


@pytest.mark.parametrize("terms", [300, 600, 5000])
def test_a_file_too_deep_to_read_does_not_lose_the_others(
    terms: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, RIGHT_LOGISTIC.read_text("utf-8"), "a.py")
    long = " + ".join(["x"] * terms)
    written(tmp_path, f"def backward(w, b, x, y):\n    z = {long}\n    return w @ z, b\n", "b.py")
    assert main(["check", str(tmp_path), *FEW, "--model", "logistic_regression"]) in (1, 2)
    printed = capsys.readouterr()
    assert f"{tmp_path / 'a.py'}: right" in printed.out
    assert "2 files: " in printed.out
    assert not printed.err


def test_one_function_of_several(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, backward("return w, b").replace("backward", "backward_wrong") + RIGHT)
    assert main(["check", path, *FEW, "--function", "backwards"]) == 2
    assert "did you mean backward?" in capsys.readouterr().out
    assert main(["check", path, *FEW, "--function", "backward"]) == 0


def test_the_decorator_tells(tmp_path: Path) -> None:
    rows = (EXAMPLES / "right_mlp_rows.py").read_text("utf-8")
    told = rows.replace("def backprop", '@backproof.derivation(convention="rows")\ndef backprop')
    assert main(["check", written(tmp_path, "import backproof\n" + told), *FEW]) == 0


def test_the_line_to_run_it_again_gives_the_same_case(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def shown(arguments: list[str]) -> tuple[str, str]:
        assert main(arguments) == 1
        out = capsys.readouterr().out
        again = next(line for line in out.splitlines() if "again: " in line)
        return again.split("again: ")[1], out[out.index("smallest") : out.rindex("; judged")]

    path = str(EXAMPLES / "wrong_bias_mean.py")
    told = ["--seed", "5", "--timeout", "20", "--convention", "columns, y=1 n"]
    again, first = shown(["check", path, *FEW, *told])
    program, *arguments = shlex.split(again)
    assert program == "backproof"
    same, second = shown(arguments)
    assert same == again
    assert re.sub(r"[0-9.]+ s", "", first) == re.sub(r"[0-9.]+ s", "", second)


def test_what_it_starts_is_ended_with_it(tmp_path: Path) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells what a process has left behind")
    held = tmp_path / "held"
    os.mkfifo(held)
    ours = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    body = RIGHT_LOGISTIC.read_text("utf-8").replace(
        "    n = x.shape[1]\n",
        f"    global pid\n    if not pid:\n        pipe = os.open({str(held)!r}, os.O_WRONLY)\n"
        "        pid = os.fork()\n        if not pid:\n"
        "            os.setsid(); time.sleep(20); os.write(pipe, b'left'); os._exit(0)\n"
        "        os.close(pipe)\n    n = x.shape[1]\n",
    )
    path = written(tmp_path, "import os, time\npid = 0\n" + body)
    assert main(["check", path, *FEW]) == 0
    os.set_blocking(ours, True)
    with open(ours, "rb") as pipe:
        assert pipe.read() == b""  # to its end, which comes when the last writer is gone


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
def test_a_pipe_is_misuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "homework.py")
    assert main(["check", str(tmp_path / "homework.py")]) == 2
    assert "a pipe or a device, not a file" in capsys.readouterr().err
