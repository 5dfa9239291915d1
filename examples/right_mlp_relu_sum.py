"""Homework 2 with ReLU. RIGHT, but the gradients are of the sum over the examples, and its slope
at the kink is 1."""

import numpy as np


def relu(z):
    return np.maximum(0, z)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def backward(W1, b1, W2, b2, x, y):
    z1 = W1 @ x + b1
    a1 = relu(z1)
    yhat = sigmoid(W2 @ a1 + b2)
    dz2 = yhat - y
    dz1 = (W2.T @ dz2) * (z1 >= 0)
    return dz1 @ x.T, dz1.sum(axis=1, keepdims=True), dz2 @ a1.T, dz2.sum(axis=1, keepdims=True)
