"""Handwritten letters. The optimiser that uses the velocities is in another file."""
import numpy as np


class LetterNet:
    def __init__(self, classes, input_size=28 * 28, hidden1_size=200, hidden2_size=100, kind="tanh"):
        self.kind = kind
        self.W1 = np.random.randn(input_size, hidden1_size) / np.sqrt(input_size)
        self.b1 = np.zeros(hidden1_size)
        self.W2 = np.random.randn(hidden1_size, hidden2_size) / np.sqrt(hidden1_size)
        self.b2 = np.zeros(hidden2_size)
        self.W3 = np.random.randn(hidden2_size, classes) / np.sqrt(hidden2_size)
        self.b3 = np.zeros(classes)
        self.velocity = {
            "W1": np.zeros_like(self.W1), "b1": np.zeros_like(self.b1),
            "W2": np.zeros_like(self.W2), "b2": np.zeros_like(self.b2),
            "W3": np.zeros_like(self.W3), "b3": np.zeros_like(self.b3),
        }

    def activate(self, s):
        return np.tanh(s) if self.kind == "tanh" else np.maximum(s, 0)

    def slope(self, a):
        return 1 - a * a if self.kind == "tanh" else (a > 0) * 1.0

    def forward(self, X):
        self.A1 = self.activate(X @ self.W1 + self.b1)
        self.A2 = self.activate(self.A1 @ self.W2 + self.b2)
        S = self.A2 @ self.W3 + self.b3
        E = np.exp(S - S.max(axis=1, keepdims=True))
        self.P = E / E.sum(axis=1, keepdims=True)
        return self.P

    def backward(self, X, letters):
        n = len(X)
        D3 = self.P.copy()
        D3[np.arange(n), letters] -= 1
        D3 /= n
        D2 = D3 @ self.W3.T * self.slope(self.A2)
        D1 = D2 @ self.W2.T * self.slope(self.A1)
        return {
            "W3": self.A2.T @ D3, "b3": D3.sum(axis=0),
            "W2": self.A1.T @ D2, "b2": D2.sum(axis=0),
            "W1": X.T @ D1, "b1": D1.sum(axis=0),
        }
