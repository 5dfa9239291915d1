import numpy as np


def logistic(t):
    return 1.0 / (1.0 + np.exp(-t))


def optimize(x, y, lr, n_iter):
    # x: one example per row, y: (n, 1)
    rng = np.random.default_rng(42)
    n, d = x.shape
    h = 8
    W1 = rng.standard_normal((d, h))
    b1 = np.zeros((1, h))
    W2 = rng.standard_normal((h, 1))
    b2 = np.zeros((1, 1))
    for step in range(n_iter):
        a1 = np.tanh(x @ W1 + b1)
        p = logistic(a1 @ W2 + b2)
        loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
        if step % 500 == 0:
            print("step", step, "loss", round(loss, 4))
        g2 = (p - y) / n
        g1 = (g2 @ W2.T) * (1 - a1 * a1)
        W2 -= lr * (a1.T @ g2)
        b2 -= lr * g2.sum(axis=0, keepdims=True)
        W1 -= lr * (x.T @ g1)
        b1 -= lr * g1.sum(axis=0, keepdims=True)
    return W1, b1, W2, b2


gen = np.random.default_rng(7)
points = gen.normal(size=(200, 2))
labels = (points[:, :1] * points[:, 1:] > 0) * 1.0
params = optimize(points, labels, lr=0.5, n_iter=2000)
print([p.shape for p in params])
