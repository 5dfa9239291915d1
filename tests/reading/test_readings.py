"""Small programs that were once read as something else; each has to be read as what it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reading.small_programs import CROSS_ENTROPY, FUNCTION, checked, loop, wrong


@pytest.mark.parametrize(
    ("loss", "dz"),
    [
        ("-np.mean(np.where(y == 1, np.log(p), np.log(1 - p)))", "p - y"),
        (CROSS_ENTROPY, "p - (y == 1)"),
        (CROSS_ENTROPY, "p - y.astype(int)"),
    ],
)
def test_labels_may_be_taken_for_certainties(loss: str, dz: str) -> None:
    told = checked(FUNCTION.format(loss=loss, dz=dz))
    assert told.verdict == "right"
    assert "convention" in [finding.kind for finding in told.functions[0].findings]
    assert checked(FUNCTION.format(loss=loss, dz=f"2 * ({dz})")).verdict == "wrong"


@pytest.mark.parametrize(
    ("loss", "dz"),
    [
        ("np.mean(np.abs(p - y))", "np.sign(p - y) * p * (1 - p)"),
        (f"3 * {CROSS_ENTROPY}", "3 * (p - y)"),
    ],
)
def test_gradients_of_another_loss_are_not_called_wrong(loss: str, dz: str) -> None:
    told = checked(FUNCTION.format(loss=loss, dz=dz))
    assert told.verdict == "undecided"
    assert "its own loss" in (told.functions[0].problem or "")
    assert checked(FUNCTION.format(loss=loss, dz=f"-({dz})")).verdict == "wrong"


def test_a_squared_error_behind_a_sigmoid_is_judged_as_that() -> None:
    told = checked(FUNCTION.format(loss="np.mean((p - y)**2)", dz="2 * (p - y) * p * (1 - p)"))
    assert (told.verdict, told.functions[0].model) == ("right", "regression_sigmoid_squared")
    assert checked(FUNCTION.format(loss="np.mean((p - y)**2)", dz="p - y")).verdict == "wrong"


NO_LOOP = """
import numpy as np

class Net:
    def __init__(self, {sizes}):
        self.W1, self.b1 = np.random.randn({d}, hidden1_size), np.zeros(hidden1_size)
        self.W2, self.b2 = np.random.randn(hidden1_size, 1), np.zeros(1)
        self.{beside} = {{"W1": np.zeros_like(self.W1), "W2": np.zeros_like(self.W2)}}

    def activate(self, s):
        return np.tanh(s)

    def forward(self, X):
        self.A1 = self.activate(X @ self.W1 + self.b1)
        self.P = 1 / (1 + np.exp(-(self.A1 @ self.W2 + self.b2)))
        return self.P

    def backward(self, X, y):
        D2 = (self.P - y) / len(X)
        D1 = D2 @ self.W2.T * (1 - self.A1 ** 2)
        return {{"W1": X.T @ D1, "b1": D1.sum(axis=0), "W2": self.A1.T @ D2, "b2": {db2}}}
"""


@given(
    sizes=st.sampled_from(
        ["n_in, hidden1_size", "n_in=784, hidden1_size=8", "hidden1_size, n_in=28 * 28"]
    ),
    beside=st.sampled_from(["velocity", "momentum", "v", "grads"]),
    db2=st.sampled_from(["D2.sum(axis=0)", "D2.mean(axis=0)"]),
)
@settings(max_examples=6, deadline=None)
def test_an_object_has_run_forward_and_keeps_more_beside_its_parameters(
    sizes: str, beside: str, db2: str
) -> None:
    told = checked(NO_LOOP.format(sizes=sizes, d="n_in", beside=beside, db2=db2))
    assert wrong(told) == ({"db2"} if "mean" in db2 else set()), told.problem
    assert told.verdict == ("wrong" if "mean" in db2 else "right"), told.problem


VECTORIZED = """
import numpy as np

