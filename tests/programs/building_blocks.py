"""Building blocks of the backward pass (exercise sheet 5)."""
import numpy as np


def linear_forward(A, W, b):
    Z = np.dot(W, A) + b
    cache = (A, W, b)
    return Z, cache


def linear_backward(dZ, cache):
    """
    dZ: (n_out, m), gradient of the cost w.r.t. the linear output
    cache: (A_prev, W, b) from the forward pass

    Returns dA_prev, dW, db (the last two averaged over the m examples)
    """
    A_prev, W, b = cache
    m = A_prev.shape[1]

    dW = np.matmul(dZ, A_prev.T) / m
    db = dZ.mean(axis=1, keepdims=True)
    dA_prev = np.matmul(W.T, dZ)

    assert dA_prev.shape == A_prev.shape
    assert dW.shape == W.shape
    assert db.shape == b.shape
    return dA_prev, dW, db


def relu_backward(dA, cache):
    Z = cache
    return dA * (Z > 0)


def sigmoid_backward(dA, cache):
    Z = cache
    s = 1 / (1 + np.exp(-Z))
    return dA * s * (1 - s)


def tanh_backward(dA, cache):
    Z = cache
    return dA * (1 - np.tanh(Z) ** 2)


def linear_activation_backward(dA, cache, activation):
    linear_cache, activation_cache = cache
    backward = {"relu": relu_backward, "sigmoid": sigmoid_backward, "tanh": tanh_backward}[activation]
    dZ = backward(dA, activation_cache)
    return linear_backward(dZ, linear_cache)


if __name__ == "__main__":
    np.random.seed(1)
    dZ = np.random.randn(3, 4)
    A, W, b = np.random.randn(5, 4), np.random.randn(3, 5), np.random.randn(3, 1)
    for name, value in zip(("dA_prev", "dW", "db"), linear_backward(dZ, (A, W, b))):
        print(name, "=", value)
