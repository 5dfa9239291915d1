import numpy as np

class Net:
    def __init__(self, d, h, lr=0.1, drop_rate=0.2):
        self.W1 = np.random.randn(d, h) * 0.1
        self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, 1) * 0.1
        self.b2 = np.zeros(1)
        self.lr, self.drop_rate = lr, drop_rate
    def fit(self, X, y, epochs=10):
        n = len(X)
        for _ in range(epochs):
            z1 = X @ self.W1 + self.b1
            a1 = np.maximum(z1, 0)
            mask = (np.random.rand(*a1.shape) > self.drop_rate) / (1 - self.drop_rate)
            a1 *= mask
            p = 1 / (1 + np.exp(-(a1 @ self.W2 + self.b2)))
            d2 = (p - y) / n
            d1 = (d2 @ self.W2.T) * mask * (z1 > 0)
            self.W2 -= self.lr * a1.T @ d2
            self.b2 -= self.lr * d2.sum(0)
            self.W1 -= self.lr * X.T @ d1
            self.b1 -= self.lr * d2.sum()
