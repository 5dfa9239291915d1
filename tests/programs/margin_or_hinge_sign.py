# Exercise 3: two losses for labels -1 and +1, same trainer
import numpy as np
from spambase import load

eta = 0.2


def logistic(theta, X, y):
    s = y * (X @ theta)
    J = np.log1p(np.exp(-s)).sum()
    r = -y / (1 + np.exp(-s))
    return J / len(y), (X.T @ r) / len(y)


def hinge(theta, X, y):
    s = y * (X @ theta)
    J = np.maximum(0, 1 - s).sum()
    return J / len(y), -(X.T @ (y * (s < 1))) / len(y)


def descend(objective, X, y, rounds):
    theta = np.zeros(X.shape[1])
    for _ in range(rounds):
        J, g = objective(theta, X, y)
        theta = theta - eta * g
    return theta


X, labels = load("spambase.data")
y = np.where(labels == 1, 1, -1)
print(descend(hinge, X, y, 500))
