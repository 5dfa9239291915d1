import numpy as np

h = 8


def sigma(z):
    return 1.0 / (1.0 + np.exp(-z))


def init_weights_rand(d, h):
    W_1 = np.random.randn(h, d)
    b_1 = np.zeros((h, 1))
    W_2 = np.random.randn(1, h)
    b_2 = np.zeros((1, 1))
    return W_1, b_1, W_2, b_2


def forward(W_1, b_1, W_2, b_2, x):
    a_1 = sigma(W_1 @ x + b_1)
    return sigma(W_2 @ a_1 + b_2)


def backward(W_1, b_1, W_2, b_2, x, y):
    n = x.shape[1]
    a_1 = sigma(W_1 @ x + b_1)
    y_hat = sigma(W_2 @ a_1 + b_2)
    dz_2 = (y_hat - y) / n
    dW_2 = dz_2 @ a_1.T
    db_2 = dz_2 @ np.ones((n, 1))
    dz_1 = (W_2.T @ dz_2) * a_1 * (1 - a_1)
    dW_1 = dz_1 @ x.T
    db_1 = dz_1 @ np.ones((n, 1))
    return dW_1, db_1, dW_2, db_2


def optimize(x, y, lr, n_iter):
    W_1, b_1, W_2, b_2 = init_weights_rand(x.shape[0], h)
    for _ in range(n_iter):
        dW_1, db_1, dW_2, db_2 = backward(W_1, b_1, W_2, b_2, x, y)
        W_1 = W_1 - lr * dW_1
        b_1 = b_1 - lr * db_1
        W_2 = W_2 - lr * dW_2
        b_2 = b_2 - lr * db_2
    return W_1, b_1, W_2, b_2
