import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def load_params(path):
    """the parameters of last week's run"""
    saved = np.load(path)
    return saved["w"], saved["b"]


def fine_tune(X, y, lr=0.1, epochs=10):
    w, b = load_params("last_week.npz")
    n = X.shape[0]
    for _ in range(epochs):
        p = sigmoid(X @ w + b)
        loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
        w = w - lr * X.T @ (p - y) / n
        b = b - lr * np.mean(p - y)
    print("loss", loss)
    return w, b
