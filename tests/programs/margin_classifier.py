import numpy as np

class BinaryLogReg(object):
    """labels are -1 / +1"""

    def __init__(self, step=0.01, epochs=100):
        self.step = step
        self.epochs = epochs

    def _loss(self, X, t):
        s = X.dot(self.w) + self.w0
        return np.log(1 + np.exp(-t * s)).sum()

    def fit(self, X, t):
        self.w = np.zeros(X.shape[1])
        self.w0 = 0.0
        self.trace = []
        for _ in range(self.epochs):
            s = X.dot(self.w) + self.w0
            # d/ds log(1+exp(-ts)) = -t * sigma(-ts)
            r = -t / (1 + np.exp(t * s))
            self.trace.append(self._loss(X, t))
            self.w -= self.step * X.T.dot(r)
            self.w0 -= self.step * r.sum()
        return self

    def predict(self, X):
        return np.where(X.dot(self.w) + self.w0 >= 0, 1, -1)


if __name__ == "__main__":
    train = np.genfromtxt("spam_train.csv", delimiter=",")
    X, t = train[:, :-1], train[:, -1]
    t[t == 0] = -1
    m = BinaryLogReg().fit(X, t)
    print("errors:", np.count_nonzero(m.predict(X) != t))
