# Affine layers that look at the same arrays as the net's dict of parameters
import numpy as np


def softmax(a):
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def cross_entropy(p, t):
    if t.size == p.size:
        t = t.argmax(axis=1)
    return -np.log(p[np.arange(len(p)), t] + 1e-7).mean()


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * self.out * (1 - self.out)


class Net:
    def __init__(self, input_size, hidden_size, output_size):
        self.params = {
            "W1": 0.01 * np.random.randn(input_size, hidden_size),
            "b1": np.zeros(hidden_size),
            "W2": 0.01 * np.random.randn(hidden_size, output_size),
            "b2": np.zeros(output_size),
        }
        self.layers = {
            "affine1": Affine(self.params["W1"], self.params["b1"]),
            "sigmoid": Sigmoid(),
            "affine2": Affine(self.params["W2"], self.params["b2"]),
        }

    def loss(self, x, t):
        for layer in self.layers.values():
            x = layer.forward(x)
        self.y = softmax(x)
        self.t = t
        return cross_entropy(self.y, t)

    def gradient(self, x, t):
        self.loss(x, t)
        dout = self.y.copy()
        if t.size == dout.size:
            dout -= t
        else:
            dout[np.arange(len(t)), t] -= 1
        dout /= len(t)
        for layer in reversed(list(self.layers.values())):
            dout = layer.backward(dout)
        first, last = self.layers["affine1"], self.layers["affine2"]
        return {"W1": first.dW, "b1": first.db, "W2": last.dW, "b2": last.db}
