import numpy as np


class RidgeGD:
    """Ridge regression like sklearn's: alpha is the penalty, not the step."""

    def __init__(self, alpha=1.0, lr=0.01, n_iter=1000):
        self.alpha, self.lr, self.n_iter = alpha, lr, n_iter

    def fit(self, X, y):
        n, d = X.shape
        self.w = np.zeros(d)
        self.b = 0.0
        for _ in range(self.n_iter):
            r = X @ self.w + self.b - y
            self.w -= self.lr * (X.T @ r + self.alpha * self.w) / n
            self.b -= self.lr * (r.mean() + self.alpha * self.b)
        return self
