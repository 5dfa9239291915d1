import random
import numpy as np


def squash(z):
    return 1.0 / (1.0 + np.exp(-z))


class Net(object):
    """A feed-forward net; sizes = [inputs, hidden, ..., outputs].

    A training pair (x, t) is two column vectors.
    Cost of one pair: C = 0.5 * ||a - t||^2
    """

    def __init__(self, sizes):
        self.depth = len(sizes)
        self.biases = [np.random.randn(r, 1) for r in sizes[1:]]
        self.weights = [np.random.randn(r, c) for c, r in zip(sizes[:-1], sizes[1:])]

    def cost(self, x, t):
        a = x
        for w, b in zip(self.weights, self.biases):
            a = squash(w @ a + b)
        return 0.5 * np.sum((a - t) ** 2)

    def backprop(self, x, t):
        """Return (grad_b, grad_w), lists like self.biases / self.weights."""
        acts = [x]
        for w, b in zip(self.weights, self.biases):
            acts.append(squash(w @ acts[-1] + b))

        grad_b = [None] * (self.depth - 1)
        grad_w = [None] * (self.depth - 1)
        delta = (acts[-1] - t) * acts[-1] * (1 - acts[-1])
        for l in range(self.depth - 2, -1, -1):
            grad_b[l] = delta
            grad_w[l] = delta @ acts[l].T
            if l > 0:
                delta = (self.weights[l].T @ delta) * acts[l] * (1 - acts[l])
        return grad_b, grad_w

    def train(self, pairs, epochs, eta):
        for e in range(epochs):
            random.shuffle(pairs)
            for x, t in pairs:
                gb, gw = self.backprop(x, t)
                self.weights = [w - eta * g for w, g in zip(self.weights, gw)]
                self.biases = [b - eta * g for b, g in zip(self.biases, gb)]
            print("epoch", e, "done")
