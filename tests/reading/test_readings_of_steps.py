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
