import numpy as np

# I keep W as (out_features, in_features) like nn.Linear does, rows are samples


class MLP:
    def __init__(self, in_features, hidden, classes):
        k = 1.0 / np.sqrt(in_features)
        self.W1 = np.random.uniform(-k, k, (hidden, in_features))
        self.b1 = np.zeros(hidden)
        k = 1.0 / np.sqrt(hidden)
        self.W2 = np.random.uniform(-k, k, (classes, hidden))
        self.b2 = np.zeros(classes)

    def forward(self, x):
        self.x = x
        self.h_pre = x @ self.W1.T + self.b1
        self.h = np.maximum(self.h_pre, 0)
        logits = self.h @ self.W2.T + self.b2
        logits = logits - logits.max(axis=1, keepdims=True)
        self.logp = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return self.logp

    def nll_loss(self, y):
        """y: class indices, shape (batch,)"""
        return -self.logp[np.arange(len(y)), y].mean()

    def backward(self, y):
        B = len(y)
        g = np.exp(self.logp)
        g[np.arange(B), y] -= 1.0
        g /= B
        self.dW2 = g.T @ self.h
        self.db2 = g.sum(axis=0)
        gh = g @ self.W2
        gh = np.where(self.h_pre > 0, gh, 0.0)
        self.dW1 = gh.T @ self.x
        self.db1 = gh.sum(axis=0)

    def step(self, lr):
        self.W1 -= lr * self.dW1
        self.b1 -= lr * self.db1
        self.W2 -= lr * self.dW2
        self.b2 -= lr * self.db2


def main():
    data = np.load("cifar_small.npz")
    x, y = data["x"], data["y"]
    net = MLP(x.shape[1], 64, 10)
    for epoch in range(20):
        perm = np.random.permutation(len(x))
        for i in range(0, len(x), 32):
            j = perm[i:i + 32]
            net.forward(x[j])
            loss = net.nll_loss(y[j])
            net.backward(y[j])
            net.step(0.05)
        print("epoch %d  loss %.4f" % (epoch, loss))


if __name__ == "__main__":
    main()
