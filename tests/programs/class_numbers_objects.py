# Spiral arms with a network of objects, the labels are class numbers or one-hot
import numpy as np


class Dense:
    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.05 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)


class Relu:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)

    def backward(self, dvalues):
        self.dinputs = np.where(self.inputs > 0, dvalues, 0)


class SoftmaxLoss:
    def forward(self, inputs, y_true):
        powers = np.exp(inputs - np.max(inputs, axis=1, keepdims=True))
        self.output = powers / np.sum(powers, axis=1, keepdims=True)
        clipped = np.clip(self.output, 1e-7, 1 - 1e-7)
        if y_true.ndim == 2:
            y_true = np.argmax(y_true, axis=1)
        return np.mean(-np.log(clipped[range(len(inputs)), y_true]))

    def backward(self, dvalues, y_true):
        if y_true.ndim == 2:
            y_true = np.argmax(y_true, axis=1)
        self.dinputs = dvalues.copy()
        self.dinputs[range(len(dvalues)), y_true] -= 1
        self.dinputs = self.dinputs / len(dvalues)


class Descent:
    def __init__(self, learning_rate=0.9):
        self.learning_rate = learning_rate

    def step(self, layer):
        layer.weights -= self.learning_rate * layer.dweights
        layer.biases -= self.learning_rate * layer.dbiases


X = np.random.randn(90, 2)
y = np.repeat([0, 1, 2], 30)
first, bend, second = Dense(2, 16), Relu(), Dense(16, 3)
top = SoftmaxLoss()
descent = Descent()
for epoch in range(1001):
    first.forward(X)
    bend.forward(first.output)
    second.forward(bend.output)
    loss = top.forward(second.output, y)
    if epoch % 100 == 0:
        print(epoch, loss)
    top.backward(top.output, y)
    second.backward(top.dinputs)
    bend.backward(second.dinputs)
    first.backward(bend.dinputs)
    descent.step(first)
    descent.step(second)
