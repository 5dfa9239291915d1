import numpy as np
import scipy.io as sio
import matplotlib.pyplot as plt

mat = sio.loadmat("flowers2d.mat")
X = mat["X"].T          # (2, m)
Y = mat["y"].reshape(1, -1)
m = X.shape[1]
n_h = 4
learning_rate = 0.6


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(W1, b1, W2, b2):
    A1 = sigmoid(np.dot(W1, X) + b1)
    A2 = sigmoid(np.dot(W2, A1) + b2)
    return A1, A2


def cost(A2):
    return -(1. / m) * np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))


def backward(W2, A1, A2):
    dZ2 = A2 - Y
    dW2 = (1. / m) * np.dot(dZ2, A1.T)
    db2 = (1. / m) * np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = np.dot(W2.T, dZ2) * A1 * (1 - A1)
    dW1 = (1. / m) * np.dot(dZ1, X.T)
    db1 = (1. / m) * np.sum(dZ1, axis=1, keepdims=True)
    return dW2, db2, dW1, db1


W1 = np.random.randn(n_h, 2)
b1 = np.zeros((n_h, 1))
W2 = np.random.randn(1, n_h)
b2 = np.zeros((1, 1))
for i in range(4000):
    A1, A2 = forward(W1, b1, W2, b2)
    dW2, db2, dW1, db1 = backward(W2, A1, A2)
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    if i % 500 == 0:
        print(f"{i}: {cost(A2):.5f}")
plt.scatter(X[0], X[1], c=(A2 > 0.5).ravel())
plt.show()
