# Letters A to F, softmax regression by scipy.optimize
import numpy as np
from scipy.optimize import minimize
from letters import read_letters

LETTERS = 6


def probabilities(W, X):
    S = X @ W
    S -= S.max(axis=1, keepdims=True)
    return np.exp(S) / np.exp(S).sum(axis=1, keepdims=True)


def objective(flat, X, T, lam):
    W = flat.reshape(X.shape[1], LETTERS)
    P = probabilities(W, X)
    value = -np.sum(T * np.log(P)) / X.shape[0] + lam / 2 * np.sum(W ** 2)
    slope = X.T @ (P - T) / X.shape[0] + lam * W
    return value, slope.ravel()


X, T = read_letters("letters.csv", LETTERS)
start = np.zeros(X.shape[1] * LETTERS)
best = minimize(objective, start, args=(X, T, 1e-3), jac=True, method="BFGS")
print(best.fun)
