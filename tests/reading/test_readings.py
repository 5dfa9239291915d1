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
    for c in np.unique(y):
        w, b = np.zeros((X.shape[1], 1)), 0.0
        for it in range(epochs):
            e = 1 / (1 + np.exp(-(X @ w + b))) - (y == c)
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


TWO_ERRORS = """
import numpy as np

def slope(s):
    return 1 / (1 + np.exp(-s)) * (1 - 1 / (1 + np.exp(-s)))

def of_the_square(X, t, s, p):
    return X.T @ ((p - t) * slope(s))

def fit(X, t, turns=80, lr=0.1):
    w = np.zeros((X.shape[1], 1))
    for turn in range(turns):
        s = X @ w
        p = 1 / (1 + np.exp(-s))
        w -= lr * {step}
    return w
"""


@pytest.mark.parametrize(
    ("step", "model"),
    [
        ("X.T @ (p - t)", "logistic_regression"),
        ("of_the_square(X, t, s, p)", "regression_sigmoid_squared"),
    ],
)
def test_what_no_loss_states_is_meant_by_what_is_run(step: str, model: str) -> None:
    """What stands in the file and is not called says nothing of the training."""
    told = checked(TWO_ERRORS.format(step=step))
    fit = next(one for one in told.functions if one.name == "fit")
    assert (fit.verdict, fit.model) == ("right", model)
    tripled = checked(TWO_ERRORS.format(step=f"(w + {step})"))
    assert "wrong" in [one.verdict for one in tripled.functions if one.name == "fit"]


TWO_WAYS = """
import numpy as np

def curve(s):
    return 1 / (1 + np.exp(-s))

def slope(s):
    return curve(s) * (1 - curve(s))

class Classifier:
    def __init__(self, lr=0.1, plain={plain}):
        self.lr, self.plain = lr, plain

    def fit(self, X, y, turns=50):
        self.w = np.zeros(X.shape[1])
        for turn in range(turns):
            p = curve(X @ self.w)
            if self.plain:
                self.w += self.lr * X.T @ (y - p)
            else:
                self.w += self.lr * X.T @ ((y - p) * slope(X @ self.w))
"""


@pytest.mark.parametrize(
    ("plain", "model"),
    [(True, "logistic_regression"), (False, "regression_sigmoid_squared")],
)
def test_a_branch_that_does_not_run_says_nothing_of_the_loss(plain: bool, model: str) -> None:
    told = checked(TWO_WAYS.format(plain=plain))
    assert [(one.verdict, one.model) for one in told.functions] == [("right", model)]
    slip = TWO_WAYS.format(plain=plain).replace("(y - p)", "(y - p + self.w.mean())")
    assert checked(slip).verdict == "wrong"


def test_what_the_compiler_refuses_and_the_parser_does_not_is_said() -> None:
    told = loop("w -= lr * dw; b -= *db", ", lr=0.1")
    assert told.verdict == "unread"
    assert told.problem == "one.py, line 12: can't use starred expression here"
