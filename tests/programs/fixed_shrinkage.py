import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def costo(w, b, X, y):
    p = sigmoid(X @ w + b)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)) + 0.005 * np.sum(w**2)


def ajustar(X, y, tasa=0.1, vueltas=500):
    n, d = X.shape
    w, b = np.zeros(d), 0.0
    for _ in range(vueltas):
        p = sigmoid(X @ w + b)
        # regularización: 0.01 w
        dw = X.T @ (p - y) / n + 0.01 * w
        db = np.mean(p - y)
        w -= tasa * dw
        b -= tasa * db
    return w, b
