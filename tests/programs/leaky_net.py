import numpy as np
from tqdm import tqdm


class LeakyNet():
    def __init__(self, D, H, slope=0.01):
        self.slope = slope
        self.params = {}
        self.params['W1'] = np.random.randn(D, H) * np.sqrt(2. / D)
        self.params['b1'] = np.zeros((1, H))
        self.params['W2'] = np.random.randn(H, 1) * np.sqrt(2. / H)
        self.params['b2'] = np.zeros((1, 1))

    def leaky_relu(self, z):
        return np.where(z > 0, z, self.slope * z)

    def forward(self, X):
        p = self.params
        self.z1 = X @ p['W1'] + p['b1']
        self.a1 = self.leaky_relu(self.z1)
        self.yhat = 1. / (1. + np.exp(-(self.a1 @ p['W2'] + p['b2'])))
        return self.yhat

    def loss(self, X, y):
        yhat = self.forward(X)
        return -(y * np.log(yhat) + (1 - y) * np.log(1 - yhat)).mean()

    def backward(self, X, y):
        N = X.shape[0]
        grads = {}
        d2 = (self.yhat - y) / N
        grads['W2'] = self.a1.T @ d2
        grads['b2'] = d2.sum(0, keepdims=True)
        d1 = d2 @ self.params['W2'].T
        d1 *= np.where(self.z1 > 0, 1.0, self.slope)
        grads['W1'] = X.T @ d1
        grads['b1'] = d1.sum(0, keepdims=True)
        return grads

    def fit(self, X, y, lr=0.1, iters=1000):
        for _ in tqdm(range(iters)):
            self.loss(X, y)
            g = self.backward(X, y)
            for k in self.params:
                self.params[k] -= lr * g[k]
        return self


if __name__ == '__main__':
    X = np.random.randn(300, 2)
    y = (np.abs(X[:, :1]) + np.abs(X[:, 1:]) < 1).astype(float)
    net = LeakyNet(2, 16).fit(X, y)
    print("acc: {:.2%}".format(((net.forward(X) > .5) == y).mean()))
