import numpy as np
from utils.activations import sigmoid


class LogisticRegression:
    """Both ways of training; the gradients are in private methods."""

    def __init__(self, n_features):
        self.weights = np.zeros((n_features, 1))
        self.bias = 0.0

    def __loss(self, X, y):
        p = sigmoid(X @ self.weights + self.bias)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    def __gradient_descent(self, X, y, lr, epochs, X_val=None, y_val=None):
        X = np.asarray(X, dtype=float)
        for _ in range(epochs):
            error = sigmoid(X @ self.weights + self.bias) - y
            self.weights -= lr * (X.T @ error) / X.shape[0]
            self.bias -= lr * float(np.sum(error))
            if X_val is not None:
                print(self.__loss(X_val, y_val))

    def fit(self, X, y, lr=0.1, epochs=100):
        X = np.asarray(X, dtype=float)
        self.__gradient_descent(X, y, lr, epochs)
