"""Homework 2. WRONG: W2 is updated before dW1 is computed from it."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def backward(W1, b1, W2, b2, x, y, learning_rate=0.5):
    n = x.shape[1]
    a1 = np.tanh(W1 @ x + b1)
    yhat = sigmoid(W2 @ a1 + b2)
    dz2 = (yhat - y) / n
    dW2 = dz2 @ a1.T
    db2 = np.sum(dz2, axis=1, keepdims=True)
    W2 = W2 - learning_rate * dW2
    dz1 = W2.T @ dz2 * (1 - a1**2)
    dW1 = dz1 @ x.T
    db1 = np.sum(dz1, axis=1, keepdims=True)
    return dW1, db1, dW2, db2
