"""Files to check in the tests of the command line: the examples, and ones that are written."""

from __future__ import annotations

from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
FEW = ["--cases", "60"]
RIGHT_LOGISTIC = EXAMPLES / "right_logistic_regression.py"
RIGHT = (EXAMPLES / "right_mlp_tanh.py").read_text("utf-8")


def written(folder: Path, body: str, name: str = "homework.py") -> str:
    path = folder / name
    path.write_text(body, "utf-8")
    return str(path)


def backward(body: str) -> str:
    """A file whose function has the usual name and parameters, and this body."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f"import numpy as np\n\ndef backward(w, b, x, y):\n    'logistic regression'\n{lines}\n"
