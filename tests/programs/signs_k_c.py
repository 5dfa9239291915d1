import csv
import math


class LogReg:
    """w1, w2 by gradient ascent on labels -1 / +1, C pulls them to zero"""

    def __init__(self, k=0.1, c=0.1, steps=10000, reg=True):
        self.k, self.c, self.steps, self.reg = k, c, steps, reg
        self.w1 = self.w2 = 0.0

    def fit(self, X, y):
        l = len(X)
        for step in range(self.steps):
            s1 = s2 = 0.0
            for i in range(l):
                x1, x2 = X[i][0], X[i][1]
                m = 1 - 1 / (1 + math.exp(-y[i] * (self.w1 * x1 + self.w2 * x2)))
                s1 += y[i] * x1 * m
                s2 += y[i] * x2 * m
            g1 = self.k * (1 / l) * s1
            g2 = self.k * (1 / l) * s2
            if self.reg:
                g1 -= self.k * self.c * self.w1
                g2 -= self.k * self.c * self.w2
            self.w1 += g1
            self.w2 += g2
            if abs(g1) <= 1e-5 and abs(g2) <= 1e-5:
                break

    def predict(self, x1, x2):
        return 1 / (1 + math.exp(-self.w1 * x1 - self.w2 * x2))


if __name__ == "__main__":
    rows = [[float(v) for v in row] for row in csv.reader(open("data-logistic.csv"))]
    model = LogReg()
    model.fit([row[1:] for row in rows], [row[0] for row in rows])
    print(model.w1, model.w2)
