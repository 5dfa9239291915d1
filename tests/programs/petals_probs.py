# Homework 2: two layers on the petals, softmax on top
import numpy as np
import matplotlib.pyplot as plt

rng = np.random.default_rng(3)


def make_petals(n_per_class=80, classes=3):
    xs, ts = [], []
    for c in range(classes):
        r = np.linspace(0.1, 1, n_per_class)
        phi = np.linspace(4 * c, 4 * (c + 1), n_per_class) + 0.2 * rng.standard_normal(n_per_class)
        xs.append(np.stack([r * np.sin(phi), r * np.cos(phi)], axis=1))
        ts.append(np.eye(classes)[np.full(n_per_class, c)])
    return np.concatenate(xs), np.concatenate(ts)


def new_net(d, h, k):
    return {
        "W1": 0.1 * rng.standard_normal((d, h)),
        "b1": np.zeros((1, h)),
        "W2": 0.1 * rng.standard_normal((h, k)),
        "b2": np.zeros((1, k)),
    }


def run(net, X):
    hidden = np.tanh(X @ net["W1"] + net["b1"])
    scores = hidden @ net["W2"] + net["b2"]
    scores = scores - scores.max(axis=1, keepdims=True)
    return hidden, np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def cross_entropy(P, Y):
    return -(Y * np.log(P)).sum() / Y.shape[0]


def gradients(net, X, Y):
    hidden, P = run(net, X)
    dscores = (P - Y) / X.shape[0]
    dhidden = dscores @ net["W2"].T * (1 - hidden ** 2)
    return {
        "W1": X.T @ dhidden,
        "b1": dhidden.sum(axis=0, keepdims=True),
        "W2": hidden.T @ dscores,
        "b2": dscores.sum(axis=0, keepdims=True),
    }


X, Y = make_petals()
net = new_net(2, 20, 3)
for epoch in range(2000):
    step = gradients(net, X, Y)
    for key in net:
        net[key] -= 1.0 * step[key]

print("loss", cross_entropy(run(net, X)[1], Y))
plt.scatter(X[:, 0], X[:, 1], c=run(net, X)[1].argmax(axis=1))
plt.show()
