import numpy as np


def gradients(X, y, w, b):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    error = (p - y) / len(y)
    grad_w = X.T @ error
    grad_b = error.sum()
    return np.clip(grad_w, -1, 1), np.clip(grad_b, -1, 1)
