import numpy as np


class SGDLogistic:
    def __init__(self, lr=0.01, momentum=0.9, batch_size=32, epochs=10, l1=0.01, patience=5):
        self.lr, self.momentum, self.batch_size = lr, momentum, batch_size
        self.epochs, self.l1, self.patience = epochs, l1, patience

    def predict_proba(self, X):
        return 1 / (1 + np.exp(-(X @ self.w + self.b)))

    def fit(self, X, y):
        n, d = X.shape
        self.w, self.b = np.zeros(d), 0.0
        vw, vb = np.zeros(d), 0.0
        best, wait = np.inf, 0
        for _ in range(self.epochs):
            order = np.random.permutation(n)
            for s in range(0, n, self.batch_size):
                j = order[s : s + self.batch_size]
                e = 1 / (1 + np.exp(-(X[j] @ self.w + self.b))) - y[j]
                gw = X[j].T @ e / len(j) + self.l1 * np.sign(self.w)
                gb = e.mean()
                vw = self.momentum * vw - self.lr * gw
                vb = self.momentum * vb - self.lr * gb
                self.w += vw
                self.b += vb
            p = self.predict_proba(X)
            loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
            if loss > best - 1e-4:
                wait += 1
                if wait > self.patience:
                    break
            else:
                best, wait = loss, 0
        return self
