import numpy as np
from scipy.optimize import fmin_l_bfgs_b


def logistic(z):
    return 1 / (1 + np.exp(-z))


def unpack(theta, d, h):
    i = 0
    W1 = theta[i:i + h * d].reshape(h, d); i += h * d
    b1 = theta[i:i + h].reshape(h, 1); i += h
    W2 = theta[i:i + h].reshape(1, h); i += h
    b2 = theta[i:i + 1].reshape(1, 1)
    return W1, b1, W2, b2


def pack(W1, b1, W2, b2):
    return np.concatenate((W1.flatten(), b1.flatten(), W2.flatten(), b2.flatten()))


def objective(theta, X, Y, h, decay=0.0):
    """X is d x n, Y is 1 x n, everything in one long vector theta.
    Returns the mean cross entropy (+ weight decay) and its gradient."""
    d, n = X.shape
    W1, b1, W2, b2 = unpack(theta, d, h)
    A1 = logistic(W1 @ X + b1)
    A2 = logistic(W2 @ A1 + b2)
    J = -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
    J = J + decay / 2 * (np.sum(W1 ** 2) + np.sum(W2 ** 2))

    D2 = (A2 - Y) / n
    D1 = (W2.T @ D2) * A1 * (1 - A1)
    g = pack(D1 @ X.T + decay * W1, D1.sum(axis=1),
             D2 @ A1.T + decay * W2, D2.sum(axis=1))
    return J, g


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    X = rng.normal(size=(2, 200))
    Y = (np.hypot(X[0], X[1]) > 1.2).astype(float)[None]
    theta0 = rng.normal(size=5 * 2 + 5 + 5 + 1)
    best, value, info = fmin_l_bfgs_b(objective, theta0, args=(X, Y, 5, 1e-3))
    print(value, info["nit"])
