import numpy as np
import matplotlib.pyplot as plt

# Logistic regression, samples are rows
X = np.genfromtxt("admissions.csv", delimiter=",", usecols=(0, 1, 2))
y = np.genfromtxt("admissions.csv", delimiter=",", usecols=3).reshape(-1, 1)

np.random.seed(21)
w = np.random.randn(X.shape[1], 1)
b = np.random.randn(1)

def sigmoid(z):
    return 1/(1+np.exp(-z))

def cost():
    a = sigmoid(X @ w + b)
    return np.mean(-y*np.log(a) - (1-y)*np.log(1-a))

def gradients():
    m = X.shape[1]      # number of samples
    a = sigmoid(X @ w + b)
    dz = a - y
    dw = X.T @ dz/m
    db = dz.sum(axis=0)/m
    return dw, db

costs = []
for k in range(400):
    dw, db = gradients()
    w = w - 0.01*dw
    b = b - 0.01*db
    costs.append(cost())

plt.plot(costs)
plt.show()
