# A logistic unit behind a hidden layer; everything that may be chosen is in a dict
import numpy as np


def apply(z, kind):
    if kind == "tanh":
        return np.tanh(z)
    if kind == "sigmoid":
        return 1 / (1 + np.exp(-z))
    raise ValueError(kind)


def slope(a, kind):
    if kind == "tanh":
        return 1 - a**2
    return a * (1 - a)


def train(X, Y, settings):
    activation = settings["activation"]
    lr = settings["lr"]
    W1, b1 = np.random.randn(5, X.shape[0]), np.zeros((5, 1))
    W2, b2 = np.random.randn(1, 5), np.zeros((1, 1))
    for _ in range(settings["epochs"]):
        A1 = apply(np.dot(W1, X) + b1, activation)
        A2 = apply(np.dot(W2, A1) + b2, "sigmoid")
        dZ2 = A2 - Y
        dZ1 = np.dot(W2.T, dZ2) * slope(A1, activation)
        W2 = W2 - lr * np.dot(dZ2, A1.T)
        b2 = b2 - lr * np.sum(dZ2, axis=1, keepdims=True)
        W1 = W1 - lr * np.dot(dZ1, X.T)
        b1 = b1 - lr * np.sum(dZ1, axis=1, keepdims=True)
    return W1, b1, W2, b2
