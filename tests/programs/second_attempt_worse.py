import numpy as np

# from the lecture
def gradient(w, X, y):
    p = 1 / (1 + np.exp(-X @ w))
    return X.T @ (p - y) / len(y)

# shorter
def gradient(w, X, y):
    p = 1 / (1 + np.exp(-X @ w))
    return X.T @ (y - p) / len(y)
