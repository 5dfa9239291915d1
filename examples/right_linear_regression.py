"""Homework 0, linear regression. RIGHT: gradients of its own loss, which leaves out the half."""

import numpy as np


def compute_cost(w, b, X, Y):
    m = X.shape[1]
    return np.sum((np.dot(w, X) + b - Y) ** 2) / m


def gradients(w, b, X, Y):
    """Linear regression by hand."""
    m = X.shape[1]
    error = np.dot(w, X) + b - Y
    dw = 2 / m * np.dot(error, X.T)
    db = 2 / m * np.sum(error, axis=1, keepdims=True)
    return {"dw": dw, "db": db}
