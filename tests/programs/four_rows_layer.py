import numpy as np

X = np.array([[0, 0, 1],
              [0, 1, 1],
              [1, 0, 1],
              [1, 1, 1]])
y = np.array([[0], [1], [1], [0]])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


w0 = 2 * np.random.random((3, 5)) - 1
w1 = 2 * np.random.random((5, 1)) - 1
lr = 0.5

for turn in range(5000):
    l1 = sigmoid(X @ w0)
    l2 = sigmoid(l1 @ w1)
    loss = np.mean((y - l2) ** 2)
    l2_delta = 2 * (l2 - y) / 4 * l2 * (1 - l2)
    l1_delta = l2_delta @ w1.T * l1 * (1 - l2)
    w1 -= lr * l1.T @ l2_delta
    w0 -= lr * X.T @ l1_delta
    if turn % 500 == 0:
        print(turn, loss)
