# forward: probabilities. predict: classes. The trainer calls forward, then backward, then step.
import numpy as np


class Model:
    def __init__(self, input_dim):
        self.weights = np.zeros((input_dim, 1))
        self.bias = 0

    def forward(self, X):
        z = np.dot(X, self.weights) + self.bias
        return 1 / (1 + np.exp(-z))

    def predict(self, X):
        probs = self.forward(X)
        return (probs >= 0.5).astype(int)

    def backward(self, X, y_true, y_pred):
        m = X.shape[0]
        dz = y_pred - y_true
        dw = np.dot(X.T, dz) / m
        db = np.sum(dz) / m
        return dw, db

    def step(self, dw, db, lr):
        self.weights -= lr * dw
        self.bias -= lr * db
