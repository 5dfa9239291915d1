"""Softmax for iris; how many classes there are is counted from the labels."""

import numpy as np


class Blumen:
    def train(self, X, labels, rate=0.1, rounds=200):
        classes = int(np.max(labels)) + 1
        onehot = np.zeros((len(labels), classes))
        onehot[np.arange(len(labels)), labels] = 1.0
        rng = np.random.default_rng(1)
        self.W = rng.normal(size=(X.shape[1], classes))
        self.b = np.zeros(classes)
        for _ in range(rounds):
            z = X @ self.W + self.b
            e = np.exp(z - z.max(axis=1, keepdims=True))
            p = e / e.sum(axis=1, keepdims=True)
            self.W -= rate * X.T @ (p - onehot) / len(X)
            self.b -= rate * (p - onehot).mean(axis=0)
        return self
