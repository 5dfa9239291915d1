# WRONG: W2 is updated before the hidden layer's error is computed from it.
import numpy as np
import matplotlib.pyplot as plt


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class TwoLayer:
    def __init__(self, n_x, n_h, seed=0):
        rng = np.random.default_rng(seed)
        self.W1 = rng.normal(0, 1, (n_h, n_x))
        self.b1 = np.zeros((n_h, 1))
        self.W2 = rng.normal(0, 1, (1, n_h))
        self.b2 = np.zeros((1, 1))

    def forward(self, X):
        self.A1 = np.tanh(self.W1 @ X + self.b1)
        self.A2 = sigmoid(self.W2 @ self.A1 + self.b2)
        return self.A2

    def loss(self, Y):
        return -np.mean(Y * np.log(self.A2) + (1 - Y) * np.log(1 - self.A2))

    def step(self, X, Y, lr):
        m = X.shape[1]
        self.forward(X)

        # second layer
        dZ2 = self.A2 - Y
        self.W2 = self.W2 - lr * (dZ2 @ self.A1.T) / m
        self.b2 = self.b2 - lr * dZ2.sum(axis=1, keepdims=True) / m

        # first layer
        dZ1 = (self.W2.T @ dZ2) * (1 - self.A1**2)
        self.W1 = self.W1 - lr * (dZ1 @ X.T) / m
        self.b1 = self.b1 - lr * dZ1.sum(axis=1, keepdims=True) / m

    def fit(self, X, Y, lr=0.5, epochs=2000):
        self.history = []
        for _ in range(epochs):
            self.step(X, Y, lr)
            self.history.append(self.loss(Y))
        return self


if __name__ == "__main__":
    X = np.random.uniform(-1, 1, (2, 400))
    Y = (np.sum(X**2, axis=0, keepdims=True) < 0.5).astype(int)
    net = TwoLayer(2, 10).fit(X, Y)
    plt.semilogy(net.history)
    plt.show()
