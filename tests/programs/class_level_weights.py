# The weights stand in the class, not in its constructor
import numpy as np


class Gate:
    w1 = np.random.rand(2, 2)
    w2 = np.random.rand(1, 2)
    learning_rate = 0.5

    def g(self, z):
        return 1 / (1 + np.exp(-z))

    def train(self, X, Y, epochs=5000):
        for _ in range(epochs):
            hidden = self.g(self.w1 @ X)
            out = self.g(self.w2 @ hidden)
            cost = 0.5 * np.sum((Y - out) ** 2)
            error = (Y - out) * out * (1 - out)
            below = (self.w2.T @ error) * hidden * (1 - hidden)
            self.w2 = self.w2 + self.learning_rate * error @ hidden.T
            self.w1 = self.w1 + self.learning_rate * below @ X.T
        return cost
