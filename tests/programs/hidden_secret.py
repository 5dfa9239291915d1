import numpy as np
import matplotlib.pyplot as plt


class SecretNet:
    """samples in rows, targets (m, 1)"""

    def __init__(self, sizes=(2, 3, 1)):
        n_in, n_hid, n_out = sizes
        self.__w = np.random.randn(n_in, n_hid)
        self.__bw = np.zeros((1, n_hid))
        self.__v = np.random.randn(n_hid, n_out)
        self.__bv = np.zeros((1, n_out))

    def __sig(self, t):
        return 1 / (1 + np.exp(-t))

    def predict(self, X):
        self.__h = self.__sig(X.dot(self.__w) + self.__bw)
        return self.__sig(self.__h.dot(self.__v) + self.__bv)

    def loss(self, X, y):
        p = self.predict(X)
        return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()

    def learn(self, X, y, rate):
        m = len(X)
        p = self.predict(X)
        e_out = p - y
        e_hid = e_out.dot(self.__v.T)
        slope = self.__h * (1 - self.__h)

        self.__v -= rate * self.__h.T.dot(e_out) / m
        self.__bv -= rate * e_out.sum(axis=0, keepdims=True) / m
        self.__w -= rate * X.T.dot(e_hid * slope) / m
        self.__bw -= rate * e_hid.sum(axis=0, keepdims=True) / m

    def fit(self, X, y, rate=1.0, epochs=2000):
        curve = []
        for _ in range(epochs):
            self.learn(X, y, rate)
            curve.append(self.loss(X, y))
        return curve


if __name__ == "__main__":
    X = np.random.randn(150, 2)
    y = (X[:, :1] > X[:, 1:] ** 2).astype(float)
    plt.plot(SecretNet().fit(X, y))
    plt.show()
