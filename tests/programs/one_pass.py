# Exercise 5: one forward and one backward pass, no loop, compare with your neighbour
import numpy as np

np.random.seed(4)
X = np.random.randn(6, 3)
y = np.random.randint(0, 2, (6, 1))
W1 = np.random.randn(3, 4)
b1 = np.zeros((1, 4))
W2 = np.random.randn(4, 1)
b2 = np.zeros((1, 1))

# forward
z1 = X @ W1 + b1
a1 = np.tanh(z1)
z2 = a1 @ W2 + b2
y_hat = 1 / (1 + np.exp(-z2))
loss = -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
print("loss", loss)

# backward
n = X.shape[0]
dz2 = (y_hat - y) / n
dW2 = a1.T @ dz2
db2 = dz2.sum(axis=0, keepdims=True)
dz1 = dz2 @ W2.T * (1 - a1**2)
dW1 = X.T @ dz1
db1 = dz1.sum(axis=0, keepdims=True)
print(dW1, db1, dW2, db2, sep="\n")
