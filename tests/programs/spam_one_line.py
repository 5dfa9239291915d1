# Exercise 3: spam or ham. Everything in one line, as short as I could make it :)
import numpy as np

data = np.genfromtxt("spambase.csv", delimiter=",")
X, y = data[:, :-1], data[:, -1]
X = (X - X.mean(0)) / X.std(0)
w = np.zeros(X.shape[1])

for it in range(2000):
    grad = X.T @ (1 / (1 + np.exp(-X @ w)) - y) / len(y)
    w -= 0.3 * grad

print("accuracy:", np.mean((X @ w > 0) == y))
