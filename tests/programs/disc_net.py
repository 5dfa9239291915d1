import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

class Net:
    def __init__(self, n_in, n_hid):
        self.W1 = np.random.randn(n_hid, n_in)
        self.b1 = np.random.randn(n_hid, 1)
        self.W2 = np.random.randn(1, n_hid)
        self.b2 = np.random.randn(1, 1)

    def forward(self, X):
        self.A1 = sigmoid(self.W1 @ X + self.b1)
        self.A2 = sigmoid(self.W2 @ self.A1 + self.b2)
        return self.A2

    def loss(self, Y):
        m = Y.shape[1]
        return -np.sum(Y * np.log(self.A2) + (1 - Y) * np.log(1 - self.A2)) / m

    def backward(self, X, Y):
        m = Y.shape[1]
        delta2 = (self.A2 - Y) / m
        # local slope of the hidden units
        slope = self.A1
        slope *= 1 - self.A1
        delta1 = (self.W2.T @ delta2) * slope
        self.dW2 = delta2 @ self.A1.T
        self.db2 = delta2.sum(axis=1, keepdims=True)
        self.dW1 = delta1 @ X.T
        self.db1 = delta1.sum(axis=1, keepdims=True)

    def update(self, lr):
        for name in ["W1", "b1", "W2", "b2"]:
            setattr(self, name, getattr(self, name) - lr * getattr(self, "d" + name))

def main():
    np.random.seed(0)
    X = np.random.randn(2, 500)
    Y = (X[0] ** 2 + X[1] ** 2 < 1).reshape(1, -1).astype(float)
    net = Net(2, 6)
    for i in range(3000):
        net.forward(X)
        if i % 300 == 0:
            print(i, net.loss(Y))
        net.backward(X, Y)
        net.update(0.5)

if __name__ == "__main__":
    main()
