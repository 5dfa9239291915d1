from types import SimpleNamespace
from typing import Any

import pytest

import backproof
from backproof.notebook import report_on
from backproof.reading.told import Settings

RIGHT = """
def backward(w, b, x, y):
    yhat = 1 / (1 + np.exp(-(w @ x + b)))
    dz = (yhat - y) / x.shape[1]
    return dz @ x.T, dz.sum(axis=1, keepdims=True)
"""


def shell(*cells: str) -> Any:
    registered: dict[str, Any] = {}
    return SimpleNamespace(
        user_ns={"In": ["", *cells]},
        registered=registered,
        register_magic_function=lambda function, _, name: registered.update({name: function}),
    )


def test_checks_what_the_cells_above_define() -> None:
    told = report_on(shell("import numpy as np\n%matplotlib inline", RIGHT, "%backproof"))
    assert told.startswith("this notebook: right")


def test_the_mistake_in_a_later_cell_counts() -> None:
    told = report_on(shell("import numpy as np", RIGHT, RIGHT.replace(" / x.shape[1]", " * 2")))
    assert told.startswith("this notebook: wrong")


def test_options_are_those_of_the_command_line() -> None:
    assert report_on(shell(RIGHT), '--model=logistic_regression --convention "columns"').startswith(
        "this notebook: right"
    )
    assert "holds no" in report_on(shell("%backproof")) or "no cell" in report_on(shell(""))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--modell mlp", "%backproof --modell: unknown; did you mean '--model'? expected one of"),
        ("--bogus", "%backproof --bogus: unknown; expected one of --model, --activation"),
        ("-x", "%backproof -x: unknown"),
        ("backward", "%backproof backward: did you mean --function backward?"),
        ("--function", "%backproof --function: expected a value"),
        ("--function --model mlp", "%backproof --function: expected a value"),
        ("--model nope", "--model nope: unknown; expected one of linear_regression"),
        ("--convention 'rows", "%backproof --convention 'rows: no closing quotation"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(line: str, words: str) -> None:
    assert report_on(shell(RIGHT), line).startswith(f"backproof: {words}")


def test_the_options_are_told_where_people_ask() -> None:
    ipython = shell(RIGHT)
    backproof.load_ipython_extension(ipython)
    shown = ipython.registered["backproof"].__doc__
    assert report_on(ipython, "--help") == report_on(ipython, "-h") == shown
    assert all(f"--{name} " in shown for name in Settings._fields)


def test_lines_are_said_as_ipython_numbers_cells() -> None:
    told = report_on(shell("import numpy as np", "%backproof", RIGHT))
    assert "  backward, cell 3, line 2: logistic_regression" in told


def test_the_magic_is_registered_by_load_ext() -> None:
    ipython = shell()
    backproof.load_ipython_extension(ipython)
    assert "backproof" in ipython.registered
