import numpy as np

# first try: wrong way round
def gradient(w, X, y):
    return X.T @ (y - 1 / (1 + np.exp(-X @ w)))

# from the lecture
def gradient(w, X, y):
    p = 1 / (1 + np.exp(-X @ w))
    return X.T @ (p - y) / len(y)
