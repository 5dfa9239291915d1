# Neural network from blocks: every block knows how to go forward and backward
import numpy as np


class Block:
    def forward(self, x):
        raise NotImplementedError

    def backward(self, grad, lr):
        raise NotImplementedError


class Linear(Block):
    def __init__(self, n_in, n_out):
        self.weights = np.random.randn(n_out, n_in) * 0.3
        self.bias = np.zeros((n_out, 1))

    def forward(self, x):
        self.x = x
        return self.weights @ x + self.bias

    def backward(self, grad, lr):
        below = self.weights.T @ grad
        self.weights -= lr * grad @ self.x.T
        self.bias -= lr * grad
        return below


class Tanh(Block):
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, grad, lr):
        return grad * (1 - self.out**2)


def half_square(truth, guess):
    return 0.5 * np.sum((truth - guess) ** 2)


def half_square_slope(truth, guess):
    return guess - truth


def teach(blocks, loss, loss_slope, x_train, y_train, epochs=2000, lr=0.05):
    for epoch in range(epochs):
        total = 0
        for x, y in zip(x_train, y_train):
            out = x
            for block in blocks:
                out = block.forward(out)
            total += loss(y, out)
            grad = loss_slope(y, out)
            for block in reversed(blocks):
                grad = block.backward(grad, lr)
        if epoch % 500 == 0:
            print(epoch, total / len(x_train))


X = np.reshape([[0, 0], [0, 1], [1, 0], [1, 1]], (4, 2, 1))
Y = np.reshape([[0], [1], [1], [0]], (4, 1, 1))
blocks = [Linear(2, 4), Tanh(), Linear(4, 1)]
teach(blocks, half_square, half_square_slope, X, Y)
