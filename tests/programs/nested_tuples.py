import numpy as np


def init(d, h, seed=0):
    rng = np.random.default_rng(seed)
    return ((rng.normal(size=(d, h)) / np.sqrt(d), np.zeros(h)),
            (rng.normal(size=(h, 1)) / np.sqrt(h), np.zeros(1)))


def forward(params, X):
    (W1, b1), (W2, b2) = params
    Z = X @ W1 + b1
    A = np.maximum(Z, 0)
    return Z, A, 1 / (1 + np.exp(-(A @ W2 + b2)))


def loss(params, X, y):
    p = forward(params, X)[2][:, 0]
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def backward(params, X, y):
    """y has shape (n,). Gradients come back nested like params."""
    (W1, b1), (W2, b2) = params
    Z, A, P = forward(params, X)
    d2 = (P - y[:, None]) / len(y)
    d1 = d2 @ W2.T * (Z > 0)
    return (X.T @ d1, d1.sum(axis=0)), (A.T @ d2, d2.sum(axis=0))


def train(X, y, h=12, lr=0.2, steps=2000):
    params = init(X.shape[1], h)
    for s in range(steps):
        grads = backward(params, X, y)
        params = tuple(tuple(p - lr * g for p, g in zip(layer, glayer))
                       for layer, glayer in zip(params, grads))
        if s % 200 == 0:
            print(s, loss(params, X, y))
    return params


if __name__ == "__main__":
    table = np.loadtxt("pima.csv", delimiter=",")
    X, y = table[:, :-1], table[:, -1]
    train((X - X.mean(0)) / X.std(0), y)
