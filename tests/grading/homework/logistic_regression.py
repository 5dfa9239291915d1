import numpy as np
import matplotlib.pyplot as plt

X = np.vstack([np.arange(6.0), np.ones(6)])


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def logistic_regression(X, w, b):
    return sigmoid(np.dot(w, X) + b)


def initialize_weights(d):
    return np.zeros((1, d)), 0


def binary_cross_entropy(Y, Y_hat):
    m = X.shape[1]
    return -(np.dot(Y, np.log(Y_hat).T) + np.dot(1 - Y, np.log(1 - Y_hat).T)) / m


def gradient(X, Y, Y_Hat):
    m = X.shape[1]
    dw = np.dot(Y_Hat - Y, X.T) / m
    db = np.sum(Y_Hat - Y) / m
    return dw, db


def optimize(X_train, Y_train, epochs, learning_rate):
    w, b = initialize_weights(X_train.shape[0])
    for _ in range(epochs):
        Y_hat = logistic_regression(X_train, w, b)
        dw, db = gradient(X_train, Y_train, Y_hat)
        w = w - learning_rate * dw
        b = b - learning_rate * db
    return w, b


def predict(X, w, b):
    return np.where(logistic_regression(X, w, b) > 0.5, 1, 0)
