"""Programs that were once judged as what they are not: by their labels, decisions or measures."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.checking import check_program
from backproof.reading.program import of_script
from backproof.verdict import FileReport

TWO_LABELS = """
import numpy as np

class Net:
    def __init__(self, d, k):
        self.W = np.random.randn(d, k)
        self.b = np.zeros((1, k))

    def forward(self, X):
        e = np.exp(X @ self.W + self.b)
        return e / e.sum(axis=1, keepdims=True)

    def train(self, X, {first}, {second}, rate=0.1, epochs=9):
        for _ in range(epochs):
            P = self.forward(X)
            print(np.sum(P.argmax(axis=1) != {numbers}))
            D = (P - {certain}) / len(X){mistake}
            self.W -= rate * X.T @ D
            self.b -= rate * D.sum(axis=0, keepdims=True)
"""


def checked(text: str) -> FileReport:
    return check_program(of_script(Path("one.py"), text), cases=40)


@given(
    names=st.sampled_from([("y_onehot", "y_true"), ("Y_one_hot", "y"), ("onehot", "labels")]),
    turned=st.booleans(),
    mistake=st.sampled_from(["", " * 2"]),
)
@settings(max_examples=6, deadline=None)
def test_labels_beside_the_same_one_hot_are_numbers(
    names: tuple[str, str], turned: bool, mistake: str
) -> None:
    certain, numbers = names
    first, second = names[::-1] if turned else names
    text = TWO_LABELS.format(
        first=first, second=second, certain=certain, numbers=numbers, mistake=mistake
    )
    assert checked(text).verdict == ("wrong" if mistake else "right")


LINEAR = """
import numpy as np

class Unit:
    def fit(self, X, y, rate=0.1, epochs=9):
        self.w = np.zeros(X.shape[1])
        self.b = 0.0
        {labels}
        for _ in range(epochs):
{turn}
"""
BATCH = """
            z = X @ self.w + self.b
            e = {error}
            self.w += rate * X.T @ e
            self.b += rate * e.sum()
"""
HINGE = """
            for i, x in enumerate(X):
                if t[i] * (x @ self.w + self.b) >= 1:
                    dw, db = 0 * self.w, 0
                else:
                    dw, db = -t[i] * x, -t[i]
                self.w -= rate * dw
                self.b -= rate * db
"""


@pytest.mark.parametrize(
    ("labels", "turn", "said"),
    [
        ("pass", BATCH.format(error="y - np.where(z > 0, 1, 0)"), "perceptron"),
        ("pass", BATCH.format(error="y - (z >= 0)"), "perceptron"),
        ("t = np.where(y == 1, 1, -1)", HINGE, "hinge"),
        ("t = np.where(y <= 0, -1, 1)", HINGE, "hinge"),
    ],
)
def test_a_rule_that_is_no_gradient_of_a_model_is_asked_about(
    labels: str, turn: str, said: str
) -> None:
    told = checked(LINEAR.format(labels=labels, turn=turn))
    assert told.verdict == "unread"
    assert said in (told.problem or "")


@pytest.mark.parametrize(("error", "verdict"), [("y - z", "right"), ("z - y", "wrong")])
def test_a_score_that_is_also_decided_on_stays_a_score(error: str, verdict: str) -> None:
    turn = BATCH.format(error=error) + "            print(np.mean((z > 0.5) == y))\n"
    assert checked(LINEAR.format(labels="pass", turn=turn)).verdict == verdict


XOR = """
import numpy as np
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array({labels})

def train(X, y, h=2, rate=0.1, epochs=1):
    {inside}
    W1, b1 = np.random.rand(X.shape[1], h), np.random.rand(h)
    W2, b2 = np.random.rand(h, 1), np.random.rand(1)
    for _ in range(epochs):
        a1 = 1 / (1 + np.exp(-(X @ W1 + b1)))
        a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
        d2 = (a2 - y) * a2 * (1 - a2)
        d1 = d2 @ W2.T * a1 * (1 - a1)
        W2 -= rate * a1.T @ d2
        b2 -= rate * d2.sum(axis=0)
        W1 -= rate * X.T @ d1
        b1 -= rate * d1.sum(axis=0)
    return W1, b1, W2, b2

