"""Small programs with places to fill, checked: what tests of how files are read share."""

from pathlib import Path

from backproof.checking import check_program
from backproof.reading.program import of_script
from backproof.verdict import FileReport

LOOP = """
import numpy as np

def train(X, y, epochs=100{arguments}):
    m = X.shape[0]
    w, b = np.zeros((X.shape[1], 1)), 0.0
    {before}
    for it in range(epochs):
        p = 1 / (1 + np.exp(-(X @ w + b)))
        dw = X.T @ (p - y) / m
        db = np.mean(p - y)
        {step}
    return w, b
"""


FUNCTION = """
import numpy as np

def loss_and_grads(w, b, X, y):
    n = X.shape[0]
    p = 1 / (1 + np.exp(-(X @ w + b)))
    loss = {loss}
    dz = {dz}
    return loss, X.T @ dz / n, np.sum(dz, axis=0, keepdims=True) / n
"""


CROSS_ENTROPY = "-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))"


def checked(text: str) -> FileReport:
    return check_program(of_script(Path("one.py"), text), cases=150)


def loop(step: str, arguments: str = "", before: str = "pass") -> FileReport:
    return checked(LOOP.format(step=step, arguments=arguments, before=before))


def wrong(told: FileReport) -> set[str]:
    return {
        name
        for function in told.functions
        for name, one in {**function.gradients, "loss": function.loss}.items()
        if one is not None and one.verdict == "wrong"
    }
