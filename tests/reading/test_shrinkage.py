"""Terms that pull weights to zero, and what only looks like one."""

from __future__ import annotations

import ast

import pytest

from backproof.reading.shrinkage import shrinkage


def found(text: str, numbers: str = "mu = lr = 0.1") -> tuple[set[str], set[str], int, float]:
    one = shrinkage(ast.parse(f"{numbers}\n{text}"))
    return {*one.l2}, {*one.l1}, len(one.unnamed) + len(one.absolute), one.unit


@pytest.mark.parametrize(
    "text",
    [
        "dW += mu * W",
        "dW = X.T @ e / n + mu * W",
        "w -= lr * (X.T @ e / n + mu * w / n)",
        "w = w - lr * dw - lr * mu * w",
        "g = grad + self.mu * self.W1",
        "ascent = X.T @ (y - p) - mu * w",
        "cost = -np.mean(np.log(p)) + 0.5 * mu * np.sum(w ** 2)",
        "cost = base_loss + mu / (2 * m) * (np.sum(W1 ** 2) + np.sum(np.square(W2)))",
        "J = np.mean(e ** 2) + mu * w @ w",
        "dW = X.T @ e / n + np.c_[np.zeros(3), 2 * mu * W[:, 1:] / n]",
        "dw = X.T @ e / n + np.concatenate(([0], mu * w[1:]))",
        "grad += mu * np.hstack([np.zeros((1, 1)), w[:, 1:]])",
        "dw = np.dot(X.T, e) + np.insert(mu * w[1:], 0, 0)",
    ],
)
def test_the_strength_of_an_l2_term_is_what_its_parameter_is_multiplied_by(text: str) -> None:
    assert found(text) == ({"mu"}, set(), 0, 1.0)


@pytest.mark.parametrize(
    "text",
    [
        "grad = lr * X.T @ e / n\ngrad -= lr * mu * w\nw += grad",
        "w = w - lr * X.T @ e - lr * mu * w",
    ],
)
def test_what_multiplies_the_gradient_too_is_the_rate_of_both(text: str) -> None:
    assert found(text.replace("lr", "k"), "mu = k = 0.1") == ({"mu"}, set(), 0, 1.0)


@pytest.mark.parametrize("text", ["dW += mu * np.sign(W)", "J = e.mean() + mu * np.abs(w).sum()"])
def test_that_of_an_l1_term_is_another(text: str) -> None:
    assert found(text) == (set(), {"mu"}, 0, 1.0)


@pytest.mark.parametrize(
    ("text", "unit"),
    [("dw = X.T @ e + 0.02 * w", 0.02), ("dw = X.T @ e + w / (C * n)", 1.0)],
)
def test_a_strength_without_a_name_is_told_by_its_place(text: str, unit: float) -> None:
    assert found(text, "C = 1.0") == (set(), set(), 1, unit)


@pytest.mark.parametrize(
    "text",
    [
        "v_w = mu * v_w + dw",
        "v = X.T @ e + mu * v",
        "w = w - mu * dw",
        "z = X @ w + b",
        "w = w + mu * X.T @ e",
        "W -= mu * (dW + dW_before)",
        "loss = np.mean((X @ w - y) ** 2) + mu * np.sum(e ** 2)",
        "mean = 0.9 * mean_w + 0.1 * w",
        "y = mu * x + b",
        "dw = X.T @ e / n + np.hstack([mu * w, mu * v])",
        "dw = X.T @ e / n + np.append(0, mu * e)",
    ],
)
def test_what_is_no_such_term(text: str) -> None:
    assert found(text) == (set(), set(), 0, 1.0)


def test_what_whole_steps_are_multiplied_by_is_the_rate() -> None:
    text = "w -= alpha * dw\ncost = e.mean() + alpha * np.sum(w ** 2)"
    assert "alpha" not in shrinkage(ast.parse(f"alpha = 0.1\n{text}")).l2


@pytest.mark.parametrize("share", ["lr * mu", "2 * lr * mu", "lr * mu / n", "lr * mu / len(X)"])
def test_what_shrinks_in_place_before_a_step_has_a_strength_beside_the_rate(share: str) -> None:
    text = f"def step(W, dW, lr, mu, n):\n    W *= 1 - {share}\n    W -= lr * dW"
    assert found(text) == ({"mu"}, set(), 0, 1.0)
    assert found(text.replace("W -=", "V -=")) == (set(), set(), 0, 1.0)
