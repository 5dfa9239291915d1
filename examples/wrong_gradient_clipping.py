"""Homework 2. WRONG: the gradients are clipped, so they are not the gradients any more."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def backward(W1, b1, W2, b2, x, y):
    n = x.shape[1]
    a1 = np.tanh(W1 @ x + b1)
    yhat = sigmoid(W2 @ a1 + b2)
    dz2 = (yhat - y) / n
    dz1 = W2.T @ dz2 * (1 - a1**2)
    gradients = [
        dz1 @ x.T,
        dz1.sum(axis=1, keepdims=True),
        dz2 @ a1.T,
        dz2.sum(axis=1, keepdims=True),
    ]
    return tuple(np.clip(gradient, -5, 5) for gradient in gradients)
