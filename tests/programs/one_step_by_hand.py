# the example with two inputs, two hidden neurons and two outputs, one step
import numpy as np

X = np.array([[0.05, 0.10]])
y = np.array([[0.01, 0.99]])
W1 = np.array([[0.15, 0.25], [0.20, 0.30]])
W2 = np.array([[0.40, 0.50], [0.45, 0.55]])
lr = 0.5


def sig(z):
    return 1 / (1 + np.exp(-z))


hidden = sig(X @ W1)
out = sig(hidden @ W2)
cost = 0.5 * np.sum((y - out) ** 2)
print("before:", cost)

d_out = (out - y) * out * (1 - out)
dW2 = hidden.T @ d_out
dW1 = X.T @ (d_out @ W2.T * hidden)

W1 = W1 - lr * dW1
W2 = W2 - lr * dW2
print("after:", 0.5 * np.sum((y - sig(sig(X @ W1) @ W2)) ** 2))
