# Regression with a list of (weight, bias) pairs, one pair a layer; the last layer is linear
import numpy as np


def start(sizes):
    return [
        (0.3 * np.random.randn(before, after), np.zeros((1, after)))
        for before, after in zip(sizes[:-1], sizes[1:])
    ]


def forward(x, parameters):
    values = [x]
    for place, (weight, bias) in enumerate(parameters):
        z = values[-1] @ weight + bias
        values.append(z if place == len(parameters) - 1 else np.tanh(z))
    return values


def step(values, parameters, y, learning_rate):
    delta = (values[-1] - y) / len(y)
    for place in reversed(range(len(parameters))):
        weight, bias = parameters[place]
        dweight = values[place].T @ delta
        dbias = delta.sum(axis=0, keepdims=True)
        delta = (delta @ weight.T) * (1 - values[place] ** 2)
        parameters[place] = (weight - learning_rate * dweight, bias - learning_rate * dbias)
    return parameters


def train(x, y, epochs=300, learning_rate=0.1):
    parameters = start([x.shape[1], 9, 1])
    for _ in range(epochs):
        values = forward(x, parameters)
        parameters = step(values, parameters, y, learning_rate)
        loss = np.mean((values[-1] - y) ** 2) / 2
    return parameters, loss
