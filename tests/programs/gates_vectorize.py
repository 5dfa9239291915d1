"""AND, OR, XOR: a function of single numbers, made one of arrays."""
import math
import numpy as np


def squash(v, slope=False):
    if slope:
        return v * (1 - v)
    return 1 / (1 + math.exp(-v))


squash = np.vectorize(squash)

inputs = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
targets = np.array([[0], [1], [1], [0]])

np.random.seed(3)
first = np.random.uniform(-1, 1, (3, 5))
second = np.random.uniform(-1, 1, (5, 1))

for turn in range(20000):
    hidden = squash(inputs @ first)
    guess = squash(hidden @ second)

    missed = targets - guess
    back = missed * squash(guess, slope=True)
    further = back @ second.T * squash(hidden, slope=True)

    second += hidden.T @ back
    first += inputs.T @ further

print(np.round(guess, 2))
