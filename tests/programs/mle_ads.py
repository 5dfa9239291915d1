import numpy as np

# Ad clicks: fit by maximum likelihood

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def log_likelihood(X, y, beta):
    z = X @ beta
    return np.sum(y * z - np.log(1 + np.exp(z)))

def fit(X, y, lr=0.01, n_iter=1000):
    # intercept goes in the first column
    X = np.hstack([np.ones((X.shape[0], 1)), X])
    beta = np.zeros(X.shape[1])
    lls = []
    for i in range(n_iter):
        p = sigmoid(X @ beta)
        grad = X.T @ (y - p)          # gradient of the log-likelihood
        beta = beta - lr * grad
        lls.append(log_likelihood(X, y, beta))
    return beta, lls

if __name__ == "__main__":
    raw = np.genfromtxt("advertising.csv", delimiter=",", skip_header=1)
    X, y = raw[:, 0:4], raw[:, -1]
    X = (X - X.mean(0)) / X.std(0)
    beta, lls = fit(X, y)
    print("beta:", beta)
    print("log-likelihood:", lls[-1])
