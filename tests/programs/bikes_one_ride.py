"""How many bikes are lent in an hour: one ride at a time, and the output is the number itself."""
import numpy as np


class RideNet:
    def __init__(self, n_in, n_hidden, n_out, lr):
        self.w_hidden = np.random.normal(0.0, n_hidden ** -0.5, (n_hidden, n_in))
        self.w_out = np.random.normal(0.0, n_out ** -0.5, (n_out, n_hidden))
        self.lr = lr

    def forwardpass(self, features):
        column = np.array(features, ndmin=2).T
        hidden = 1 / (1 + np.exp(-np.dot(self.w_hidden, column)))
        final = np.dot(self.w_out, hidden)
        return column, hidden, final

    def train(self, features, target):
        goal = np.array(target, ndmin=2).T
        column, hidden, final = self.forwardpass(features)
        error = goal - final
        back = np.dot(self.w_out.T, error)
        slope = back * hidden * (1 - hidden)
        self.w_out += (self.lr * error * hidden).T
        self.w_hidden += self.lr * slope * column.T

    def run(self, features):
        return self.forwardpass(features)[-1]