train(X, y)
"""


@pytest.mark.parametrize(
    ("labels", "inside", "verdict"),
    [
        ("[0, 1, 1, 0]", "pass", "unread"),  # (n, 1) less (n,) is (n, n)
        ("[0, 1, 1, 0]", "y = y.reshape(-1, 1)", "right"),
        ("[[0], [1], [1], [0]]", "pass", "right"),
    ],
)
def test_labels_have_the_shape_that_the_file_gives_them(
    labels: str, inside: str, verdict: str
) -> None:
    assert checked(XOR.format(labels=labels, inside=inside)).verdict == verdict


MEASURED = """
import numpy as np
w = np.random.rand(2, 1)
b = np.zeros((1, 1))
for i in range(100):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    d = (p - y) * p * (1 - p)
    w = w - {sign} 0.1 * X.T @ d
    b = b - {sign} 0.1 * d.sum(axis=0, keepdims=True)
    w = {w}
    loss = {loss}
"""


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    ("w", "loss", "said"),
    [
        ("w", "np.mean(np.abs(y - p))", "a mean of absolute differences"),
        ("np.round(w, 4)", "0.5 * np.sum((y - p) ** 2)", "unrounded"),
        ("w.round(3)", "0.5 * np.sum((y - p) ** 2)", "unrounded"),
    ],
)
def test_what_is_not_of_the_steps_is_left_out_and_said(
    w: str, loss: str, said: str, sign: str
) -> None:
    told = checked(MEASURED.format(w=w, loss=loss, sign=sign))
    assert told.verdict == ("wrong" if sign else "right")
    assert said in told.functions[0].convention


def test_a_loss_of_absolute_differences_that_is_no_measure_is_judged() -> None:
    text = MEASURED.format(w="w", loss="np.mean(np.abs(y - p) ** 2)", sign="")
    told = checked(text).functions[0]
    assert told.loss is not None


BRANCHES = """
import numpy as np

class Net:
    def __init__(self, d):
        self.w = np.random.randn(d, 1)
        self.b = np.zeros((1, 1))

    def forward(self, X):
        return 1 / (1 + np.exp(-(X @ self.w + self.b)))

    def step_one(self, x, y, rate):
        e = {one}
        self.w -= rate * x.T @ e
        self.b -= rate * e.sum(axis=0, keepdims=True)

    def step_all(self, X, y, rate):
        e = (self.forward(X) - y) / len(X)
        self.w -= rate * X.T @ e
        self.b -= rate * e.sum(axis=0, keepdims=True)

    def fit(self, X, y, rate=0.1, epochs=9, mode={mode}):
        for _ in range(epochs):
            if mode == "one":
                for i in range(len(X)):
                    self.step_one(X[i:i + 1], y[i:i + 1], rate)
            else:
                self.step_all(X, y, rate)
"""


@pytest.mark.parametrize("mode", ["'one'", "'all'"])
@pytest.mark.parametrize("right", [True, False])
def test_steps_that_training_calls_in_another_branch_are_judged(mode: str, right: bool) -> None:
    one = "self.forward(x) - y" if right else "y - self.forward(x)"
    told = checked(BRANCHES.format(one=one, mode=mode))
    assert told.verdict == ("right" if right else "wrong")
    if mode == "'all'":
        assert [report.name for report in told.functions] == ["Net.fit", "Net.step_one"]


def test_gradients_of_the_absolute_differences_themselves_are_asked_about() -> None:
    """Then the loss is no measure of how far training has come."""
    text = LINEAR.format(
        labels="pass",
        turn="            e = X @ self.w + self.b - y\n"
        "            loss = np.mean(np.abs(y - (X @ self.w + self.b)))\n"
        "            self.w -= rate * X.T @ np.sign(e) / len(X)\n"
        "            self.b -= rate * np.sign(e).sum() / len(X)\n",
    )
    assert checked(text).verdict != "wrong"
