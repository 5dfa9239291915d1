"""Weight decay the way the book does it: shrink, then step."""
import numpy as np


class TinyNet:
    def __init__(self, n_in, n_hidden, lr=0.2, decay=0.01):
        self.W1 = np.random.randn(n_in, n_hidden) / np.sqrt(n_in)
        self.b1 = np.zeros((1, n_hidden))
        self.W2 = np.random.randn(n_hidden, 1) / np.sqrt(n_hidden)
        self.b2 = np.zeros((1, 1))
        self.lr = lr
        self.lmbda = decay

    def fit(self, X, y, epochs=500):
        n = len(X)
        for _ in range(epochs):
            h = np.tanh(X @ self.W1 + self.b1)
            p = 1 / (1 + np.exp(-(h @ self.W2 + self.b2)))
            d2 = (p - y) / n
            d1 = d2 @ self.W2.T * (1 - h * h)
            self.W1 = (1 - self.lr * self.lmbda / n) * self.W1 - self.lr * (X.T @ d1)
            self.W2 = (1 - self.lr * self.lmbda / n) * self.W2 - self.lr * (h.T @ d2)
            self.b1 = self.b1 - self.lr * d1.sum(axis=0, keepdims=True)
            self.b2 = self.b2 - self.lr * d2.sum(axis=0, keepdims=True)
        return self


if __name__ == "__main__":
    X = np.random.randn(200, 3)
    y = (X.sum(axis=1, keepdims=True) > 0).astype(float)
    TinyNet(3, 8).fit(X, y)
