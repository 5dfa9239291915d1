import numpy as np


def sigma(z):
    return 1.0 / (1.0 + np.exp(-z))


class Network:
    """sizes e.g. [2, 5, 4, 1]; columns are examples; squared error / 2"""

    def __init__(self, sizes):
        self.W = [np.random.normal(0, 1, (o, i)) for i, o in zip(sizes, sizes[1:])]
        self.b = [np.zeros((o, 1)) for o in sizes[1:]]

    def forward(self, X):
        self.A = [X]
        for W, b in zip(self.W, self.b):
            self.A.append(sigma(W @ self.A[-1] + b))
        return self.A[-1]

    def error(self, Y):
        return np.sum((self.A[-1] - Y) ** 2) / (2 * Y.shape[1])

    def train_step(self, X, Y, lr):
        n = X.shape[1]
        out = self.forward(X)
        delta = (out - Y) * out * (1 - out)
        for l in reversed(range(len(self.W))):
            self.W[l] -= lr * delta @ self.A[l].T / n
            self.b[l] -= lr * delta.mean(axis=1, keepdims=True)
            if l > 0:
                delta = self.W[l].T @ delta * self.A[l] * (1 - self.A[l])


def main():
    net = Network([2, 5, 4, 1])
    X = np.random.rand(2, 300)
    Y = ((X[0] > 0.5) ^ (X[1] > 0.5)).astype(float).reshape(1, -1)
    for epoch in range(5000):
        net.train_step(X, Y, 2.0)
        if epoch % 500 == 0:
            print(epoch, net.error(Y))


if __name__ == "__main__":
    main()
