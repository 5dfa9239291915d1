"""Small programs whose data were once taken for others: their sizes, outputs and labels."""

import pytest

from reading.small_programs import checked, wrong

ONE_OUTPUT = """
import numpy as np

n_outputs = {outputs}

def soft(v):  # softmax, not used after all
    return np.exp(v) / np.sum(np.exp(v))

def improve(x, y, W1, b1, W2, b2, rate=0.1, epochs=90):
    for turn in range(epochs):
        a = np.tanh(x @ W1 + b1)
        p = 1 / (1 + np.exp(-(a @ W2 + b2)))
        loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
        dc = (p - y) / len(x)
        da = dc @ W2.T * (1 - a * a)
        W2 -= rate * a.T @ dc
        b2 -= rate * dc.sum(axis=0, keepdims=True){slip}
        W1 -= rate * x.T @ da
        b1 -= rate * da.sum(axis=0, keepdims=True)
    return W1, b1, W2, b2
"""


@pytest.mark.parametrize(
    ("outputs", "slip", "amiss"),
    [(1, "", set()), (1, " * len(x)", {"db2"}), (4, "", {"dW1", "db1", "dW2", "db2"})],
)
def test_a_file_has_as_many_outputs_as_it_says(outputs: int, slip: str, amiss: set[str]) -> None:
    """With one of them the mean over examples and outputs is that over the examples."""
    assert wrong(checked(ONE_OUTPUT.format(outputs=outputs, slip=slip))) == amiss


BEFORE_THE_LOOP = """
import numpy as np

X, T = np.load("x.npy"), np.load("t.npy")
w, b = np.random.randn(64, 1), 0.0

z = X @ w + b
p = 1 / (1 + np.exp(-z))
print("at first", np.mean((p > 0.5) == T))

for turn in range(300):
    z = X @ w + b
    p = 1 / (1 + np.exp(-z))
    if turn % 100 == 0:
        print(turn, z.mean())
    off = (p - T) / len(X)
    w -= 0.2 * X.T @ off
    b -= 0.2 * off.{sum}()
"""


@pytest.mark.parametrize(("of", "amiss"), [("sum", set()), ("mean", {"db"})])
def test_what_a_loop_makes_anew_is_not_needed_before_it(of: str, amiss: set[str]) -> None:
    told = checked(BEFORE_THE_LOOP.format(sum=of))
    assert wrong(told) == amiss, told.problem
    assert told.verdict == ("wrong" if amiss else "right"), told.problem


ONE_BY_ONE = """
import pandas as pd
import numpy as np

X = np.genfromtxt("a.csv")
hoped = pd.read_csv("b.csv").iloc[:, 0].values
w, b = np.random.uniform(-0.5, 0.5, 2), 0.0
for turn in range(200):
    for place in range(len(X)):
        seen = X[place]
        p = 1 / (1 + np.exp(-(np.dot(seen, w) + b)))
        off = hoped[place] - p
        w = w + 0.1 * off * p * (1 - p) * {seen}
        b = b + 0.1 * off * p * (1 - p)
"""


@pytest.mark.parametrize(("seen", "verdict"), [("seen", "right"), ("(seen + w)", "wrong")])
def test_labels_are_known_by_use_where_each_is_taken_by_itself(seen: str, verdict: str) -> None:
    told = checked(ONE_BY_ONE.format(seen=seen))
    assert told.verdict == verdict, told.problem


OWN_EXAMPLES = """
import numpy as np

X = np.array([[0.1, 0.9, 0.0], [0.4, 0.2, 1.0], [0.8, 0.8, 0.5], [0.3, 0.6, 0.7], [1.0, 0.0, 0.2]])
t = np.array([[0.0], [1.0], [1.0], [0.0], [1.0]])
ones = np.ones((5, 1))
W1, b1 = np.random.randn(3, 5), np.zeros((1, 5))
W2 = np.random.randn(5, 1)
for turn in range(2000):
    a = 1 / (1 + np.exp(-(X @ W1 + ones @ b1)))
    p = 1 / (1 + np.exp(-(a @ W2)))
    out = (p - t) * p * (1 - p)
    back = {back} * a * (1 - a)
    W2 -= 0.5 * a.T @ out
    W1 -= 0.5 * X.T @ back
    b1 -= 0.5 * ones.T @ {whole}
"""


@pytest.mark.parametrize(
    ("back", "whole", "amiss"),
    [
        ("out @ W2.T", "back", set()),
        ("out @ W2.T", "(back + back)", {"db1"}),
        ("W2.T @ out", "back", {"dW1", "db1"}),  # runs with as many units as examples alone
    ],
)
def test_what_runs_with_the_examples_of_its_file_alone_is_judged_with_as_many(
    back: str, whole: str, amiss: set[str]
) -> None:
    told = checked(OWN_EXAMPLES.format(back=back, whole=whole))
    assert wrong(told) == amiss, told.problem
    assert "n = 5" in told.functions[0].convention


COUNTED = """
import numpy as np

{data}

def gradients(w, b, X, y):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    cost = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return cost, X.T @ (p - y) / m, {db}
"""

TRAINED = """
w, b = np.zeros((2, 1)), np.zeros((1, 1))
for turn in range(900):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    w -= 0.1 * X.T @ (p - y) / m
    b -= 0.1 * {db}
"""

CALLED = """
def fit(X, y, lr=0.1):
    w, b = np.zeros((2, 1)), np.zeros((1, 1))
    for turn in range(900):
        cost, dw, db = gradients(w, b, X, y)
        w, b = w - lr * dw, b - lr * db
    return w, b
"""

_DRAWN = "m = 150\nX = np.random.rand(m, 2)\ny = (X[:, :1] > X[:, 1:]) * 1.0"
_WRITTEN = "X = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])\ny = np.ones((3, 1))\nm = {}"


@pytest.mark.parametrize("text", [COUNTED, f"{COUNTED}\n{CALLED}", f"\n{{data}}\n{TRAINED}"])
@pytest.mark.parametrize(
    ("data", "db", "verdict"),
    [
        (_DRAWN, "np.mean(p - y)", "right"),
        (_WRITTEN.format(3), "np.mean(p - y)", "right"),
        (_WRITTEN.format(4), "np.mean(p - y)", "wrong"),
        (_DRAWN, "np.sum(p - y)", "wrong"),
    ],
)
def test_a_number_of_which_data_are_made_counts_examples(
    text: str, data: str, db: str, verdict: str
) -> None:
    told = checked("import numpy as np\n" + text.format(data=data, db=db))
    assert told.verdict == verdict, told.problem
