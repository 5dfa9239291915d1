"""Small programs whose steps were once read as others: their rates, terms and batches."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reading.small_programs import CROSS_ENTROPY, LOOP, checked, loop, wrong


@pytest.mark.parametrize(
    ("step", "arguments", "before"),
    [
        ("w -= 0.3 * dw; b -= 0.3 * db", "", "pass"),
        ("w -= 3 * dw; b -= 3 * db", "", "pass"),
        ("w -= dw / 10; b -= db / 10", "", "pass"),
        ("w -= (1 / 10) * dw; b -= 10**-1 * db", "", "pass"),
        ("w -= 0.1 * X.T @ (p - y) / m; b -= 0.1 * db", "", "pass"),
        ("w -= how_fast * dw; b -= how_fast * db", ", how_fast=0.2", "pass"),
        ("w -= hp['lr'] * dw; b -= hp['lr'] * db", "", "hp = {'lr': 0.1}"),
        ("lr = lr * 0.99; w -= lr * dw; b -= lr * db", ", lr=0.1", "pass"),
        ("r = lr / (1 + 0.1 * it); w -= r * dw; b -= r * db", ", lr=0.1", "pass"),
        ("vw = 0.9 * vw + 0.1 * dw; w -= lr * vw; b -= lr * 0.1 * db", ", lr=0.1", "vw = 0.0"),
    ],
)
def test_a_learning_rate_is_found_however_it_is_given(
    step: str, arguments: str, before: str
) -> None:
    told = loop(step, arguments, before)
    assert told.verdict == "right", told.problem
    slip = step.replace("db", "np.sum(p - y)").replace("* np.sum", "* 1 * np.sum")
    assert loop(slip, arguments, before).verdict != "right"


def test_two_rates_that_no_name_tells_are_asked_for() -> None:
    assert loop("w -= 0.1 * dw; b -= 0.2 * db").verdict == "unread"


def test_steps_that_are_no_multiples_of_the_gradient_are_not_judged() -> None:
    told = loop("s = s + dw**2; w -= lr * dw / np.sqrt(s); b -= lr * db", ", lr=0.1", "s = 0.0")
    assert told.verdict == "unread"
    assert "no multiples" in (told.problem or "")


def test_a_bias_that_no_step_moves_is_missed() -> None:
    assert wrong(loop("w -= lr * dw", ", lr=0.1")) == {"db"}


@pytest.mark.parametrize(
    ("term", "verdict"), [("lam * w", "right"), ("-lam * w", "wrong"), ("lam", "wrong")]
)
def test_an_l2_term_is_judged_where_no_loss_shows_it(term: str, verdict: str) -> None:
    told = loop(f"w -= lr * (dw + {term}); b -= lr * db", ", lr=0.1, lam=0.01")
    assert told.verdict == verdict


BATCHES = """
import numpy as np

def train(X, y, epochs=100, lr=0.1, size=32):
    w, b = np.zeros((X.shape[1], 1)), 0.0
    for it in range(epochs):
        for i in range(0, {stop}, size):
            x, t = X[i:i + size], y[i:i + size]
            p = 1 / (1 + np.exp(-(x @ w + b)))
            w -= lr * x.T @ (p - t) / size
            b -= lr * {db}
    return w, b
"""


@pytest.mark.parametrize(
    ("stop", "db", "verdict"),
    [
        ("len(X)", "np.mean(p - t)", "right"),
        ("X.shape[0]", "np.sum(p - t) / size", "right"),
        ("len(X)", "np.sum(p - t)", "wrong"),
        ("len(X)", "np.sum(p - t) / (2 * size)", "wrong"),
    ],
)
def test_sums_are_divided_by_the_size_of_a_batch(stop: str, db: str, verdict: str) -> None:
    told = checked(BATCHES.format(stop=stop, db=db))
    assert told.verdict == verdict, told.problem
    assert "in one batch: size = n" in told.functions[0].convention


SPARED = """
import numpy as np

def train(X, y, epochs=100, lr=0.1, lam=1.0):
    m, n = X.shape
    theta = np.zeros((n, 1))
    for it in range(epochs):
        p = 1 / (1 + np.exp(-(X @ theta)))
        grad = X.T @ (p - y) / m
        {term}
        theta -= lr * grad
    return theta
