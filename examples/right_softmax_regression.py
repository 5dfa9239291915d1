"""Homework 3, softmax regression. RIGHT, with the maximum taken out before the exponential."""

import numpy as np


def softmax(z):
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


def loss_and_gradients(W, b, x, y):
    n = x.shape[1]
    yhat = softmax(W @ x + b)
    loss = -np.sum(y * np.log(yhat)) / n
    dz = (yhat - y) / n
    dW = dz @ x.T
    db = dz.sum(axis=1, keepdims=True)
    return loss, dW, db
