"""Pieces of a backward pass: each way of writing them right, each slip in them wrong."""

from pathlib import Path

import pytest

from backproof.checking import check_program
from backproof.reading.program import of_script
from backproof.verdict import FileReport

LINEAR = """
import numpy as np

def linear_forward(A, W, b):
    return W @ A + b, (A, W, b)

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = dZ @ A_prev.T / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = W.T @ dZ
    return dA_prev, dW, db
"""

ROWS = """
import numpy as np

def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db
"""

LAYER = """
import numpy as np

class Dense:
    def __init__(self, n_in, n_out):
        self.weights = np.random.randn(n_in, n_out) * 0.1
        self.biases = np.zeros((1, n_out))
    def forward(self, inputs):
        self.inputs = inputs
        return inputs @ self.weights + self.biases
    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        return dvalues @ self.weights.T
"""

GIVEN = """
import numpy as np

class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        self.dx = dout @ self.W.T
"""

ACTIVATION = """
import numpy as np

def {name}_backward(dA, cache):
    Z = cache
    return dA * {slope}
"""

SLOPES = {
    "sigmoid": "(1 / (1 + np.exp(-Z))) * (1 - 1 / (1 + np.exp(-Z)))",
    "tanh": "(1 - np.tanh(Z) ** 2)",
    "relu": "(Z > 0)",
    "leaky_relu": "np.where(Z > 0, 1, 0.01)",
    "softplus": "(1 / (1 + np.exp(-Z)))",
}

BOTH = """
import numpy as np

def relu(Z):
    return np.maximum(0, Z), Z

def sigmoid(Z):
    return 1 / (1 + np.exp(-Z)), Z

def linear_activation_backward(dA, cache, activation):
    (A_prev, W, b), Z = cache
    if activation == "relu":
        dZ = dA * (Z > 0)
    elif activation == "sigmoid":
        s = sigmoid(Z)[0]
        dZ = dA * s * (1 - s)
    return W.T @ dZ, dZ @ A_prev.T, dZ.sum(axis=1, keepdims=True)
"""


def checked(text: str) -> FileReport:
    return check_program(of_script(Path("piece.py"), text), cases=120)


@pytest.mark.parametrize("text", [LINEAR, ROWS, LAYER, GIVEN])
def test_a_layer_is_right(text: str) -> None:
    told = checked(text)
    assert told.verdict == "right", told.problem
    (piece,) = told.functions
    assert list(piece.gradients) == ["dA_prev", "dW", "db"]
    assert piece.model == "linear_piece"


@pytest.mark.parametrize(
    ("text", "right", "slip", "wrong"),
    [
        (LINEAR, "dW = dZ @ A_prev.T / m", "dW = dZ @ A_prev.T", {"dW"}),
        (LINEAR, "axis=1, keepdims=True", "axis=0, keepdims=True", {"db"}),
        (LINEAR, "np.sum(dZ, axis=1, keepdims=True)", "np.sum(dZ)", {"db"}),
        (LINEAR, "dA_prev = W.T @ dZ", "dA_prev = W.T @ dZ / m", {"dA_prev"}),
        (ROWS, "dw = x.T @ dout", "dw = -x.T @ dout", {"dW"}),
        # Of two that do not go together, it is the one that is not averaged.
        (ROWS, "db = dout.sum(axis=0)", "db = dout.mean(axis=0)", {"dW"}),
        (LAYER, "dvalues @ self.weights.T", "2 * dvalues @ self.weights.T", {"dA_prev"}),
        (LAYER, "axis=0, keepdims=True", "axis=1, keepdims=True", {"db"}),
        (GIVEN, "self.x.T @ dout", "np.abs(self.x).T @ dout", {"dW"}),
    ],
)
def test_a_slip_in_a_layer_is_found(text: str, right: str, slip: str, wrong: set[str]) -> None:
    assert right in text
    told = checked(text.replace(right, slip))
    assert told.verdict == "wrong"
    (piece,) = told.functions
    assert {name for name, one in piece.gradients.items() if one.verdict == "wrong"} == wrong


@pytest.mark.parametrize("name", SLOPES)
def test_an_activation_is_judged_as_what_its_name_says(name: str) -> None:
    told = checked(ACTIVATION.format(name=name, slope=SLOPES[name]))
    assert (told.verdict, told.functions[0].activation) == ("right", name)
    other = next(slope for one, slope in SLOPES.items() if one != name)
    assert checked(ACTIVATION.format(name=name, slope=other)).verdict == "wrong"


