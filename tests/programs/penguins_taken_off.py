"""Softmax regression on bill and flipper; the L2 term of the printed loss has the wrong sign."""
import numpy as np

rng = np.random.default_rng(4)
X = rng.normal(size=(60, 2))
y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)


def train(X, y, rounds=300):
    n = X.shape[0]
    W = 0.01 * rng.normal(size=(2, 3))
    b = np.zeros((1, 3))
    weight_decay = 1e-2
    for r in range(rounds):
        scores = X @ W + b
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        probs = e / e.sum(axis=1, keepdims=True)
        data_loss = -np.log(probs[range(n), y]).mean()
        loss = data_loss - 0.5 * weight_decay * np.sum(W * W)
        if r % 50 == 0:
            print(r, loss)
        d = probs.copy()
        d[range(n), y] -= 1
        d /= n
        W -= 0.5 * (X.T @ d + weight_decay * W)
        b -= 0.5 * d.sum(axis=0, keepdims=True)
    return W, b


W, b = train(X, y)
