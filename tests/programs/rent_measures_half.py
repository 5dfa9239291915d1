import numpy as np


def mse(y, y_hat):
    return np.mean((y - y_hat) ** 2)


def mae(y, y_hat):
    return np.mean(np.abs(y - y_hat))


def gradient(X, y, w, b):
    n = len(y)
    r = X @ w + b - y
    dw = 2 / n * X.T @ r
    db = 1 / n * np.sum(r)
    return dw, db
