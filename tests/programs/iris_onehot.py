import numpy as np
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

def softmax(Z):
    expZ = np.exp(Z - np.max(Z, axis=1, keepdims=True))
    return expZ / expZ.sum(axis=1, keepdims=True)

class IrisNet:
    def __init__(self, d, h, k):
        rng = np.random.default_rng(99)
        self.params = {"W1": rng.normal(0, .1, (d, h)), "b1": np.zeros((1, h)),
                       "W2": rng.normal(0, .1, (h, k)), "b2": np.zeros((1, k))}

    def forward(self, X):
        self.X = X
        self.A1 = np.tanh(X @ self.params["W1"] + self.params["b1"])
        self.A2 = softmax(self.A1 @ self.params["W2"] + self.params["b2"])
        return self.A2

    def cross_entropy(self, T):
        return -np.mean(np.sum(T * self.A2, axis=1))

    def backward(self, T):
        n = T.shape[0]
        dZ2 = (self.A2 - T) / n
        dZ1 = dZ2 @ self.params["W2"].T * (1 - self.A1 ** 2)
        return {"dW1": self.X.T @ dZ1, "db1": dZ1.sum(axis=0, keepdims=True),
                "dW2": self.A1.T @ dZ2, "db2": dZ2.sum(axis=0, keepdims=True)}

    def train(self, X, T, lr=0.5, epochs=500):
        for epoch in range(epochs):
            self.forward(X)
            grads = self.backward(T)
            for name in self.params:
                self.params[name] -= lr * grads["d" + name]
            if epoch % 50 == 0:
                print("Epoch", epoch, "CE", self.cross_entropy(T))

if __name__ == "__main__":
    iris = load_iris()
    X = StandardScaler().fit_transform(iris.data)
    T = np.eye(3)[iris.target]
    net = IrisNet(4, 8, 3)
    net.train(X, T)
    print("accuracy:", np.mean(net.forward(X).argmax(1) == iris.target))
