# vento.py - previsao de rajadas, rede 2 camadas, tudo em dicts
import numpy as np


def g(z, kind):
    if kind == "tanh":
        return np.tanh(z)
    if kind == "sigmoid":
        return 1.0 / (1.0 + np.exp(-z))
    raise ValueError(kind)


def g_linha(a, kind):
    if kind == "tanh":
        return 1.0 - a ** 2
    return a * (1.0 - a)


def options(lr, hidden):
    return {"lr": lr, "act": hidden}


def passo(X, Y, p, options):
    """one step of gradient descent, new parameters back"""
    lr = options["lr"]
    act = options["act"]
    m = X.shape[1]

    W1, b1 = p["W1"], p["b1"]
    W2 = p["W2"]
    b2 = p["b2"]

    A1 = g(W1 @ X + b1, act)
    A2 = g(W2 @ A1 + b2, "sigmoid")

    dZ2 = (A2 - Y) / m
    dW2 = dZ2 @ A1.T
    db2 = dZ2.sum(axis=1, keepdims=True)
    dZ1 = (W2.T @ dZ2) * g_linha(A1, act)
    dW1 = dZ1 @ X.T
    db1 = dZ1.sum(axis=1, keepdims=True)

    W1 = W1 - lr * dW1
    b1 = b1 - lr * db1
    W2 = W2 - lr * dW2
    b2 = b2 - lr * db2

    p = {"W1": W1, "W2": W2, "b1": b1, "b2": b2}
    return p, A2
