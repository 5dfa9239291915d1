from types import SimpleNamespace
from typing import Any

import backproof
from backproof.notebook import report_on

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
    assert "unknown key 'modell'" in report_on(shell(RIGHT), "--modell mlp")
    assert "holds no" in report_on(shell("%backproof")) or "no cell" in report_on(shell(""))


def test_the_magic_is_registered_by_load_ext() -> None:
    ipython = shell()
    backproof.load_ipython_extension(ipython)
    assert "backproof" in ipython.registered
