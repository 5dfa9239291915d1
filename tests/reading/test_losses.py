"""A loss function is judged wherever it is, or the report says that it was not, and why."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.checking import check_program
from backproof.reading.program import of_script
from backproof.report import as_json
from backproof.verdict import FileReport

NETWORK = """
import numpy as np

def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

def start(d, h, k):
    return {{"W1": np.random.randn(d, h), "b1": np.zeros((1, h)),
            "W2": np.random.randn(h, k), "b2": np.zeros((1, k))}}

def forward(params, X):
    A1 = np.tanh(X @ params["W1"] + params["b1"])
    Z2 = A1 @ params["W2"] + params["b2"]
    return {results}

{loss}

def backward(params, X, Y):
    {taken} = forward(params, X)
    dZ2 = (P - Y) / len(X)
    dZ1 = dZ2 @ params["W2"].T * (1 - A1**2)
    return {{"dW1": X.T @ dZ1, "db1": dZ1.sum(axis=0, keepdims=True),
            "dW2": A1.T @ dZ2, "db2": dZ2.sum(axis=0, keepdims=True)}}

params = start(2, 8, 3)
for i in range(100):
    grads = backward(params, X, Y)
    for name in params:
        params[name] -= 0.3 * grads["d" + name]
"""

LOSS = "def {name}({p}, {y}):\n    return {sign}np.sum({y} * np.log({p})) / len({y})"


def checked(text: str) -> FileReport:
    return check_program(of_script(Path("one.py"), text), cases=40)


def network(loss: str, results: str = "A1, softmax(Z2)", taken: str = "A1, P") -> FileReport:
    return checked(NETWORK.format(loss=loss, results=results, taken=taken))


def verdicts(told: FileReport) -> list[str]:
    return [one.loss.verdict for one in told.functions if one.loss is not None]


@given(
    name=st.sampled_from(["loss", "cross_entropy", "compute_cost"]),
    arguments=st.sampled_from([("P", "Y"), ("probs", "targets"), ("y_hat", "y"), ("out", "t")]),
    results=st.sampled_from(
        [
            ("A1, softmax(Z2)", "A1, P"),
            ("softmax(Z2), A1", "P, A1"),
            ("np.tanh(X @ params['W1'] + params['b1']), softmax(Z2)", "A1, P"),
            ("Z2, A1, np.exp(Z2) / np.exp(Z2).sum(axis=1, keepdims=True)", "_, A1, P"),
        ]
    ),
    right=st.booleans(),
)
@settings(max_examples=6, deadline=None)
def test_a_loss_of_what_forward_gives_is_judged(
    name: str, arguments: tuple[str, str], results: tuple[str, str], right: bool
) -> None:
    p, y = arguments
    loss = LOSS.format(name=name, p=p, y=y, sign="-" if right else "")
    told = network(loss, *results)
    assert verdicts(told) == ["right" if right else "wrong"], told
    assert told.verdict == ("right" if right else "wrong")
    assert not told.notes


OUTER = """
def cross_entropy(P, Y):
    return -np.sum(Y * np.log(P))

def cost(P, Y):
    return {sign}cross_entropy(P, Y) / len(Y)
"""


@pytest.mark.parametrize(("sign", "verdict"), [("", "right"), ("-", "wrong")])
def test_of_several_the_one_that_calls_the_others_is_meant(sign: str, verdict: str) -> None:
    assert verdicts(network(OUTER.format(sign=sign))) == [verdict]


TRAINED = """
import numpy as np

class Logistic:
    {constructor}

    @property
    def L(self):
        return 0.5

    {loss}p, y):
        return {sign}np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    def start(self):
        self.w, self.b = np.zeros((self.X.shape[1], 1)), 0.0

    def fit(self, X, y, epochs=100, lr=0.1):
        self.X, self.m = X, X.shape[0]
        self.start()
        for i in range(epochs):
            p = self.predict_proba(X)
            {stated}
            self.w -= lr * X.T @ (p - y) / self.m
            self.b -= lr * np.mean(p - y)

    def predict_proba(self, X):
        return 1 / (1 + np.exp(-(X @ self.w + self.b)))
"""
CONSTRUCTORS = [
    "def __init__(self, n_features):\n        self.w, self.b = np.zeros((n_features, 1)), 0.0",
    "def __init__(self):\n        self.w = self.b = None",
    "tolerance = 1e-3",
]


@given(
    constructor=st.sampled_from(CONSTRUCTORS),
    loss=st.sampled_from(
        [
            "def loss(self, ",
            "def __cost(self, ",
            "def log_loss(self, ",
            "@staticmethod\n    def cost(",
        ]
    ),
    stated=st.sampled_from(["pass", "L = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))"]),
    right=st.booleans(),
)
@settings(max_examples=8, deadline=None)
def test_a_loss_method_is_judged_whatever_the_training_sets_up(
    constructor: str, loss: str, stated: str, right: bool
) -> None:
    told = checked(
        TRAINED.format(constructor=constructor, loss=loss, stated=stated, sign="-" if right else "")
    )
    assert told.verdict == ("right" if right else "wrong"), told
    assert ("right" if right else "wrong") in verdicts(told)
    assert not told.notes


AFTER = """
import numpy as np

def cost(p, y):
    return {sign}np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

verbose = False
w, b = np.zeros((5, 1)), 0.0
for i in range(100):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    w -= 0.1 * X.T @ (p - y) / len(X)
    b -= 0.1 * np.mean(p - y)
    if verbose:
        print(cost(p, y))