def slope(v):
    return v * (1 - v){slip}

X = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
y = np.array([[0.0], [1.0], [1.0]])
w = np.random.randn(2, 1)
slope = np.vectorize(slope)
for turn in range(300):
    p = 1 / (1 + np.exp(-(X @ w)))
    w -= 0.5 * X.T @ ((p - y) * slope(p))
"""


@pytest.mark.parametrize(("slip", "verdict"), [("", "right"), (" + 0.1", "wrong")])
def test_a_function_that_a_script_wraps_is_wrapped_once(slip: str, verdict: str) -> None:
    assert checked(VECTORIZED.format(slip=slip)).verdict == verdict


def test_parameters_that_make_no_network_are_named() -> None:
    told = loop("w -= lr * dw; b -= lr * db; v -= lr * dw.T", ", lr=0.1", "v = np.zeros((5, 9))")
    assert told.verdict == "unread"
    assert "no chain of one to four layers: " in str(told.problem)
    assert "v (5, 9)" in str(told.problem)


BY_USE = """
import numpy as np

{x} = np.random.rand(30, 4)
{y} = np.zeros((30, 1))
w = np.random.randn(4, 1)
for turn in range(300):
    l0 = {x}
    p = 1 / (1 + np.exp(-l0.dot(w)))
    off = {y} - p
    w += 0.5 * l0.T.dot(off){slip} / len(l0)
"""


@given(
    xy=st.sampled_from([("D_in", "D_out"), ("facts", "fates"), ("n_in", "n_out")]),
    slip=st.sampled_from(["", " * 2 * p.mean()"]),
)
@settings(max_examples=6, deadline=None)
def test_data_are_known_by_use_whatever_they_are_called(xy: tuple[str, str], slip: str) -> None:
    told = checked(BY_USE.format(x=xy[0], y=xy[1], slip=slip))
    assert told.verdict == ("wrong" if slip else "right"), told.problem


PASSED = """
import numpy as np

def relu(z): return np.maximum(z, 0)
def relu_derivative(z): return (z > 0) * 1.0
def tanh(z): return np.tanh(z)
def tanh_derivative(z): return 1 - np.tanh(z) ** 2

class Neuron:
    def __init__(self, n_in, act_function, deriv_function, lr):
        self.w, self.b, self.lr = np.random.randn(n_in), 0.0, lr
        self.f, self.slope = act_function, deriv_function

    def learn(self, X, y):
        z = X @ self.w + self.b
        off = (y - self.f(z)) * self.slope(z)
        self.w += self.lr * X.T @ off
        self.b += self.lr * np.sum(off)

Neuron({arguments}).learn(X, y)
"""


@pytest.mark.parametrize(
    ("arguments", "verdict"),
    [
        ("2, tanh, tanh_derivative, 0.1", "right"),
        ("2, lr=0.1, deriv_function=tanh_derivative, act_function=tanh", "right"),
        ("2, tanh, relu_derivative, 0.1", "wrong"),
    ],
)
def test_functions_are_passed_as_the_file_passes_them(arguments: str, verdict: str) -> None:
    told = checked(PASSED.format(arguments=arguments))
    assert told.verdict == verdict, told.problem


def test_what_answers_otherwise_when_asked_again_is_undecided() -> None:
    text = FUNCTION.format(loss=CROSS_ENTROPY, dz="(p - y) * (1 + (next(calls) % 50 == 49))")
    told = checked("import itertools\ncalls = itertools.count()\n" + text)
    assert told.verdict == "undecided"


def test_minus_one_over_m_is_no_label() -> None:
    loss = "-1 / n * np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))"
    assert checked(FUNCTION.format(loss=loss, dz="p - y")).verdict == "right"


def test_an_activation_that_no_model_has_is_asked_for() -> None:
    text = """
import numpy as np

