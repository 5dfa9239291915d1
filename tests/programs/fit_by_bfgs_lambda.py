import numpy as np
from scipy.optimize import minimize


def ajusta(X, y, lam=0.1):
    m = len(y)
    sig = lambda z: 1 / (1 + np.exp(-z))

    def custo(w):
        h = sig(X.dot(w))
        return -np.mean(y * np.log(h) + (1 - y) * np.log(1 - h)) + lam / (2 * m) * w.dot(w)

    def inclinacao(w):
        return (X.T.dot(sig(X.dot(w)) - y)) / m + lam * w

    inicio = np.zeros(X.shape[1])
    return minimize(custo, inicio, jac=inclinacao, method="BFGS").x
