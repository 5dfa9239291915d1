"""Stand-ins do what the code around them needs."""

from pathlib import Path

import pytest

from backproof.checking import check_program
from backproof.reading.program import of_script

BARS = """
import numpy as np
{imported}

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def train(X, y, epochs=100, lr=0.1):
    w, b = np.zeros((X.shape[1], 1)), 0.0
    {before}
    for i in {turns}:
        e = (sigmoid(X @ w + b) - y) / len(X)
        w -= lr * X.T @ e
        b -= lr * np.sum(e)
        {after}
    return w, b
"""


@pytest.mark.parametrize(
    ("imported", "before", "turns", "after"),
    [
        ("from tqdm import tqdm", "pass", "tqdm(range(epochs), desc='fit')", "pass"),
        ("from tqdm.auto import trange", "pass", "trange(epochs)", "pass"),
        ("import tqdm", "bar = tqdm.trange(epochs)", "bar", "bar.set_postfix(b=b)"),
        ("from tqdm import tqdm", "bar = tqdm(total=epochs)", "range(epochs)", "bar.update(1)"),
        ("import tqdm", "bar = tqdm.tqdm(range(epochs))", "bar", "bar.set_description(f'{b:.2f}')"),
        ("import progressbar", "bar = progressbar.ProgressBar()", "bar(range(epochs))", "pass"),
    ],
)
def test_a_progress_bar_goes_through_what_it_is_given(
    imported: str, before: str, turns: str, after: str
) -> None:
    text = BARS.format(imported=imported, before=before, turns=turns, after=after)
    told = check_program(of_script(Path("one.py"), text), cases=40)
    assert told.verdict == "right", told.problem


@pytest.mark.parametrize(
    "shown",
    ["f'{accuracy(y):.3f}'", "'{:6.2f}'.format(accuracy(y))", "str(accuracy(y))"],
)
def test_what_a_missing_library_gives_can_be_formatted(shown: str) -> None:
    text = BARS.format(
        imported="from scores_of_ours import accuracy",
        before="pass",
        turns="range(epochs)",
        after=f"print({shown})",
    )
    told = check_program(of_script(Path("one.py"), text), cases=100)
    assert told.verdict == "right", told.problem


@pytest.mark.parametrize(("slope", "verdict"), [("relu_derivada", "right"), ("relu", "wrong")])
def test_a_helper_that_is_missing_is_known_by_its_name_in_spanish(slope: str, verdict: str) -> None:
    text = f"""
import numpy as np
import ayudas as ay

X, y = np.random.rand(20, 3), np.random.rand(20, 1)
W1, W2 = np.random.randn(3, 8), np.random.randn(8, 1)
for vuelta in range(500):
    z = X @ W1
    h = ay.relu(z)
    e = (h @ W2 - y) / len(X)
    g = e @ W2.T * ay.{slope}(z)
    W2 -= 0.1 * h.T @ e
    W1 -= 0.1 * X.T @ g
"""
    told = check_program(of_script(Path("una.py"), text), cases=60)
    assert told.verdict == verdict, told.problem
