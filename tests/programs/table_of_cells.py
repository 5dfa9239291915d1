# tumour cells: the last column of the table is the diagnosis
import numpy as np


def sigma(t):
    return 1 / (1 + np.exp(-t))


def descend(data, learning_rate, iterations):
    m = data.shape[0]
    X = np.hstack((np.ones((m, 1)), data[:, :-1]))
    y = data[:, -1]
    theta = np.zeros(X.shape[1])
    for _ in range(iterations):
        h = sigma(X.dot(theta))
        theta = theta - learning_rate * X.T.dot(h - y) / m
    return theta


if __name__ == "__main__":
    table = np.loadtxt("cells.txt", delimiter=",")
    print(descend(table, 0.1, 500))
