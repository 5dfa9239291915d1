import ast

import pytest

from backproof.reading import rates, scopes, updates
from backproof.reading.left_out import clipped
from backproof.reading.scopes import Scope


def found(text: str) -> list[tuple[str, bool]]:
    return [(one.word, one.adds) for one in updates.updates(ast.parse(text).body)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W1 -= lr * dW1", [("W1", False)]),
        ("self.w = self.w + rate * X.T.dot(error)", [("w", True)]),
        ("params['b1'] = params['b1'] - lr * db1", [("b1", False)]),
        ("W1, b1 = W1 - lr * dW1, b1 - lr * db1", [("W1", False), ("b1", False)]),
        ("weights = [w - eta * g for w, g in zip(weights, grads)]", [("weights", False)]),
        ("syn0 += l0.T.dot(l1_delta)", [("syn0", True)]),
        ("p[k] = p[k] - 0.1 * g['d' + k]", [("p", False)]),
        ("count += 1", []),
        ("loss += np.sum(W1 * W1)", []),
        ("dW1 += reg * W1", []),
        ("v = beta * v + lr * dW1", []),
        ("W1 = (1 - lr * lam) * W1 - lr * dW1", [("W1", False)]),
        ("W1 = lr * dW1 + 0.75 * W1", [("W1", True)]),
        ("W_avg = 0.9 * W_avg + 0.1 * W1", []),
        ("vel_w = mu * vel_w - lr * dW1", []),
        ("class_weights -= lr * d", []),
    ],
)
def test_what_is_updated(text: str, expected: list[tuple[str, bool]]) -> None:
    assert found(text) == expected


def loop(text: str) -> scopes.Loop | None:
    return scopes.training_loop(Scope("", ast.parse(text).body), set())


def test_a_loop_over_layers_does_not_train() -> None:
    layers = "for l in range(L):\n    p['W' + str(l)] = p['W' + str(l)] - lr * g['dW' + str(l)]\n"
    assert loop(layers) is None
    epochs = "for epoch in range(10):\n" + "".join(f"    {line}\n" for line in layers.splitlines())
    assert loop(epochs) is not None


@pytest.mark.parametrize(
    ("header", "single"),
    [
        ("for xi, yi in zip(X, y):\n    w -= lr * xi * e", True),
        ("for i in range(n):\n    w -= lr * X[i] * e", True),
        ("for i in range(n):\n    w -= lr * X[i:i + 1].T.dot(e)", True),
        ("for i in range(n):\n    w -= lr * X[i:i + 2].T.dot(e)", False),
        ("for i in range(0, n, 32):\n    w -= lr * X[i:i + 32].T.dot(e)", False),
        ("for epoch in range(9):\n    w -= lr * X.T.dot(e)", False),
    ],
)
def test_one_example_at_a_time(header: str, single: bool) -> None:
    one = loop(header)
    assert one is not None
    assert scopes.is_one_at_a_time([one]) == single


def test_the_size_of_a_batch() -> None:
    tree = ast.parse("B = 16\nfor i in range(0, n, B):\n    w -= lr * X[i:i + B].T.dot(e)")
    one = scopes.training_loop(Scope("", tree.body), set())
    assert one is not None
    assert scopes.batch_size([one], tree) == 16


@pytest.mark.parametrize(
    ("step", "rate"),
    [
        ("0.1 * dw", 0.1),
        ("(1 / 10) * dw", 0.1),
        ("10**-1 * dw", 0.1),
        ("dw / 4", 0.25),
        ("dw", 1.0),
        ("3 * dw", None),
        ("9**9**9**9 * dw", 1.0),  # as a whole number it has no end
    ],
)
def test_a_rate_is_read_off_a_step(step: str, rate: float | None) -> None:
    read = rates.literal_rate(list(updates.updates(ast.parse(f"w -= {step}").body)))
    assert read == (rate if rate is None else pytest.approx(rate))


@pytest.mark.parametrize(
    ("velocities", "momentum"),
    [
        ("vW = beta * vW + (1 - beta) * dW", "beta"),
        ("vW = (1 - b1) * dW + vW * b1", "b1"),
        ("vW = beta * vW + dW", ""),
        ("vW = 0.9 * vW + (1 - 0.9) * dW", ""),
        ("vW = beta * vW + (1 - gamma) * dW", ""),
        ("vW = dW", ""),
    ],
)
def test_what_velocities_keep(velocities: str, momentum: str) -> None:
    body = ast.parse(f"{velocities}\nW -= lr * vW").body
    assert rates.momentum_of([body]) == momentum
    assert rates.momentum_of([[*body, *ast.parse("b -= lr * db").body]]) == ""


def test_a_rate_is_an_option_until_something_changes_it() -> None:
    step = "W1 = W1 - lr * dW1"
    assert not rates.is_disturbed([ast.parse(f"lr = options['lr']\n{step}").body], {"lr"})
    assert rates.is_disturbed([ast.parse(f"lr = rates[turn]\n{step}").body], {"lr"})
    assert rates.is_disturbed([ast.parse(f"lr *= 0.9\n{step}").body], {"lr"})


@pytest.mark.parametrize(
    ("text", "gradient"),
    [
        ("np.clip(dW1, -5, 5)", "dW1"),
        ("np.clip(self.grad_w, -limit, limit, out=g)", "self.grad_w"),
        ("g.clip(-1.0, 1.0)", "g"),
        ("np.clip(z, -500, 500)", None),
        ("np.clip(p, 1e-7, 1 - 1e-7)", None),
        ("np.clip(dW1, 0, 5)", None),
    ],
)
def test_a_clipped_gradient(text: str, gradient: str | None) -> None:
    found = clipped(ast.parse(text, mode="eval").body)
    assert (None if found is None else ast.unparse(found)) == gradient
