# Titanic: logistic regression, stochastic, straight off the data frame
import numpy as np
import pandas as pd
from tqdm import tqdm
import settings


def sigmoid(s):
    return 1 / (1 + np.exp(-s))


class Survival:
    def __init__(self, n_features, lr=settings.LR):
        self.lr = lr
        self.w = np.zeros(n_features)
        self.b = 0.0

    def fit(self, X, y, epochs=settings.EPOCHS):
        bar = tqdm(range(epochs))
        for epoch in bar:
            dw, db = np.zeros_like(self.w), 0.0
            for place, row in X.iterrows():
                x = row.values
                error = sigmoid(np.dot(self.w, x) + self.b) - y.loc[place]
                dw += error * x
                db += error
            self.w -= self.lr * dw / len(X)
            self.b -= self.lr * error / len(X)
            bar.set_description(f"epoch {epoch}")


data = pd.read_csv("titanic.csv")
X, y = data[["age", "fare", "class"]], data["survived"]
model = Survival(X.shape[1])
model.fit(X, y)
