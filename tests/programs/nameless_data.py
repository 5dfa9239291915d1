# What a child knows about fruit: no letter of the alphabet was harmed
import numpy as np

fruit = np.array([[0.1, 0.9, 0.3], [0.8, 0.2, 0.5], [0.4, 0.4, 0.9], [0.9, 0.1, 0.1]])
verdicts = np.array([[1], [0], [1], [0]])

np.random.seed(3)
weights_in = np.random.uniform(-1, 1, (3, 5))
weights_out = np.random.uniform(-1, 1, (5, 1))
learning_rate = 0.6


def squash(v):
    return 1 / (1 + np.exp(-v))


for day in range(3000):
    middle = squash(np.dot(fruit, weights_in))
    opinion = squash(np.dot(middle, weights_out))
    surprise = verdicts - opinion
    d_opinion = surprise * opinion * (1 - opinion)
    d_middle = np.dot(surprise, weights_out.T) * middle * (1 - middle)
    weights_out += np.dot(middle.T, d_opinion) * learning_rate
    weights_in += np.dot(fruit.T, d_middle) * learning_rate
print(opinion)
