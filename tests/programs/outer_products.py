import numpy as np

class TinyNet:
    # one example at a time, plain vectors, no matrices of data

    def __init__(self, d, h, k):
        self.U = np.random.randn(h, d) / np.sqrt(d)
        self.bu = np.zeros(h)
        self.V = np.random.randn(k, h) / np.sqrt(h)
        self.bv = np.zeros(k)

    def forward(self, x):
        self.a = np.tanh(self.U.dot(x) + self.bu)
        self.out = self.V.dot(self.a) + self.bv
        return self.out

    def loss(self, x, t):
        return 0.5 * np.sum((self.forward(x) - t) ** 2)

    def update(self, x, t, lr):
        delta_out = self.forward(x) - t
        delta_hid = self.V.T.dot(delta_out) * (1 - self.a ** 2)
        self.V -= lr * np.outer(delta_out, self.a)
        self.bv -= lr * delta_out
        self.U -= lr * np.outer(delta_hid, x)
        self.bu -= lr * delta_hid

    def train(self, X, T, lr=0.02, epochs=100):
        for ep in range(epochs):
            order = np.random.permutation(len(X))
            total = 0
            for i in order:
                total += self.loss(X[i], T[i])
                self.update(X[i], T[i], lr)
            if ep % 10 == 0:
                print("epoch", ep, "mean loss", total / len(X))


if __name__ == "__main__":
    # arm with two joints: learn position from angles
    ang = np.random.uniform(0, np.pi / 2, (500, 2))
    pos = np.c_[np.cos(ang[:, 0]) + np.cos(ang.sum(1)), np.sin(ang[:, 0]) + np.sin(ang.sum(1))]
    TinyNet(2, 10, 2).train(ang, pos)
