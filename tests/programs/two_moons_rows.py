# Homework 3, my version with one sample per row
import numpy as np
import matplotlib.pyplot as plt
from sklearn.datasets import make_moons


def init(n_x, n_h, n_y):
    np.random.seed(2)
    return {"W1": np.random.randn(n_x, n_h) * 0.01, "b1": np.zeros((1, n_h)),
            "W2": np.random.randn(n_h, n_y) * 0.01, "b2": np.zeros((1, n_y))}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(X, model):
    Z1 = X.dot(model["W1"]) + model["b1"]
    A1 = np.tanh(Z1)
    Z2 = A1.dot(model["W2"]) + model["b2"]
    A2 = sigmoid(Z2)
    return A2, {"A1": A1, "A2": A2}


def cost(A2, Y):
    m = Y.shape[0]
    return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m


def backward(model, cache, X, Y):
    m = X.shape[0]
    A1, A2 = cache["A1"], cache["A2"]
    dZ2 = A2 - Y
    dW2 = A1.T.dot(dZ2) / m
    db2 = np.sum(dZ2, axis=0, keepdims=True) / m
    dZ1 = dZ2.dot(model["W2"].T) * (1 - A1 ** 2)
    dW1 = X.T.dot(dZ1) / m
    db1 = np.sum(dZ1, axis=0, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}


if __name__ == "__main__":
    X, Y = make_moons(300, noise=0.2, random_state=1)
    Y = Y.reshape(-1, 1)
    model = init(2, 4, 1)
    costs = []
    for i in range(5000):
        A2, cache = forward(X, model)
        costs.append(cost(A2, Y))
        grads = backward(model, cache, X, Y)
        for k in model:
            model[k] = model[k] - 1.2 * grads["d" + k]
    plt.plot(costs)
    plt.show()
