#!/usr/bin/env python3
"""Deep network for binary classification"""
import numpy as np


class DeepNetwork:
    """layers: list with the number of nodes of every layer"""

    def __init__(self, nx, layers):
        self.__L = len(layers)
        self.__cache = {}
        self.__weights = {}
        prev = nx
        for i, nodes in enumerate(layers, 1):
            self.__weights["W{}".format(i)] = np.random.randn(nodes, prev) * np.sqrt(2 / prev)
            self.__weights["b{}".format(i)] = np.zeros((nodes, 1))
            prev = nodes

    @property
    def L(self):
        return self.__L

    @property
    def cache(self):
        return self.__cache

    @property
    def weights(self):
        return self.__weights

    def forward_prop(self, X):
        self.__cache["A0"] = X
        for i in range(1, self.__L + 1):
            z = np.matmul(self.__weights["W" + str(i)], self.__cache["A" + str(i - 1)])
            z = z + self.__weights["b" + str(i)]
            self.__cache["A" + str(i)] = 1 / (1 + np.exp(-z))
        return self.__cache["A" + str(self.__L)], self.__cache

    def cost(self, Y, A):
        m = Y.shape[1]
        return -np.sum(Y * np.log(A) + (1 - Y) * np.log(1.0000001 - A)) / m

    def gradient_descent(self, Y, cache, alpha=0.05):
        m = Y.shape[1]
        old = self.__weights.copy()
        dz = cache["A" + str(self.__L)] - Y
        for i in range(self.__L, 0, -1):
            A = cache["A" + str(i - 1)]
            dw = np.matmul(dz, A.T) / m
            db = np.sum(dz, axis=1, keepdims=True) / m
            dz = np.matmul(old["W" + str(i)].T, dz) * A * (1 - A)
            self.__weights["W" + str(i)] = old["W" + str(i)] - alpha * dw
            self.__weights["b" + str(i)] = old["b" + str(i)] - alpha * db

    def train(self, X, Y, iterations=5000, alpha=0.05):
        for _ in range(iterations):
            A, cache = self.forward_prop(X)
            self.gradient_descent(Y, cache, alpha)
        return self.cost(Y, A)
