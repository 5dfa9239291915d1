import numpy as np


def sigma(z):
    return 1 / (1 + np.exp(-z))


def optimize(x, y, lr, n_iter, n_hidden=8):
    """Full training of the 2-layer network as on the slides.

    x: (d, n), y: (1, n)
    """
    d, n = x.shape
    W1 = np.random.randn(n_hidden, d)
    b1 = np.zeros((n_hidden, 1))
    W2 = np.random.randn(1, n_hidden)
    b2 = np.zeros((1, 1))

    for t in range(n_iter):
        # forward pass
        z1 = W1 @ x + b1
        a1 = np.tanh(z1)
        z2 = W2 @ a1 + b2
        yhat = sigma(z2)

        loss = -np.mean(y * np.log(yhat) + (1 - y) * np.log(1 - yhat))
        if t % 100 == 0:
            print(t, loss)

        # backward pass
        delta2 = (yhat - y) / n
        dW2 = delta2 @ a1.T
        db2 = delta2.sum(axis=1, keepdims=True)
        delta1 = (W2.T @ delta2) * (1 - a1**2)
        dW1 = delta1 @ x.T
        db1 = delta1.sum(axis=1, keepdims=True)

        W1 -= lr * dW1
        b1 -= lr * db1
        W2 -= lr * dW2
        b2 -= lr * db2

    return W1, b1, W2, b2


if __name__ == "__main__":
    np.random.seed(0)
    x = np.random.randn(2, 200)
    y = (x[0:1] * x[1:2] > 0).astype(float)
    W1, b1, W2, b2 = optimize(x, y, 0.5, 2000)
