# RIGHT: private attributes, a forward pass to be called first, examples are columns.
#!/usr/bin/env python3
"""Binary classifier with a single hidden layer"""

import numpy as np


class BinaryNet:
    """one hidden layer, everything private"""

    def __init__(self, nx, nodes):
        """nx: number of inputs, nodes: hidden units"""
        if type(nx) is not int:
            raise TypeError("nx must be an integer")
        if nx < 1:
            raise ValueError("nx must be a positive integer")
        self.__W1 = np.random.normal(size=(nodes, nx))
        self.__b1 = np.zeros((nodes, 1))
        self.__A1 = 0
        self.__W2 = np.random.normal(size=(1, nodes))
        self.__b2 = 0
        self.__A2 = 0

    @property
    def W1(self):
        return self.__W1

    @property
    def b1(self):
        return self.__b1

    @property
    def W2(self):
        return self.__W2

    @property
    def b2(self):
        return self.__b2

    def forward_prop(self, X):
        """X has shape (nx, m)"""
        z1 = np.matmul(self.__W1, X) + self.__b1
        self.__A1 = 1 / (1 + np.exp(-z1))
        z2 = np.matmul(self.__W2, self.__A1) + self.__b2
        self.__A2 = 1 / (1 + np.exp(-z2))
        return self.__A1, self.__A2

    def cost(self, Y, A):
        m = Y.shape[1]
        c = Y * np.log(A) + (1 - Y) * np.log(1.0000001 - A)
        return -c.sum() / m

    def gradient_descent(self, X, Y, A1, A2, alpha=0.05):
        """one pass of gradient descent"""
        m = Y.shape[1]
        dz2 = A2 - Y
        dw2 = np.matmul(dz2, A1.T) / m
        db2 = dz2.sum(axis=1, keepdims=True) / m
        dz1 = np.matmul(self.__W2.T, dz2) * (A1 * (1 - A1))
        dw1 = np.matmul(dz1, X.T) / m
        db1 = dz1.sum(axis=1, keepdims=True) / m
        self.__W2 = self.__W2 - alpha * dw2
        self.__b2 = self.__b2 - alpha * db2
        self.__W1 = self.__W1 - alpha * dw1
        self.__b1 = self.__b1 - alpha * db1

    def train(self, X, Y, iterations=5000, alpha=0.05):
        for i in range(iterations):
            self.forward_prop(X)
            self.gradient_descent(X, Y, self.__A1, self.__A2, alpha)
        return self.cost(Y, self.__A2)
