import numpy as np


def sigmoid(t):
    return 1.0 / (1.0 + np.exp(-t))


def softmax(t):
    e = np.exp(t - t.max())
    return e / e.sum()


def make_net(sizes, seed=1):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, 0.3, (b, a)) for a, b in zip(sizes, sizes[1:])]
    biases = [np.zeros((b, 1)) for b in sizes[1:]]
    return weights, biases


def forward(x, weights, biases):
    hs = [x]
    for i in range(len(weights)):
        t = weights[i] @ hs[-1] + biases[i]
        hs.append(softmax(t) if i == len(weights) - 1 else sigmoid(t))
    return hs


def gradients(hs, weights, y):
    dW = [None] * len(weights)
    db = [None] * len(weights)
    d = hs[-1] - y
    for i in reversed(range(len(weights))):
        dW[i] = d @ hs[i].T
        db[i] = d
        if i > 0:
            d = (weights[i].T @ d) * hs[i] * (1 - hs[i])
    return dW, db


def gradient_descent(X, Y, weights, biases, epochs=20, learning_rate=0.1):
    """X: one example a row. Full batch, example by example."""
    m = X.shape[0]
    for epoch in range(epochs):
        sum_W = [np.zeros_like(W) for W in weights]
        sum_b = [np.zeros_like(b) for b in biases]
        for i in range(m):
            x = X[i].reshape(-1, 1)
            y = Y[i].reshape(-1, 1)
            hs = forward(x, weights, biases)
            dW, db = gradients(hs, weights, y)
            for j in range(len(weights)):
                sum_W[j] += dW[j]
                sum_b[j] += db[j]
        for j in range(len(weights)):
            weights[j] -= learning_rate * sum_W[j] / m
            biases[j] -= learning_rate * sum_b[j] / m
    return weights, biases
