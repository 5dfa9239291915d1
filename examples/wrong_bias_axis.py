# WRONG: db1 is summed over the hidden units instead of the examples.
import numpy as np
import pandas as pd

sigmoid = lambda x: 1 / (1 + np.exp(-x))


class HeartNet:
    def __init__(self, inputs, hidden):
        self.w1 = np.random.randn(inputs, hidden)
        self.b1 = np.zeros((1, hidden))
        self.w2 = np.random.randn(hidden, 1)
        self.b2 = np.zeros((1, 1))

    def feedforward(self, X):
        self.h = sigmoid(X @ self.w1 + self.b1)
        self.o = sigmoid(self.h @ self.w2 + self.b2)
        return self.o

    def cost(self, y):
        return np.mean(-y * np.log(self.o) - (1 - y) * np.log(1 - self.o))

    def backprop(self, X, y, lr):
        m = y.shape[0]
        d_o = self.o - y
        d_w2 = self.h.T @ d_o / m
        d_b2 = np.sum(d_o, axis=0, keepdims=True) / m
        d_h = d_o @ self.w2.T * self.h * (1 - self.h)
        d_w1 = X.T @ d_h / m
        d_b1 = np.sum(d_h, axis=1, keepdims=True) / m

        self.w2 = self.w2 - lr * d_w2
        self.b2 = self.b2 - lr * d_b2
        self.w1 = self.w1 - lr * d_w1
        self.b1 = self.b1 - lr * d_b1

    def train(self, X, y, lr=0.05, epochs=500):
        for e in range(epochs):
            self.feedforward(X)
            if e % 50 == 0:
                print(f"epoch {e}: {self.cost(y):.4f}")
            self.backprop(X, y, lr)


if __name__ == "__main__":
    df = pd.read_csv("heart.csv")
    y = df.pop("target").values.reshape(-1, 1)
    X = (df.values - df.values.mean(0)) / df.values.std(0)
    HeartNet(X.shape[1], 8).train(X, y)
