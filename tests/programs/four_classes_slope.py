# The same four buses; the slope of the hidden layer is taken to be its value
import numpy as np


def rectify(z):
    return np.maximum(0, z)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def gradients(X, Y, W1, b1, W2, b2):
    m = X.shape[0]
    wanted = np.zeros((m, 4))
    wanted[np.arange(m), Y] = 1
    hidden = rectify(X @ W1 + b1)
    line = softmax(hidden @ W2 + b2)
    dZ2 = (line - wanted) / m
    dW2 = hidden.T @ dZ2
    db2 = dZ2.sum(axis=0, keepdims=True)
    dZ1 = (dZ2 @ W2.T) * hidden
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0, keepdims=True)
    return dW1, db1, dW2, db2
