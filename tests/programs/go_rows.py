import numpy as np
import matplotlib.pyplot as plt


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def fit(X, y, n_hidden=10, lr=0.5, epochs=2000, seed=0):
    """X: (m, d), y: (m, 1)"""
    rng = np.random.default_rng(seed)
    m, d = X.shape
    W1 = rng.normal(0, 1, (d, n_hidden))
    b1 = np.zeros((1, n_hidden))
    W2 = rng.normal(0, 1, (n_hidden, 1))
    b2 = np.zeros((1, 1))
    history = []
    for _ in range(epochs):
        A1 = np.tanh(X @ W1 + b1)
        A2 = sigmoid(A1 @ W2 + b2)
        history.append(-np.mean(y * np.log(A2) + (1 - y) * np.log(1 - A2)))

        # second layer
        dZ2 = A2 - y
        W2 = W2 - lr * (A1.T @ dZ2) / m
        b2 = b2 - lr * dZ2.sum(axis=0, keepdims=True) / m

        # first layer
        dZ1 = (dZ2 @ W2.T) * (1 - A1 ** 2)
        W1 = W1 - lr * (X.T @ dZ1) / m
        b1 = b1 - lr * dZ1.sum(axis=0, keepdims=True) / m
    return (W1, b1, W2, b2), history


if __name__ == "__main__":
    X = np.random.uniform(-1, 1, (400, 2))
    y = (np.sum(X ** 2, axis=1, keepdims=True) < 0.5).astype(int)
    params, history = fit(X, y)
    plt.semilogy(history)
    plt.show()
