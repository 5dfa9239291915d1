#!/usr/bin/env python3
""" Binary classifier with a single hidden layer (samples in rows) """
import numpy as np
import pickle


class RowNet:
    """ one hidden layer """

    def __init__(self, nx, nodes):
        self.__w1 = np.random.normal(size=(nx, nodes))
        self.__b1 = np.zeros((1, nodes))
        self.__w2 = np.random.normal(size=(nodes, 1))
        self.__b2 = np.zeros((1, 1))
        self.__a1 = None
        self.__a2 = None

    @staticmethod
    def __sigmoid(z):
        return 1 / (1 + np.exp(-z))

    def forward_prop(self, X):
        """ X has shape (m, nx) """
        self.__a1 = self.__sigmoid(np.matmul(X, self.__w1) + self.__b1)
        self.__a2 = self.__sigmoid(np.matmul(self.__a1, self.__w2) + self.__b2)
        return self.__a1, self.__a2

    def cost(self, Y, A):
        m = Y.shape[0]
        return -(Y * np.log(A) + (1 - Y) * np.log(1.0000001 - A)).sum() / m

    def gradient_descent(self, X, Y, alpha=0.05):
        """ uses the outputs stored by forward_prop """
        m = Y.shape[0]
        d2 = self.__a2 - Y
        d1 = np.matmul(d2, self.__w2.T) * self.__a1 * (1 - self.__a1)
        self.__w2 = self.__w2 - alpha * np.matmul(self.__a1.T, d2) / m
        self.__b2 = self.__b2 - alpha * d2.sum(axis=0, keepdims=True) / m
        self.__w1 = self.__w1 - alpha * np.matmul(X.T, d1) / m
        self.__b1 = self.__b1 - alpha * d1.sum(axis=0, keepdims=True) / m

    def train(self, X, Y, iterations=5000, alpha=0.05):
        if alpha <= 0:
            raise ValueError("alpha must be positive")
        for i in range(iterations):
            self.forward_prop(X)
            self.gradient_descent(X, Y, alpha)
        return self.cost(Y, self.__a2)

    def save(self, filename):
        with open(filename, "wb") as f:
            pickle.dump(self, f)
