# RIGHT: a class with a fit loop that draws its own parameters; examples are rows, y is (n,).
"""Logistic regression from scratch, the scikit-learn way."""

import numpy as np
import pandas as pd


class LogisticRegression:
    def __init__(self, lr=0.01, n_iters=1000):
        self.lr = lr
        self.n_iters = n_iters
        self.weights = None
        self.bias = None
        self.losses = []

    def _sigmoid(self, x):
        return 1 / (1 + np.exp(-x))

    def compute_loss(self, y_true, y_pred):
        # binary cross entropy
        eps = 1e-9
        y1 = y_true * np.log(y_pred + eps)
        y2 = (1 - y_true) * np.log(1 - y_pred + eps)
        return -np.mean(y1 + y2)

    def fit(self, X, y):
        n_samples, n_features = X.shape
        self.weights = np.zeros(n_features)
        self.bias = 0

        for _ in range(self.n_iters):
            A = self._sigmoid(np.dot(X, self.weights) + self.bias)
            self.losses.append(self.compute_loss(y, A))
            dz = A - y  # (n_samples,)
            dw = (1 / n_samples) * np.dot(X.T, dz)
            db = (1 / n_samples) * np.sum(dz)
            self.weights = self.weights - self.lr * dw
            self.bias = self.bias - self.lr * db

    def predict(self, X):
        y_hat = self._sigmoid(np.dot(X, self.weights) + self.bias)
        return np.array([1 if i > 0.5 else 0 for i in y_hat])


if __name__ == "__main__":
    df = pd.read_csv("breast_cancer.csv")
    X = df.drop("target", axis=1).values
    y = df["target"].values
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    clf = LogisticRegression(lr=0.1, n_iters=500)
    clf.fit(X, y)
    print("accuracy:", (clf.predict(X) == y).mean())
