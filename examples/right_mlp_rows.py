"""Homework 2 with examples in rows. RIGHT; right_mlp_rows.toml says which way round it is."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def backprop(X, y, W1, b1, W2, b2):
    m = X.shape[0]
    H = np.tanh(X.dot(W1) + b1)
    p = sigmoid(H.dot(W2) + b2)
    delta2 = (p - y) / m
    dW2 = H.T.dot(delta2)
    db2 = np.sum(delta2, axis=0, keepdims=True)
    delta1 = delta2.dot(W2.T) * (1 - H**2)
    dW1 = X.T.dot(delta1)
    db1 = np.sum(delta1, axis=0, keepdims=True)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
