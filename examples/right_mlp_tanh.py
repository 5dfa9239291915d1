"""Homework 2, the two-layer perceptron. RIGHT: straight from the slides, columns are examples."""

import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def forward(W1, b1, W2, b2, x):
    z1 = W1 @ x + b1
    a1 = np.tanh(z1)
    z2 = W2 @ a1 + b2
    return z1, a1, z2, sigmoid(z2)


def backward(W1, b1, W2, b2, x, y):
    n = x.shape[1]
    z1, a1, z2, yhat = forward(W1, b1, W2, b2, x)
    dz2 = (yhat - y) / n
    dW2 = dz2 @ a1.T
    db2 = dz2.sum(axis=1, keepdims=True)
    da1 = W2.T @ dz2
    dz1 = da1 * (1 - a1**2)
    dW1 = dz1 @ x.T
    db1 = dz1.sum(axis=1, keepdims=True)
    return dW1, db1, dW2, db2
