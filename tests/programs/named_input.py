# python 2 style, after the famous eleven lines
import numpy as np

input = np.random.randint(5, size=(12, 4))
output = np.zeros((len(input), 2))
for i in range(len(input)):
    output[i, 0] = input[i, 0] > 2
    output[i, 1] = input[i, 1] * input[i, 2] > 4


def nonlin(x, deriv=False):
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))


syn0 = 2 * np.random.random((4, 6)) - 1
syn1 = 2 * np.random.random((6, 2)) - 1
for j in range(4000):
    l0 = input
    l1 = nonlin(np.dot(l0, syn0))
    l2 = nonlin(np.dot(l1, syn1))
    l2_delta = (output - l2) * nonlin(l2, deriv=True)
    l1_delta = l2_delta.dot(syn1.T) * nonlin(l1, deriv=True)
    syn1 += l1.T.dot(l2_delta)
    syn0 += l0.T.dot(l1_delta)
