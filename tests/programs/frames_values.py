"""Which students pass: X and y are data frames."""
import numpy as np
import pandas as pd


class LogisticRegression:
    def __init__(self, lr=0.05, epochs=500):
        self.lr = lr
        self.epochs = epochs

    def fit(self, X, y):
        X = X.values
        y = y.to_numpy()
        n, d = X.shape
        self.w = np.zeros(d)
        self.b = 0.0
        for epoch in range(self.epochs):
            p = 1 / (1 + np.exp(-(X.dot(self.w) + self.b)))
            error = p - y
            self.w = self.w - self.lr * X.T.dot(error) / n
            self.b = self.b - self.lr * error.sum()
        return self


if __name__ == "__main__":
    frame = pd.read_csv("students.csv")
    model = LogisticRegression().fit(frame[["hours", "sleep"]], frame["passed"])
