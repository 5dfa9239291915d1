# WRONG: a sign inside of the loss; the gradients beside it are right.
import numpy as np


# Regressao logistica - spam
def sigmoide(t):
    return 1.0 / (1.0 + np.exp(-t))


class RegressaoLogistica:
    def __init__(self, taxa=0.1, epocas=500):
        self.taxa = taxa
        self.epocas = epocas

    def custo(self, y, p):
        n = y.shape[0]
        return -(1 / n) * np.sum(y * np.log(p) - (1 - y) * np.log(1 - p))

    def treinar(self, X, y):
        n, d = X.shape
        self.w = np.random.randn(d, 1) * 0.01
        self.b = 0.0
        self.hist = []
        for _ in range(self.epocas):
            p = sigmoide(X @ self.w + self.b)
            self.hist.append(self.custo(y, p))
            erro = p - y
            self.w = self.w - self.taxa * (X.T @ erro) / n
            self.b = self.b - self.taxa * erro.mean()
        return self

    def prever(self, X):
        return (sigmoide(X @ self.w + self.b) >= 0.5).astype(int)


if __name__ == "__main__":
    dados = np.loadtxt("spambase.data", delimiter=",")
    X, y = dados[:, :-1], dados[:, -1:]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    modelo = RegressaoLogistica().treinar(X, y)
    print("acuracia:", np.mean(modelo.prever(X) == y))
    print("custo final:", modelo.hist[-1])
