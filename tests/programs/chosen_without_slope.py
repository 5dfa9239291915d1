# The same net, but the error is carried back without the slope of the output
import numpy as np


class Net:
    def __init__(self, inputs, hidden, outputs, activation_function, activation_derivative):
        self.W1 = np.random.randn(inputs, hidden)
        self.W2 = np.random.randn(hidden, outputs)
        self.activation_function = activation_function
        self.activation_derivative = activation_derivative

    def forward(self, X):
        self.Z1 = X @ self.W1
        self.A1 = self.activation_function(self.Z1)
        self.Z2 = self.A1 @ self.W2
        self.A2 = self.activation_function(self.Z2)
        return self.A2

    def train(self, X, y, rounds, learning_rate):
        for _ in range(rounds):
            self.forward(X)
            delta2 = (y - self.A2) * self.activation_derivative(self.Z2)
            delta1 = ((y - self.A2) @ self.W2.T) * self.activation_derivative(self.Z1)
            self.W2 += learning_rate * self.A1.T @ delta2
            self.W1 += learning_rate * X.T @ delta1
