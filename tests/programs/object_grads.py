import numpy as np

class Layer:
    pass

class Classifier:
    def __init__(self, n_features, n_hidden):
        self.W1 = np.random.randn(n_hidden, n_features) * 0.5
        self.b1 = np.zeros((n_hidden, 1))
        self.W2 = np.random.randn(1, n_hidden) * 0.5
        self.b2 = np.zeros((1, 1))

    def sigmoid(self, z):
        return 1.0 / (1.0 + np.exp(-z))

    def forward(self, X):
        self.X = X
        self.Z1 = np.dot(self.W1, X) + self.b1
        self.A1 = np.maximum(0, self.Z1)
        self.Z2 = np.dot(self.W2, self.A1) + self.b2
        self.A2 = self.sigmoid(self.Z2)
        return self.A2

    def compute_loss(self, Y):
        m = Y.shape[1]
        return -np.sum(Y * np.log(self.A2) + (1 - Y) * np.log(1 - self.A2)) / m

    def backward(self, Y):
        m = Y.shape[1]
        dZ2 = self.A2 - Y
        self.dW2 = np.dot(dZ2, self.A1.T) / m
        self.db2 = np.sum(dZ2, axis=1, keepdims=True) / m
        dZ1 = np.dot(self.W2.T, dZ2) * (self.Z1 > 0)
        self.dW1 = np.dot(dZ1, self.X.T) / m
        self.db1 = np.sum(dZ2, axis=1, keepdims=True) / m

    def update(self, lr=0.1):
        self.W1 -= lr * self.dW1
        self.b1 -= lr * self.db1
        self.W2 -= lr * self.dW2
        self.b2 -= lr * self.db2

if __name__ == "__main__":
    d = np.load("cells.npz")
    net = Classifier(d["X"].shape[0], 16)
    for i in range(1000):
        net.forward(d["X"])
        net.backward(d["Y"])
        net.update()
        if i % 100 == 0:
            print("loss: ", net.compute_loss(d["Y"]))
