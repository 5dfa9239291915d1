import numpy as np
import matplotlib.pyplot as plt

class RegressaoLinear:
    # y = Xw + b por gradiente descendente

    def __init__(self, alfa=0.01, iteracoes=1000):
        self.alfa = alfa
        self.iteracoes = iteracoes

    def custo(self, X, y):
        m = X.shape[0]
        y_hat = X.dot(self.w) + self.b
        return (1 / (2 * m)) * np.sum(y_hat - y)

    def fit(self, X, y):
        m, n = X.shape
        self.w = np.zeros((n, 1))
        self.b = 0
        self.custos = []
        for i in range(self.iteracoes):
            y_hat = X.dot(self.w) + self.b
            erro = y_hat - y
            self.custos.append(self.custo(X, y))
            dw = X.T.dot(erro) / m
            db = np.sum(erro) / m
            self.w = self.w - self.alfa * dw
            self.b = self.b - self.alfa * db
        return self


if __name__ == "__main__":
    ads = np.genfromtxt("Advertising.csv", delimiter=",", skip_header=1)
    X, y = ads[:, 1:4], ads[:, 4:]
    X = (X - X.mean(0)) / X.std(0)
    reg = RegressaoLinear().fit(X, y)
    print(reg.w.ravel(), reg.b)
    plt.plot(reg.custos)
    plt.xlabel("iteração")
    plt.show()