def backward(W1, b1, W2, b2, x, y):
    "two layers with tanh, mean cross-entropy"
    a1 = 1.7159 * np.tanh(2 * (W1 @ x + b1) / 3)
    dz2 = (1 / (1 + np.exp(-(W2 @ a1 + b2))) - y) / x.shape[1]
    dz1 = W2.T @ dz2 * (1.7159 - a1**2 / 1.7159) * 2 / 3
    axis = {"axis": 1, "keepdims": True}
    return dz1 @ x.T, dz1.sum(**axis), dz2 @ a1.T, dz2.sum(**axis)
"""
    assert checked(text).verdict == "unread"


def test_classes_that_are_counted_among_the_labels_are_all_there() -> None:
    text = """
import numpy as np

def one_hot(Y):
    made = np.zeros((Y.size, Y.max() + 1))
    made[np.arange(Y.size), Y] = 1
    return made.T

def gradient_descent(X, Y, alpha, iterations):
    W, b = np.random.rand(10, 784) - 0.5, np.random.rand(10, 1) - 0.5
    for i in range(iterations):
        Z = W.dot(X) + b
        A = np.exp(Z) / sum(np.exp(Z))
        dZ = A - one_hot(Y)
        W = W - alpha / Y.size * dZ.dot(X.T)
        b = b - alpha / Y.size * np.sum(dZ, 1).reshape(-1, 1)
    return W, b
"""
    assert checked(text).verdict == "right"
    assert wrong(checked(text.replace("np.sum(dZ, 1).reshape(-1, 1)", "np.sum(dZ)"))) == {"db"}


@pytest.mark.parametrize(("name", "verdict"), [("accuracy", "right"), ("answer", "unread")])
def test_an_accuracy_on_labels_that_are_not_ours_is_not_needed(name: str, verdict: str) -> None:
    step = f"{name} = np.mean((p[:, 0] > 0.5) == truth); w -= 0.1 * dw; b -= 0.1 * db"
    told = loop(step, before="truth = np.arange(101) % 2 * np.ones(101)")
    assert told.verdict == verdict, told.problem


FOR_EACH_CLASS = """
import numpy as np

def train(X, y, epochs=100, lr=0.1):
    found = []
    for c in range(y.shape[1]):
        w, b = np.zeros((X.shape[1], 1)), 0.0
        for it in range(epochs):
            e = 1 / (1 + np.exp(-(X @ w + b))) - y[:, c : c + 1]
            w -= lr * X.T @ e / len(X)
            b -= lr * np.mean(e)
        found.append((w, b))
    return found
"""


def test_parameters_that_are_drawn_for_each_class_are_said() -> None:
    told = checked(FOR_EACH_CLASS)
    assert told.verdict == "unread"
    assert "train: draws its parameters anew in each turn of the loop in line 6" in str(
        told.problem
    )


LABELLED = """
import numpy as np

class Classifier:
    def __init__(self, n_features, n_classes):
        self.W, self.b = np.zeros((n_features, n_classes)), np.zeros(n_classes)

    def predict(self, x):
        e = np.exp(x @ self.W + self.b)
        return e / e.sum(axis=1, keepdims=True)

    def loss(self, {names}):
        return -np.sum({target} * np.log({prediction})) / len({target})

    def gradient(self, x, {names}):
        d = ({prediction} - {target}) / len(x)
        return {{"W": x.T @ d, "b": d.{db}(axis=0)}}
{call}"""
CALLED = """
def learn(model, x, labels, rate=0.1):
    out = model.predict(x)
    for name, slope in model.gradient({arguments}).items():
        setattr(model, name, getattr(model, name) - rate * slope)
