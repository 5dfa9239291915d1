# Seeds of three kinds: plain Python, every cell of the net is a dict
from math import exp
from random import random


def build_network(n_inputs, n_hidden, n_outputs):
    inner = [{"weights": [random() for _ in range(n_inputs + 1)]} for _ in range(n_hidden)]
    outer = [{"weights": [random() for _ in range(n_hidden + 1)]} for _ in range(n_outputs)]
    return [inner, outer]


def forward(network, row):
    signal = row
    for layer in network:
        passed = []
        for cell in layer:
            total = cell["weights"][-1]
            for k in range(len(cell["weights"]) - 1):
                total += cell["weights"][k] * signal[k]
            cell["output"] = 1.0 / (1.0 + exp(-total))
            passed.append(cell["output"])
        signal = passed
    return signal


def blame(network, expected):
    for depth in reversed(range(len(network))):
        for j, cell in enumerate(network[depth]):
            if depth == len(network) - 1:
                error = cell["output"] - expected[j]
            else:
                error = sum(after["weights"][j] * after["delta"] for after in network[depth + 1])
            cell["delta"] = error * cell["output"] * (1.0 - cell["output"])


def move(network, row, l_rate):
    for depth, layer in enumerate(network):
        inputs = row[:-1] if depth == 0 else [cell["output"] for cell in network[depth - 1]]
        for cell in layer:
            for k in range(len(inputs)):
                cell["weights"][k] -= l_rate * cell["delta"] * inputs[k]
            cell["weights"][-1] -= l_rate * cell["delta"]


def train(network, seeds, l_rate, n_epoch, n_outputs):
    for _ in range(n_epoch):
        for row in seeds:
            forward(network, row)
            expected = [0] * n_outputs
            expected[row[-1]] = 1
            blame(network, expected)
            move(network, row, l_rate)
