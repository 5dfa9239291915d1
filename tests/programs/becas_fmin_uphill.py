# Becas: regresión logística, con fmin_bfgs
import numpy as np
import scipy.optimize as op
import pandas as pd


def g(z):
    return 1 / (1 + np.exp(-z))


def J_de(theta, X, y):
    h = g(X @ theta)
    return -(y @ np.log(h) + (1 - y) @ np.log(1 - h)) / len(y)


def pendiente(theta, X, y):
    return X.T @ (y - g(X @ theta)) / len(y)


tabla = pd.read_csv("becas.txt", header=None).values
X = np.c_[np.ones(len(tabla)), tabla[:, :2]]
y = tabla[:, 2]
optimo = op.fmin_bfgs(J_de, np.zeros(X.shape[1]), fprime=pendiente, args=(X, y))
print(optimo)