"""


@pytest.mark.parametrize("sign", ["-", ""])
def test_a_loss_that_no_turn_computes_is_judged_or_said(sign: str) -> None:
    told = checked(AFTER.format(sign=sign))
    assert bool(verdicts(told)) != any("is not judged" in note for note in told.notes)


@pytest.mark.parametrize(
    ("loss", "why"),
    [
        (
            "def mse(P, Y):\n    return np.mean((P - Y) ** 2)\n\n"
            "def nll(P, Y):\n    return -np.sum(Y * np.log(P)) / len(Y)",
            "there are several",
        ),
        ("def loss(P, Y, mystery):\n    return mystery(P - Y)", "takes mystery"),
        ("def loss(P, Y):\n    return np.sum(Y * np.log(Q))", "could not be run"),
        ("loss = lambda P, Y: np.sum(Y * np.log(Q))", "could not be run"),
        ("@memo\ndef loss(P, Y):\n    return np.sum(Y * np.log(P))", "decorated"),
    ],
)
def test_what_is_not_judged_is_said_and_why(loss: str, why: str) -> None:
    told = network(loss)
    assert told.verdict == "right"
    assert not verdicts(told)
    noted = [note for note in told.notes if "is not judged" in note]
    assert noted
    assert all(why in note for note in noted)
    assert all("(line 17" in note or "(line 20" in note or "(line 18" in note for note in noted)
    (file,) = json.loads(as_json([told]))["files"]
    assert noted == [note for note in file["notes"] if "is not judged" in note]
    assert all(note in str(file["notes"]) for note in noted)


def test_of_a_file_of_which_nothing_is_judged_no_loss_is_missed() -> None:
    assert not checked("def loss(P, Y):\n    return 0.0\n").notes


GUARDED = """
import numpy as np

def cost(w, X, y, tiny={tiny}):
    p = 1 / (1 + np.exp(-(X @ w)))
    return -(y.T @ np.log(p + tiny) {sign} (1 - y).T @ np.log({literal} + 1 - p)).item() / len(y)

def gradient(w, X, y):
    return X.T @ (1 / (1 + np.exp(-(X @ w))) - y) / len(y)
"""


@pytest.mark.parametrize(
    ("tiny", "literal", "sign", "verdict"),
    [
        ("1e-5", "1e-4", "+", "right"),
        ("1e-5", "1e-4", "-", "wrong"),
        ("1e-5", "1e-3", "+", "wrong"),
        ("2e-2", "1e-4", "+", "wrong"),
    ],
)
def test_a_guard_inside_of_a_logarithm_may_be_larger(
    tiny: str, literal: str, sign: str, verdict: str
) -> None:
    told = checked(GUARDED.format(tiny=tiny, literal=literal, sign=sign))
    losses = {one.loss.verdict for one in told.functions if one.loss is not None}
    assert losses == {verdict}, told.problem


TWO_PAIRS = """
import numpy as np
from scipy.optimize import minimize

def chance(theta, X):
    return 1 / (1 + np.exp(-(X @ theta)))

def cost(theta, X, y):
    h = chance(theta, X)
    return -(y @ np.log(h) + (1 - y) @ np.log(1 - h)) / len(y)

def gradient(theta, X, y):
    return X.T @ (chance(theta, X) - y) / len(y)

def cost_reg(theta, X, y, lam):
    return cost(theta, X, y) + lam / (2 * len(y)) * np.sum(theta[{first}:] ** 2)

{gradient_reg}
"""

GRADIENT_REG = """
def gradient_reg(theta, X, y, lam):
    term = lam / len(y) * theta
    term[0] = 0
    return gradient(theta, X, y) + term

found = minimize(cost_reg, np.zeros(3), args=(X, y, 0.1), jac=gradient_reg)
"""


@pytest.mark.parametrize(
    ("first", "gradient_reg", "amiss"),
    [
        (1, GRADIENT_REG, set()),
        (0, GRADIENT_REG, {"gradient_reg"}),
        (1, GRADIENT_REG.replace("lam /", "-lam /"), {"gradient_reg"}),
        (1, "found = minimize(cost_reg, x0, (X, y, 0.1), jac=gradient)", {"gradient"}),
    ],
)
def test_gradients_without_an_l2_term_are_of_the_loss_without(
    first: int, gradient_reg: str, amiss: set[str]
) -> None:
    """Where the file has gradients with one too: else the term is forgotten."""
    told = checked(TWO_PAIRS.format(first=first, gradient_reg=gradient_reg))
    assert {one.name for one in told.functions if one.verdict == "wrong"} == amiss
    assert told.verdict == ("wrong" if amiss else "right"), told.problem


@pytest.mark.parametrize(("used", "verdict"), [("l", "right"), ("3 * l", "wrong"), ("1", "wrong")])
def test_a_strength_may_be_called_l_and_have_a_default(used: str, verdict: str) -> None:
    text = TWO_PAIRS.format(first=1, gradient_reg=GRADIENT_REG)
    text = text.replace("y, lam)", "y, l=1)").replace("+ lam /", "+ l /")
    text = text.replace("lam / len(y) * theta", f"{used} / len(y) * rest")
    text = text.replace("    term[0] = 0", "    term = np.append(0, term)")
    text = text.replace("np.sum(theta[1:] ** 2)", "np.power(rest, 2).sum()")
    for place in ("    return cost(", f"    term = {used} /"):
        text = text.replace(place, f"    rest = theta[1:]\n{place}", 1)
    told = checked(text)
    assert told.verdict == verdict, told.problem
