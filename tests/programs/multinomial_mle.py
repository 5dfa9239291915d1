import numpy as np

class MultinomialLogit:
    """Multi-class logistic regression by maximum likelihood (gradient ascent)."""

    def __init__(self, n_classes, rate=1e-3, rounds=1000):
        self.K = n_classes
        self.rate = rate
        self.rounds = rounds

    def proba(self, X):
        s = X @ self.W + self.c
        s -= s.max(axis=1, keepdims=True)
        e = np.exp(s)
        return e / e.sum(axis=1, keepdims=True)

    def log_likelihood(self, X, y):
        P = self.proba(X)
        return np.log(P[np.arange(len(y)), y]).sum()

    def ascend(self, X, y):
        R = -self.proba(X)
        R[np.arange(len(y)), y] += 1      # indicator minus probability
        self.W += self.rate * X.T @ R
        self.c += self.rate * R.sum(axis=0)

    def fit(self, X, y):
        self.W = np.zeros((X.shape[1], self.K))
        self.c = np.zeros(self.K)
        for r in range(self.rounds):
            self.ascend(X, y)
            if r % 100 == 0:
                print("round", r, "log-lik", self.log_likelihood(X, y))
        return self


if __name__ == "__main__":
    from sklearn.datasets import load_iris
    iris = load_iris()
    model = MultinomialLogit(3).fit(iris.data, iris.target)
    guess = model.proba(iris.data).argmax(axis=1)
    print("correct:", (guess == iris.target).sum())
