import numpy as np


class SoftmaxClassifier:
    def __init__(self, lr=0.05, n_iters=500, mu=0.01, penalty="l2"):
        self.lr = lr
        self.n_iters = n_iters
        self.mu = mu
        self.penalty = penalty

    def _one_hot(self, y):
        Y = np.zeros((len(y), self.k))
        Y[np.arange(len(y)), y] = 1
        return Y

    def _probs(self, X):
        s = X @ self.W + self.b
        e = np.exp(s - s.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def fit(self, X, y):
        self.k = len(np.unique(y))
        self.W = np.zeros((X.shape[1], self.k))
        self.b = np.zeros(self.k)
        Y = self._one_hot(y)
        n = X.shape[0]
        for i in range(self.n_iters):
            P = self._probs(X)
            loss = -np.sum(Y * np.log(P)) / n
            dW = X.T @ (P - Y) / n
            if self.penalty == "l2":
                dW += self.mu * self.W
            db = (P - Y).mean(axis=0)
            self.W -= self.lr * dW
            self.b -= self.lr * db
            if i % 100 == 0:
                print(i, loss)
        return self
