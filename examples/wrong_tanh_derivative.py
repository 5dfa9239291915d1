"""Homework 2. WRONG: the derivative of tanh is 1 - a**2, taken at z here instead of at a."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def tanh_derivative(a):
    return 1 - a**2


def backward(W1, b1, W2, b2, x, y):
    n = x.shape[1]
    z1 = W1 @ x + b1
    a1 = np.tanh(z1)
    yhat = sigmoid(W2 @ a1 + b2)
    dz2 = yhat - y
    dW2 = dz2 @ a1.T / n
    db2 = np.sum(dz2, axis=1, keepdims=True) / n
    dz1 = W2.T @ dz2 * tanh_derivative(z1)
    dW1 = dz1 @ x.T / n
    db1 = np.sum(dz1, axis=1, keepdims=True) / n
    return dW1, db1, dW2, db2
