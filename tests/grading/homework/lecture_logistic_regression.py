import numpy as np


def sigma(z):
    return 1.0 / (1.0 + np.exp(-z))


def init_weights_rand(d):
    return 0.01 * np.random.randn(1, d), np.zeros((1, 1))


def forward(w, b, x):
    return sigma(w @ x + b)


def backward(w, b, x, y):
    n = x.shape[1]
    dz = (forward(w, b, x) - y) / n
    return dz @ x.T, dz.sum(axis=1, keepdims=True)


def optimize(x, y, lr, n_iter):
    w, b = init_weights_rand(x.shape[0])
    for _ in range(n_iter):
        dw, db = backward(w, b, x, y)
        w = w - lr * dw
        b = b - lr * db
    return w, b
