import numpy as np

rng = np.random.RandomState(0)


def sig(v):
    return 1 / (1 + np.exp(-v))


def vanilla(X, Y, eta=0.5, epochs=100):
    """One sigmoid unit; X is (d, m), the loss is summed up example by example and then averaged."""
    d, m = X.shape
    w = rng.randn(d, 1)
    b = rng.randn(1, 1)
    history = []
    for epoch in range(epochs):
        total_loss = 0.0
        A = sig(np.dot(w.T, X) + b)
        for j in range(m):
            total_loss += -(Y[0, j] * np.log(A[0, j]) + (1 - Y[0, j]) * np.log(1 - A[0, j]))
        avg_loss = total_loss / m
        w = w - eta * np.dot(X, (A - Y).T) / m
        b = b - eta * np.sum(A - Y) / m
        history.append(avg_loss)
    return w, b, history
