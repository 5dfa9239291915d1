# ex4, gradient descent
import numpy as np
from scipy.io import loadmat

mat = loadmat('ex4data1.mat')
X = mat['X']
y = mat['y']
weights = loadmat('ex4weights.mat')
Theta1, Theta2 = weights['Theta1'], weights['Theta2']
m = X.shape[0]
num_labels = 10
Y = np.eye(num_labels)[(y - 1).ravel()]
alpha = 1.0


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


for it in range(50):
    a1 = np.hstack([np.ones((m, 1)), X])
    a2 = np.hstack([np.ones((m, 1)), sigmoid(a1 @ Theta1.T)])
    a3 = sigmoid(a2 @ Theta2.T)
    J = -np.sum(Y * np.log(a3) + (1 - Y) * np.log(1 - a3)) / m
    d3 = a3 - Y
    d2 = (d3 @ Theta2[:, 1:]) * a2[:, 1:] * (1 + a2[:, 1:])
    Theta1 = Theta1 - alpha * d2.T @ a1 / m
    Theta2 = Theta2 - alpha * d3.T @ a2 / m
    print(it, J)
