# XOR without biases; which activation it is, is decided where the network is made
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def tanh(x):
    return np.tanh(x)


def sigmoid_derivative(x):
    return x * (1 - x)


def tanh_derivative(x):
    return 1 - x**2


class NeuralNetwork:
    def __init__(self, input_units, hidden_units, output_units, activation, activation_derivative):
        self.W1 = np.random.randn(input_units, hidden_units)
        self.W2 = np.random.randn(hidden_units, output_units)
        self.activation = activation
        self.activation_derivative = activation_derivative

    def forward(self, X):
        self.A1 = self.activation(np.dot(X, self.W1))
        self.A2 = self.activation(np.dot(self.A1, self.W2))
        return self.A2

    def backward(self, X, y, learning_rate):
        dZ2 = (self.A2 - y) * self.activation_derivative(self.A2)
        dW2 = np.dot(self.A1.T, dZ2)
        dZ1 = np.dot(dZ2, self.W2.T) * self.activation_derivative(self.A1)
        dW1 = np.dot(X.T, dZ1)
        self.W1 -= learning_rate * dW1
        self.W2 -= learning_rate * dW2

    def train(self, X, y, learning_rate, epochs):
        for epoch in range(epochs):
            self.forward(X)
            self.backward(X, y, learning_rate)


X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[0], [1], [1], [0]])
net = NeuralNetwork(2, 3, 1, tanh, tanh_derivative)
net.train(X, y, 0.1, 1000)
