"""The command line as a person or a program meets it: exit status, words, JSON."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from backproof.cli import main
from backproof.report import schema

EXAMPLES = Path(__file__).parents[1] / "examples"
FEW = ["--cases", "60"]
RIGHT = (EXAMPLES / "right_mlp_tanh.py").read_text("utf-8")


def written(folder: Path, body: str, name: str = "homework.py") -> str:
    path = folder / name
    path.write_text(body, "utf-8")
    return str(path)


def backward(body: str) -> str:
    """A file whose function has the usual name and parameters, and this body."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f"import numpy as np\n\ndef backward(w, b, x, y):\n    'logistic regression'\n{lines}\n"


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
    "import fails": ("import not_there_at_all\n" + RIGHT, "not_there_at_all"),
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
    assert "no .py files" in capsys.readouterr().err


def test_something_has_to_be_told_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unsaid = "def backward(w, b, x, y):\n    return helper(w, b, x, y)\n"
    assert main(["check", written(tmp_path, unsaid), *FEW]) == 3
    assert "--model" in capsys.readouterr().out


def test_rows_are_told_by_flag_and_by_toml(tmp_path: Path) -> None:
    rows = (EXAMPLES / "right_mlp_rows.py").read_text("utf-8")
    path = written(tmp_path, rows)
    assert main(["check", path, *FEW, "--convention", "rows"]) == 0
    assert main(["check", path, *FEW]) != 0
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


def test_no_cases_is_misuse() -> None:
    with pytest.raises(SystemExit) as error:
        main(["check", str(EXAMPLES / "wrong_no_mean.py"), "--cases", "0"])
    assert error.value.code == 2
