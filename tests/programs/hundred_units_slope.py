import numpy as np

HIDDEN = 256


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class Net:
    def __init__(self, n_in):
        self.W1 = np.random.randn(HIDDEN, n_in) * 0.1
        self.b1 = np.zeros((HIDDEN, 1))
        self.W2 = np.random.randn(1, HIDDEN) * 0.1
        self.b2 = np.zeros((1, 1))

    def train(self, X, Y, lr=0.1, epochs=100):
        m = X.shape[1]
        for _ in range(epochs):
            dW2 = np.zeros((1, HIDDEN))
            db1 = np.zeros((HIDDEN, 1))
            A1 = np.tanh(self.W1 @ X + self.b1)
            A2 = sigmoid(self.W2 @ A1 + self.b2)
            cost = -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
            dZ2 = A2 - Y
            dW2 += dZ2 @ A1.T / m
            dZ1 = (self.W2.T @ dZ2) * (1 - A1)
            dW1 = dZ1 @ X.T / m
            db1 += np.sum(dZ1, axis=1, keepdims=True) / m
            self.W1 -= lr * dW1
            self.b1 -= lr * db1
            self.W2 -= lr * dW2
            self.b2 -= lr * np.sum(dZ2, axis=1, keepdims=True) / m
        return cost