"""


@pytest.mark.parametrize(
    ("term", "verdict"),
    [
        ("grad[1:] += lam / m * theta[1:]", "right"),
        ("grad += lam / m * np.vstack([np.zeros((1, 1)), theta[1:]])", "right"),
        ("grad += lam / m * theta", "right"),
        ("grad[1:] -= lam / m * theta[1:]", "wrong"),
    ],
)
def test_a_vector_that_spares_its_first_entry_has_its_bias_there(term: str, verdict: str) -> None:
    assert checked(SPARED.format(term=term)).verdict == verdict


@pytest.mark.parametrize(("sign", "verdict"), [("+", "right"), ("-", "wrong")])
def test_an_l2_term_that_is_taken_off_the_loss_is_wrong(sign: str, verdict: str) -> None:
    loss = f"ce = {CROSS_ENTROPY}; loss = ce {sign} 0.5 * lam * np.sum(w * w)"
    told = loop(f"{loss}; w -= lr * (dw + lam * w); b -= lr * db", ", lr=0.1, lam=0.01")
    assert (told.verdict, wrong(told)) == (verdict, {"loss"} if sign == "-" else set())


def test_an_l2_term_is_taken_off_a_likelihood() -> None:
    loss = f"ll = -({CROSS_ENTROPY}); log_lik = ll - 0.5 * lam * np.sum(w * w)"
    told = loop(f"{loss}; w += lr * (lam * -w - dw); b -= lr * db", ", lr=0.1, lam=0.01")
    assert told.verdict == "right"


def test_new_parameters_that_a_step_returns_are_judged() -> None:
    text = """
import numpy as np

def step(X, y, w, b, lr):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    dz = p - y
    return w - lr * X.T @ dz / len(y), b - lr * np.mean(dz)
"""
    assert checked(text).verdict == "right"
    assert wrong(checked(text.replace("np.mean(dz)", "np.sum(dz)"))) == {"db"}


def test_a_loop_that_never_turns_is_not_judged() -> None:
    told = loop("w -= lr * dw; b -= lr * db", ", lr=0.1", "epochs = range(0)")
    told = checked(
        LOOP.format(step="w -= dw", arguments="", before="pass").replace("(epochs)", "(0)")
    )
    assert told.verdict == "unread"


@pytest.mark.parametrize(
    ("made", "drawn"),
    [
        ("rng = np.random.default_rng(0)", "rng.choice(m, 8, replace=False)"),
        ("rng = np.random.default_rng(0)", "rng.permutation(m)[:batch_size]"),
        ("rng = np.random.RandomState(1)", "rng.randint(0, m, size=batch_size)"),
        ("pass", "np.random.randint(m, size=batch_size)"),
    ],
)
def test_a_batch_may_be_drawn_by_any_generator(made: str, drawn: str) -> None:
    step = f"""idx = {drawn}
        q = 1 / (1 + np.exp(-(X[idx] @ w + b)))
        w = w - lr * X[idx].T @ (q - y[idx]) / len(idx)
        b = b - lr * np.mean(q - y[idx])"""
    told = loop(step, ", lr=0.1, batch_size=8", made)
    assert told.verdict == "right", told.problem
    slip = loop(step.replace("np.mean", "np.sum"), ", lr=0.1, batch_size=8", made)
    assert wrong(slip) == {"db"}


GUARDED = """
import numpy as np

def train(X, y, epochs=100):
    m = X.shape[0]
    w, b = np.zeros((X.shape[1], 1)), 0.0
    speeds = {speeds}
    for it in range(epochs):
        p = 1 / (1 + np.exp(-(X @ w + b)){plus})
        dw = X.T @ (p - y) / {m}
        db = np.mean(p - y){slip}
        w -= speeds[it] * dw
        b -= speeds[it] * db
    return w, b
"""


@given(
    speeds=st.sampled_from(
        ["[0.3] * 200", "np.linspace(0.7, 0.1, 100)", "1.9 ** -np.arange(2.0, 99.0)"]
    ),
    plus=st.sampled_from([" + 1e-8", " + 1e-7", " + 1e-9", ""]),
    m=st.sampled_from(["m", "(m + 1e-8)"]),
    slip=st.sampled_from(["", " * 1.5", " + 1e-3 * np.mean(p)"]),
)
@settings(max_examples=8, deadline=None)
def test_a_guard_is_no_part_of_a_rate_that_only_the_steps_tell(
    speeds: str, plus: str, m: str, slip: str
) -> None:
    told = checked(GUARDED.format(speeds=speeds, plus=plus, m=m, slip=slip))
    assert (told.verdict == "right") == (not slip), (told.verdict, told.problem)


WRITTEN_OUT = """
import numpy as np
X = 2 * np.random.rand({rows}, 1)
y = 4 + 3 * X + np.random.randn({rows}, 1)
X_b = np.c_[np.ones(({rows}, 1)), X]
eta = 0.1
theta = np.random.randn(2, 1)
for iteration in range(1000):
    gradients = 2 / m * X_b.T.dot(X_b.dot(theta) - y)
    theta = theta - eta * gradients
"""


@pytest.mark.parametrize("rows", ["100", "m"])
def test_a_count_that_is_written_out_is_that_of_the_examples(rows: str) -> None:
    text = WRITTEN_OUT.format(rows=rows).replace("np\n", "np\nm = 100\n", 1)
    assert checked(text).verdict == "right"
    assert checked(text.replace("theta - eta", "theta + eta")).verdict == "wrong"


def test_a_count_of_other_than_the_examples_is_a_mistake() -> None:
    text = WRITTEN_OUT.format(rows="100").replace("np\n", "np\nm = 7\n", 1)
    assert checked(text).verdict == "wrong"


SIZES_OF_INPUTS = """
import numpy as np
from scipy.optimize import fmin_tnc

