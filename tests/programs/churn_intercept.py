"""Predicts who leaves: the column of ones is put in where the file is read."""
import numpy as np


def sigmoid(t):
    return 1.0 / (1.0 + np.exp(-t))


def fit(X, y, alpha=0.3, lambda_reg=2.0, rounds=400):
    m, n = X.shape
    theta = np.zeros(n)
    for r in range(rounds):
        p = sigmoid(X @ theta)
        grad = X.T @ (p - y) + lambda_reg * theta
        grad[0] -= lambda_reg * theta[0]     # the intercept goes free
        theta -= alpha * grad / m
    return theta


if __name__ == "__main__":
    table = np.genfromtxt("churn.csv", delimiter=",", skip_header=1)
    X = np.column_stack([np.ones(len(table)), table[:, :-1]])
    y = table[:, -1]
    print(fit(X, y))
