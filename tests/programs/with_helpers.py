import numpy as np
import matplotlib.pyplot as plt
from dnn_utils_v2 import sigmoid, relu
from dnn_app_utils_v2 import load_data, print_mislabeled_images

plt.rcParams['figure.figsize'] = (5.0, 4.0)


def forward(X, W1, b1, W2, b2):
    Z1 = np.dot(W1, X) + b1
    A1, _ = relu(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2, _ = sigmoid(Z2)
    return Z1, A1, Z2, A2


def cost_fn(A2, Y):
    m = Y.shape[1]
    return float(-(np.dot(np.log(A2), Y.T) + np.dot(np.log(1 - A2), (1 - Y).T)) / m)


def backward(X, Y, W2, Z1, A1, A2):
    m = X.shape[1]
    dZ2 = A2 - Y
    dZ1 = np.dot(W2.T, dZ2)
    dZ1[Z1 <= 0] = 0
    grads = {}
    grads["dW1"] = np.dot(dZ1, X.T) / m
    grads["db1"] = np.sum(dZ1, axis=1, keepdims=True) / m
    grads["dW2"] = np.dot(dZ2, A1.T) / m
    grads["db2"] = np.sum(dZ2, axis=1, keepdims=True) / m
    return grads


if __name__ == "__main__":
    train_x, train_y, test_x, test_y, classes = load_data()
    train_x = train_x.reshape(train_x.shape[0], -1).T / 255.
    W1 = np.random.randn(7, train_x.shape[0]) * 0.01
    b1 = np.zeros((7, 1))
    W2 = np.random.randn(1, 7) * 0.01
    b2 = np.zeros((1, 1))
    for i in range(2500):
        Z1, A1, Z2, A2 = forward(train_x, W1, b1, W2, b2)
        g = backward(train_x, train_y, W2, Z1, A1, A2)
        W1 -= 0.0075 * g["dW1"]
        b1 -= 0.0075 * g["db1"]
        W2 -= 0.0075 * g["dW2"]
        b2 -= 0.0075 * g["db2"]
        if i % 100 == 0:
            print(i, cost_fn(A2, train_y))
