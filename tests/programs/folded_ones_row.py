import numpy as np

def add_bias(X):
    return np.hstack([X, np.ones((X.shape[0], 1))])

def train(X, y, hidden=10, eta=0.1, epochs=100):
    Xb = add_bias(X)
    rng = np.random.RandomState(7)
    W1 = rng.uniform(-0.5, 0.5, (Xb.shape[1], hidden))
    W2 = rng.uniform(-0.5, 0.5, (hidden + 1, 1))
    for _ in range(epochs):
        H = 1 / (1 + np.exp(-Xb @ W1))
        Hb = add_bias(H)
        O = 1 / (1 + np.exp(-Hb @ W2))
        dO = (O - y) * O * (1 - O)
        dH = (dO @ W2.T)[:, 1:] * H * (1 - H)
        W2 -= eta * Hb.T @ dO
        W1 -= eta * Xb.T @ dH
    return W1, W2
