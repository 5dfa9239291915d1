import numpy as np
import pandas as pd

class LogReg():
    def __init__(self, learning_rate=0.01, iterations=1000):
        self.learning_rate = learning_rate
        self.iterations = iterations

    def sigmoid(self, z):
        return 1 / (1 + np.exp(-z))

    def loss(self, y, a):
        # log loss
        return -1 / len(y) * np.sum(y * np.log(a))

    def update_weights(self):
        A = self.sigmoid(self.X.dot(self.W) + self.b)
        self.cost_list.append(self.loss(self.Y, A))
        tmp = A - self.Y
        dW = np.dot(self.X.T, tmp) / self.m
        db = np.sum(tmp) / self.m
        self.W = self.W - self.learning_rate * dW
        self.b = self.b - self.learning_rate * db
        return self

    def fit(self, X, Y):
        self.m, self.n = X.shape
        self.W = np.zeros(self.n)
        self.b = 0
        self.X = X
        self.Y = Y
        self.cost_list = []
        for i in range(self.iterations):
            self.update_weights()
        return self

    def predict(self, X):
        Z = 1 / (1 + np.exp(-(X.dot(self.W) + self.b)))
        return np.where(Z > 0.5, 1, 0)


def main():
    df = pd.read_csv("diabetes.csv")
    X = df.iloc[:, :-1].values
    Y = df.iloc[:, -1:].values.ravel()
    model = LogReg(learning_rate=0.01, iterations=1000)
    model.fit(X, Y)
    print("Accuracy on train set by our model : ", np.mean(model.predict(X) == Y) * 100)


if __name__ == "__main__":
    main()