def test_what_the_own_forward_function_computes_counts_more_than_the_name() -> None:
    forward = "\ndef relu(Z):\n    return np.where(Z > 0, Z, 0.01 * Z), Z\n"
    text = ACTIVATION.format(name="relu", slope=SLOPES["leaky_relu"]) + forward
    told = checked(text)
    assert (told.verdict, told.functions[0].activation) == ("right", "leaky_relu")


def test_a_layer_with_its_activation_is_judged_for_each_that_it_takes() -> None:
    told = checked(BOTH)
    assert told.verdict == "right", told.problem
    assert [one.activation for one in told.functions] == ["relu", "sigmoid"]
    told = checked(BOTH.replace("dA * s * (1 - s)", "dA * s"))
    assert [one.verdict for one in told.functions] == ["right", "wrong"]


def test_a_piece_that_changes_what_arrives_is_right_and_impure() -> None:
    text = ACTIVATION.format(name="relu", slope="1").replace(
        "return dA * 1", "dZ = dA\n    dZ[Z <= 0] = 0\n    return dZ"
    )
    told = checked(text)
    assert told.verdict == "right"
    assert [finding.kind for finding in told.functions[0].findings] == ["impure"]


def test_a_piece_that_keeps_something_unknown_is_left_alone() -> None:
    text = (
        "def conv_backward(dZ, cache):\n    kernel, stride, pads = cache\n    return dZ, dZ, dZ\n"
    )
    assert checked(text).verdict == "unread"


def test_right_pieces_do_not_make_a_file_right_that_cannot_train() -> None:
    train = """
def train(X, Y, steps, lr):
    W, b = np.random.randn(1, X.shape[0]), np.zeros((1, 1))
    for _ in range(steps):
        Z, cache = linear_forward(X, W, b)
        A = 1 / (1 + np.exp(-Z))
        dA, dW = linear_backward(A - Y, cache)
        W = W - lr * dW
    return W, b
"""
    told = checked(LINEAR + train)
    assert told.verdict == "undecided"
    assert "too many values to unpack" in (told.problem or "")


LAYER = """
import numpy as np

class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.zeros(n_out)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, {arriving}):
        self.dW = self.x.T @ {arriving}{of_w}
        self.db = {arriving}.sum(axis=0){of_b}
        return {arriving} @ self.W.T
"""
MEAN = " / len(self.x)"


@pytest.mark.parametrize("arriving", ["d", "grad", "dout", "djdz", "eps"])
@pytest.mark.parametrize(
    ("of_w", "of_b", "wrong"),
    [("", "", []), (MEAN, MEAN, []), ("", MEAN, ["dW"]), (MEAN, "", ["db"])],
)
def test_a_layer_whatever_arrives_is_called(
    arriving: str, of_w: str, of_b: str, wrong: list[str]
) -> None:
    text = LAYER.format(arriving=arriving, of_w=of_w, of_b=of_b)
    told = check_program(of_script(Path("layers.py"), text), cases=60)
    assert told.verdict == ("wrong" if wrong else "right")
    (one,) = told.functions
    assert [name for name, g in one.gradients.items() if g.verdict == "wrong"] == wrong


MEASURES = """
import numpy as np

def mse(y, p):
    return {measure}

def mae(y, p):
    return np.mean(np.abs(y - p))

def gradient(X, y, w, b):
    r = X @ w + b - y
    return {of_w} * X.T @ r / len(y), {of_b} * r.mean()
"""


@pytest.mark.parametrize(
    ("measure", "of_w", "of_b", "wrong"),
    [
        ("np.mean((y - p) ** 2)", "2", "2", []),
        ("np.mean((y - p) ** 2)", "1", "1", []),
        ("np.mean((y - p) ** 2)", "2", "1", ["db"]),
        ("np.mean((y - p) ** 2)", "1", "2", ["dw"]),
        ("np.mean((y - p) ** 2) / 2", "2", "1", ["dw"]),
        ("0.5 * np.mean(np.square(y - p))", "1", "2", ["db"]),
    ],
)
def test_where_gradients_disagree_the_files_measure_says_which_is_wrong(
    measure: str, of_w: str, of_b: str, wrong: list[str]
) -> None:
    text = MEASURES.format(measure=measure, of_w=of_w, of_b=of_b)
    told = check_program(of_script(Path("measures.py"), text), cases=60)
    (one,) = told.functions
    assert [name for name, g in one.gradients.items() if g.verdict == "wrong"] == wrong
