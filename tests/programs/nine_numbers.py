# Will the bus be late? Two clues, two hidden units, one answer; every weight has a name of its own
import numpy as np


def squash(v):
    return 1 / (1 + np.exp(-v))


def slope(v):
    s = squash(v)
    return s * (1 - s)


class LateBus:
    def __init__(self):
        self.w1, self.w2, self.w3 = np.random.normal(), np.random.normal(), np.random.normal()
        self.w4, self.w5, self.w6 = np.random.normal(), np.random.normal(), np.random.normal()
        self.b1, self.b2, self.b3 = np.random.normal(), np.random.normal(), np.random.normal()

    def train(self, data, targets, epochs=500, rate=0.2):
        for _ in range(epochs):
            for x, t in zip(data, targets):
                top = self.w1 * x[0] + self.w2 * x[1] + self.b1
                low = self.w3 * x[0] + self.w4 * x[1] + self.b2
                h1, h2 = squash(top), squash(low)
                out = self.w5 * h1 + self.w6 * h2 + self.b3
                guess = squash(out)
                error = 2 * (guess - t) * slope(out)
                error1 = error * self.w5 * slope(top)
                error2 = error * self.w6 * slope(low)
                self.w5 -= rate * error * h1
                self.w6 -= rate * error * h2
                self.b3 -= rate * error
                self.w1 -= rate * error1 * x[0]
                self.w2 -= rate * error1 * x[1]
                self.b1 -= rate * error1
                self.w3 -= rate * error2 * x[0]
                self.w4 -= rate * error2 * x[1]
                self.b2 -= rate * error2
