import numpy as np
from sklearn.datasets import make_moons

X, y = make_moons(200, noise=0.2)
num_examples = len(X)
epsilon = 0.01


def build(n_hidden, passes=5000):
    W1 = np.random.randn(2, n_hidden) / np.sqrt(2)
    b1 = np.zeros((1, n_hidden))
    W2 = np.random.randn(n_hidden, 2) / np.sqrt(n_hidden)
    b2 = np.zeros((1, 2))
    for step in range(passes):
        a1 = np.tanh(X.dot(W1) + b1)
        scores = np.exp(a1.dot(W2) + b2)
        probs = scores / np.sum(scores, axis=1, keepdims=True)
        # probs becomes the error of the output layer
        delta = probs
        delta[range(num_examples), y] -= 1
        dW2 = a1.T.dot(delta)
        db2 = np.sum(delta, axis=0, keepdims=True)
        back = delta.dot(W2.T) * (1 - a1)
        dW1 = X.T.dot(back)
        db1 = np.sum(back, axis=0)
        W1 -= epsilon * dW1
        b1 -= epsilon * db1
        W2 -= epsilon * dW2
        b2 -= epsilon * db2
    return W1, b1, W2, b2
