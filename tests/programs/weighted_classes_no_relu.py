import numpy as np


class Ag:
    """Uc sinifli ag, sinif agirliklari ile (varsayilan: hepsi 1)"""

    def __init__(self, n_in, n_hidden, n_out, lr=0.01, class_weights=None):
        self.lr = lr
        self.class_weights = class_weights or {0: 1.0, 1: 1.0, 2: 1.0}
        self.W1 = np.random.randn(n_in, n_hidden) * 0.1
        self.b1 = np.zeros((1, n_hidden))
        self.W2 = np.random.randn(n_hidden, n_out) * 0.1
        self.b2 = np.zeros((1, n_out))

    def forward(self, X):
        self.z1 = X @ self.W1 + self.b1
        self.a1 = np.maximum(0, self.z1)
        s = self.a1 @ self.W2 + self.b2
        e = np.exp(s - s.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def loss(self, y_pred, y):
        w = np.array([self.class_weights[c] for c in y])
        return np.mean(-w * np.log(y_pred[np.arange(len(y)), y]))

    def backward(self, X, y):
        m = len(y)
        w = np.array([self.class_weights[c] for c in y])
        d2 = self.p.copy()
        d2[np.arange(m), y] -= 1
        d2 = d2 * w[:, None] / m
        d1 = d2 @ self.W2.T
        dW2 = self.a1.T @ d2
        dW1 = X.T @ d1
        self.W2 -= self.lr * dW2
        self.b2 -= self.lr * d2.sum(axis=0, keepdims=True)
        self.W1 -= self.lr * dW1
        self.b1 -= self.lr * d1.sum(axis=0, keepdims=True)
