import numpy as np

def probs(theta, X):
    return 1.0 / (1.0 + np.exp(-X.dot(theta)))

def avg_log_lik(theta, X, y):
    # X (n, d+1) incl. the ones, y (n, 1), theta (d+1, 1)
    p = probs(theta, X)
    return np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

def score(theta, X, y):
    """gradient of avg_log_lik"""
    return X.T.dot(y - probs(theta, X)) / y.shape[0]

def gradient_ascent(X, y, step=0.5, tol=1e-8, max_iter=20000):
    theta = np.zeros((X.shape[1], 1))
    old = -np.inf
    for it in range(max_iter):
        theta = theta + step * score(theta, X, y)
        new = avg_log_lik(theta, X, y)
        if new - old < tol:
            break
        old = new
    print("stopped after", it, "iterations at", new)
    return theta

if __name__ == '__main__':
    d = np.loadtxt('challenger.csv', delimiter=',', skiprows=1)
    n = d.shape[0]
    X = np.hstack((np.ones((n, 1)), (d[:, :1] - 70.) / 10.))
    y = d[:, 1:2]
    theta = gradient_ascent(X, y)
    print(theta.ravel())
