import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def make_objective(X, y):
    """Returns f(w) -> (loss, grad), ready for any optimizer."""
    n = len(y)

    def f(w):
        p = sigmoid(X @ w)
        loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
        grad = X.T @ ((p - y) * p * (1 - p)) / n
        return loss, grad

    return f
