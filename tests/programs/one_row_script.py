# Two dials from two sensor readings: one measurement only, so the biases need no sum
import numpy as np

X = np.array([[0.35, -0.8]])
Y = np.array([[0.2, 0.6]])
W1 = np.random.randn(2, 4)
b1 = np.zeros((1, 4))
W2 = np.random.randn(4, 2)
b2 = np.zeros((1, 2))
learning_rate = 0.05

for step in range(500):
    A1 = np.tanh(X @ W1 + b1)
    A2 = np.tanh(A1 @ W2 + b2)
    dZ2 = (A2 - Y) * (1 - A2**2)
    dZ1 = (dZ2 @ W2.T) * (1 - A1**2)
    W2 -= learning_rate * A1.T @ dZ2
    b2 -= learning_rate * dZ2
    W1 -= learning_rate * X.T @ dZ1
    b1 -= learning_rate * dZ1
