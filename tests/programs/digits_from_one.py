# one-vs-all network, labels in the file go from 1 to num_labels
import numpy as np


def g(z):
    return 1.0 / (1.0 + np.exp(-z))


def costFunction(params, hidden, num_labels, X, y, lmbda):
    m, n = X.shape
    T1 = params[:hidden * (n + 1)].reshape(hidden, n + 1)
    T2 = params[hidden * (n + 1):].reshape(num_labels, hidden + 1)

    a1 = np.c_[np.ones(m), X]
    z2 = a1 @ T1.T
    a2 = np.c_[np.ones(m), g(z2)]
    h = g(a2 @ T2.T)

    Y = np.zeros((m, num_labels))
    for i in range(num_labels):
        Y[:, i] = (y == i + 1).ravel()

    J = -np.sum(Y * np.log(h) + (1 - Y) * np.log(1 - h)) / m
    J += lmbda / (2 * m) * (np.sum(T1[:, 1:] ** 2) + np.sum(T2[:, 1:] ** 2))

    d3 = h - Y
    d2 = (d3 @ T2)[:, 1:] * g(z2) * (1 - g(z2))
    G1 = d2.T @ a1 / m
    G2 = d3.T @ a2 / m
    G1[:, 1:] += lmbda / m * T1[:, 1:]
    G2[:, 1:] += lmbda / m * T2[:, 1:]
    return J, np.concatenate([G1.ravel(), G2.ravel()])
