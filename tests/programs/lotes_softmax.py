import numpy as np
# softmax regression, mini-batches, literal batch
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

def train(X, y, n_classes=3, epochs=10, lr=0.1, batch_size=32):
    n, d = X.shape
    W = np.zeros((d, n_classes)); b = np.zeros(n_classes)
    Y = np.eye(n_classes)[y]
    for epoch in range(epochs):
        idx = np.random.permutation(n)
        total = 0
        for start in range(0, n, batch_size):
            bi = idx[start:start + batch_size]
            xb, yb = X[bi], Y[bi]
            p = softmax(xb @ W + b)
            total += -np.sum(yb * np.log(p + 1e-12))
            g = (p - yb) / len(bi)
            W -= lr * xb.T @ g
            b -= lr * g.sum(axis=0)
        print(epoch, total / n)
    return W, b