X, y = read_table("ships.txt")
{sizes}
lam = 0.3

def p(theta, X):
    return 1 / (1 + np.exp(-(X @ theta)))

def cost(theta, X, y):
    shrunk = 0.0
    for j in range({first}, n):
        shrunk = shrunk + theta[j] ** 2
    data = y @ np.log(p(theta, X)) + (1 - y) @ np.log(1 - p(theta, X))
    return -data / m + lam / (2 * m) * shrunk

def gradient(theta, X, y):
    spared = np.r_[0, theta[1:]]
    return X.T @ (p(theta, X) - y) / m + lam / m * spared

best = fmin_tnc(cost, np.zeros(n), gradient, args=(X, y))
"""


@pytest.mark.parametrize(
    "sizes", ["m, n = X.shape", "m = len(X)\nn = np.shape(X)[1]", "m, n = np.shape(X)"]
)
def test_a_global_is_the_number_of_features_where_it_is_made_of_it(sizes: str) -> None:
    told = checked(SIZES_OF_INPUTS.format(sizes=sizes, first=1))
    assert (told.verdict, told.notes) == ("right", []), told.problem
    assert checked(SIZES_OF_INPUTS.format(sizes=sizes, first=0)).verdict == "wrong"


@pytest.mark.parametrize(
    ("kept", "verdict"),
    [("(1 - 2e-3)", "right"), ("0.998", "right"), ("(1 + 2e-3)", "wrong"), ("0.5", "wrong")],
)
def test_a_weight_that_a_step_shrinks_by_a_number_is_judged_without(
    kept: str, verdict: str
) -> None:
    told = loop(f"w = {kept} * w - lr * dw; b = b - lr * db", ", lr=0.1")
    assert told.verdict == verdict, told.problem
    assert wrong(loop(f"w = w * {kept} - lr * dw; b = b - lr * m * db", ", lr=0.1"))


CLASS_NUM = """
import numpy as np

def indicators(labels, class_num):
    table = np.zeros((len(labels), class_num))
    for place in range(len(labels)):
        table[place][labels[place]] = 1
    return table

def descend(x, y, class_num, lr, iters):
    W = np.random.normal(0, 0.1, (class_num, x.shape[1]))
    for it in range(iters):
        e = np.exp(x @ W.T)
        off = e / e.sum(axis={axis}, keepdims=True) - indicators(y, class_num)
        W = W - lr * off.T @ x / len(x)
    return W
"""


@pytest.mark.parametrize(("axis", "verdict"), [(1, "right"), (0, "unread")])
def test_a_class_num_is_how_many_classes_there_are(axis: int, verdict: str) -> None:
    told = checked(CLASS_NUM.format(axis=axis))
    assert told.verdict == verdict, told.problem
    ascended = checked(CLASS_NUM.format(axis=axis).replace("W - lr", "W + lr"))
    assert ascended.verdict == ("wrong" if axis else "unread")


@pytest.mark.parametrize(("slip", "amiss"), [("", set()), (" * 2", {"dW2"})])
def test_hidden_layers_have_sizes_by_their_numbers(slip: str, amiss: set[str]) -> None:
    told = checked(f"""
import numpy as np

def drawn(first, second, features):
    return np.random.randn(first, features), np.random.randn(second, first), np.ones((1, second))

def learn(X, Y, n_h1, n_h2, turns=70, lr=0.2):
    W1, W2, W3 = drawn(n_h1, n_h2, len(X))
    for turn in range(turns):
        A1 = np.tanh(W1 @ X)
        A2 = np.tanh(W2 @ A1)
        dZ3 = (1 / (1 + np.exp(-(W3 @ A2))) - Y) / Y.shape[1]
        dZ2 = W3.T @ dZ3 * (1 - A2**2)
        dZ1 = W2.T @ dZ2 * (1 - A1**2)
        W1, W2, W3 = W1 - lr * dZ1 @ X.T, W2 - lr * dZ2 @ A1.T{slip}, W3 - lr * dZ3 @ A2.T
    return W1, W2, W3
""")
    assert told.verdict == ("wrong" if slip else "right"), told.problem
    assert wrong(told) == amiss


BESIDE_ZEROS = """
import numpy as np

def descend(inputs, t, turns=50, kappa=0.3, rate=0.1):
    X = np.c_[np.ones(len(inputs)), inputs]
    w = np.zeros((X.shape[1], 1))
    for turn in range(turns):
        p = 1 / (1 + np.exp(-(X @ w)))
        slope = X.T @ (p - t) / len(X) {sign} np.r_[np.zeros((1, 1)), kappa * w[1:]]
        w = w - rate * slope
    return w
"""


@pytest.mark.parametrize(("sign", "verdict"), [("+", "right"), ("-", "wrong")])
def test_an_l2_term_beside_zeros_is_one(sign: str, verdict: str) -> None:
    told = checked(BESIDE_ZEROS.format(sign=sign))
    assert told.verdict == verdict, told.problem
    assert "lambda = 0.25" in told.functions[0].convention