"""


@pytest.mark.parametrize(
    ("names", "prediction", "target", "arguments"),
    [
        ("y, t", "y", "t", ""),
        ("t, y", "y", "t", ""),
        ("y, t", "y", "t", "x, out, labels"),
        ("y, labels", "y", "labels", "x, out, labels"),
        ("target, output_label", "output_label", "target", "x, labels, model.predict(x)"),
    ],
)
def test_of_two_that_are_called_like_labels_one_is_the_prediction(
    names: str, prediction: str, target: str, arguments: str
) -> None:
    call = CALLED.format(arguments=arguments) if arguments else ""
    told = {
        db: checked(
            LABELLED.format(names=names, prediction=prediction, target=target, call=call, db=db)
        )
        for db in ("sum", "mean")
    }
    assert told["sum"].verdict == "right"
    assert wrong(told["mean"]) == {"db"}


STARTED = """
import numpy as np

class Model:
    def __init__(self, rounds=200, rate=0.2):
        self.rounds, self.rate = rounds, rate

    def slopes(self, X, target):
        {error}
        return X.T @ error / len(X), np.{db}(error)

    def descend(self, X, target):
        for _ in range(self.rounds):
            dw, db = self.slopes(X, target)
            self.w = self.w - self.rate * dw
            self.b = self.b - self.rate * db

    def fit(self, X, target):
        self.w, self.b = np.zeros({shape}), 0.0
        self.descend(X, target)
        return self.report(X, target)
"""


@pytest.mark.parametrize("shape", ["X.shape[1]", "(X.shape[1],)"])
@pytest.mark.parametrize(
    "error",
    [
        "error = 1 / (1 + np.exp(-(X @ self.w + self.b))) - target",
        "sign = 2 * target - 1; error = -sign / (1 + np.exp(sign * (X @ self.w + self.b)))",
    ],
)
def test_what_draws_the_parameters_is_called_before_what_moves_them(error: str, shape: str) -> None:
    assert checked(STARTED.format(error=error, shape=shape, db="mean")).verdict == "right"
    assert wrong(checked(STARTED.format(error=error, shape=shape, db="sum"))) == {"db"}


KEPT = """
import numpy as np

class Model:
    def __init__(self, {name}=None, rate=0.1):
        self.{name} = {name}
        self.rate = rate

    def fit(self, X, y, rounds=50):
        X = np.c_[np.ones(len(X)), X]
        self.coefficients = np.zeros(X.shape[1])
        for _ in range(rounds):
            p = 1 / (1 + np.exp(-X @ self.coefficients))
            self.coefficients -= self.rate * X.T @ {error}
        return self
"""


@pytest.mark.parametrize("name", ["theta", "weights", "W", "b"])
def test_an_argument_that_is_only_kept_is_no_parameter(name: str) -> None:
    text = KEPT.format(name=name, error="(p - y)")
    assert checked(text).verdict == "right"
    assert checked(text.replace("(p - y)", "(y - p)")).verdict == "wrong"


NEWTON = """import numpy as np


class Sigmoid:
    def __call__(self, x):
        return 1 / (1 + np.exp(-x))

    def gradient(self, x):
        return self(x) * (1 - self(x))


class Classifier:
    def __init__(self, learning_rate=0.1, newton=False):
        self.learning_rate = learning_rate
        self.newton = newton
        self.sigmoid = Sigmoid()

    def fit(self, X, y, n_iterations=400):
        self.w = np.random.uniform(-1, 1, (X.shape[1],))
        for i in range(n_iterations):
            p = self.sigmoid(X.dot(self.w))
            if self.newton:
                second = X.T.dot(np.diag(self.sigmoid.gradient(X.dot(self.w)))).dot(X)
                self.w += np.linalg.pinv(second).dot(X.T.dot(y - p))
            else:
                self.w -= self.learning_rate * {step}
"""


def test_a_slope_in_a_second_derivative_means_no_squared_error() -> None:
    assert checked(NEWTON.replace("{step}", "X.T.dot(p - y)")).verdict == "right"
    assert checked(NEWTON.replace("{step}", "X.T.dot((p - y) * p)")).verdict == "wrong"


def test_the_slope_at_an_argument_is_no_backward_pass() -> None:
    assert checked(NEWTON.partition("class Classifier")[0]).verdict == "unread"
