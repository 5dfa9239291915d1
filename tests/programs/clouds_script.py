import numpy as np
import matplotlib.pyplot as plt

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

X = np.loadtxt('clouds_x.csv', delimiter=',')
y = np.loadtxt('clouds_y.csv', delimiter=',').reshape(-1, 1)

D = X.shape[1]
H = 10
W1 = np.random.randn(D, H) / np.sqrt(D)
b1 = np.zeros((1, H))
W2 = np.random.randn(H, 1) / np.sqrt(H)
b2 = np.zeros((1, 1))

def forward(X):
    Z = np.tanh(X.dot(W1) + b1)
    P = sigmoid(Z.dot(W2) + b2)
    return Z, P

def cross_entropy(P, y):
    return -np.mean(y*np.log(P) + (1-y)*np.log(1-P))

def derivatives(X, y, Z, P):
    N = len(X)
    delta = P - y
    dW2 = Z.T.dot(delta) / N
    db2 = delta.sum(axis=0, keepdims=True)
    dZ = delta.dot(W2.T) * (1 - Z*Z)
    dW1 = X.T.dot(dZ) / N
    db1 = dZ.sum(axis=0, keepdims=True)
    return dW1, db1, dW2, db2

costs = []
for i in range(2000):
    Z, P = forward(X)
    costs.append(cross_entropy(P, y))
    dW1, db1, dW2, db2 = derivatives(X, y, Z, P)
    W1 -= 0.01*dW1
    b1 -= 0.01*db1
    W2 -= 0.01*dW2
    b2 -= 0.01*db2

plt.plot(costs)
plt.show()
