import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def optimize(x, y, lr, n_iter):
    """
    x: (d, n) examples in columns
    y: (1, n) zeros and ones
    returns the trained parameters and the list of losses
    """
    np.random.seed(42)
    d, n = x.shape
    h = 5
    W1 = np.random.randn(h, d)
    b1 = np.random.randn(h, 1)
    W2 = np.random.randn(1, h)
    b2 = np.random.randn(1, 1)
    losses = []

    for i in range(n_iter):
        z1 = W1 @ x + b1
        a1 = np.tanh(z1)
        z2 = W2 @ a1 + b2
        yhat = sigmoid(z2)
        losses.append(-np.mean(y * np.log(yhat) + (1 - y) * np.log(1 - yhat)))

        dz2 = (yhat - y) / n
        dW2 = dz2 @ a1.T
        db2 = dz2.sum(axis=1, keepdims=True)
        dz1 = W2.T @ dz2 * (1 - z1 ** 2)
        dW1 = dz1 @ x.T
        db1 = dz1.sum(axis=1, keepdims=True)

        W1 = W1 - lr * dW1
        b1 = b1 - lr * db1
        W2 = W2 - lr * dW2
        b2 = b2 - lr * db2

    return W1, b1, W2, b2, losses


if __name__ == "__main__":
    x = np.random.randn(2, 150)
    y = (x[0] + x[1] > 0).astype(float).reshape(1, 150)
    *params, losses = optimize(x, y, 0.05, 1000)
    print("loss: {:.4f} -> {:.4f}".format(losses[0], losses[-1]))
