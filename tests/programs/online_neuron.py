import numpy as np

class Neuron:
    """A single sigmoid neuron trained one example at a time."""

    def __init__(self, n_inputs, eta=0.1):
        self.w = np.random.uniform(-0.5, 0.5, n_inputs)
        self.b = 0.0
        self.eta = eta

    def activate(self, x):
        s = np.dot(self.w, x) + self.b
        return 1.0 / (1.0 + np.exp(-s))

    def learn(self, x, target):
        """x: vector, target: 0 or 1"""
        out = self.activate(x)
        delta = target - out
        self.w += self.eta * delta * x
        self.b += self.eta * delta
        return delta

    def train(self, X, y, epochs=50):
        for epoch in range(epochs):
            total = 0.0
            for x, target in zip(X, y):
                total += abs(self.learn(x, target))
            print("epoch %d, total |error| %.3f" % (epoch, total))


if __name__ == "__main__":
    X = np.array([[0., 0.], [0., 1.], [1., 0.], [1., 1.]])
    y = np.array([0, 0, 0, 1])
    n = Neuron(2)
    n.train(X, y)
    for x in X:
        print(x, n.activate(x))
