import numpy as np
import matplotlib.pyplot as plt

def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))

def init_weights(d, h, seed=None):
    if seed is not None:
        np.random.seed(seed)
    # W[j, i]: from unit i to unit j
    W1 = np.random.randn(h, d)
    b1 = np.zeros((1, h))
    W2 = np.random.randn(1, h)
    b2 = np.zeros((1, 1))
    return W1, b1, W2, b2

def forward(X, W1, b1, W2, b2):
    H = np.tanh(np.dot(X, W1.T) + b1)
    yhat = sigmoid(np.dot(H, W2.T) + b2)
    return H, yhat

def binary_cross_entropy(y, yhat):
    return np.average(-(y * np.log(yhat) + (1 - y) * np.log(1 - yhat)))

def backward(X, y, W1, b1, W2, b2):
    """X is (n, d), y is (n, 1)"""
    n = X.shape[0]
    H, yhat = forward(X, W1, b1, W2, b2)
    e = (yhat - y) / n
    dW2 = np.dot(e.T, H)
    db2 = np.sum(e, axis=0, keepdims=True)
    eh = np.dot(e, W2) * (1 - H * H)
    dW1 = np.dot(eh.T, X)
    db1 = np.sum(eh, axis=0, keepdims=True)
    return dW1, db1, dW2, db2

if __name__ == "__main__":
    angle = np.random.rand(200, 1) * 6.28
    radius = np.random.rand(200, 1)
    X = np.hstack([radius * np.cos(angle), radius * np.sin(angle)])
    y = (radius > 0.6).astype(float)
    W1, b1, W2, b2 = init_weights(2, 8, seed=0)
    curve = []
    for i in range(4000):
        dW1, db1, dW2, db2 = backward(X, y, W1, b1, W2, b2)
        W1 -= 0.8 * dW1
        b1 -= 0.8 * db1
        W2 -= 0.8 * dW2
        b2 -= 0.8 * db2
        curve.append(binary_cross_entropy(y, forward(X, W1, b1, W2, b2)[1]))
    plt.plot(curve)
    plt.show()
