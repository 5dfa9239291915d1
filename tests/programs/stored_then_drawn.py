# 3-layer perceptron, one sample per step, as in the slides
import numpy as np


def sig(t):
    return 1.0 / (1.0 + np.exp(-t))


class Perceptron:
    def __init__(self, n_in, n_hidden, n_out):
        self.lr = 0.05
        self.W1 = np.random.uniform(-1, 1, (n_in, n_hidden))
        self.b1 = np.zeros(n_hidden)
        self.W2 = np.random.uniform(-1, 1, (n_hidden, n_out))
        self.b2 = np.zeros(n_out)

    def load(self, path):
        table = np.loadtxt(path, delimiter=";")
        self.X = table[:, :-3]
        self.Y = table[:, -3:]

    def learn_one(self):
        i = np.random.randint(len(self.X))
        x, t = self.X[i], self.Y[i]
        h = sig(x @ self.W1 + self.b1)
        o = sig(h @ self.W2 + self.b2)
        do = (t - o) * o * (1 - o)
        dh = (self.W2 @ do) * h * (1 - h)
        self.W2 += self.lr * np.outer(h, do)
        self.b2 += self.lr * do
        self.W1 += self.lr * np.outer(x, dh)
        self.b1 += self.lr * dh

    def learn(self, times=20000):
        for _ in range(times):
            self.learn_one()


net = Perceptron(4, 8, 3)
net.load("flowers.csv")
net.learn()
