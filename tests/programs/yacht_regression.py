import numpy as np

def forward(X, W1, b1, W2, b2):
    a = np.tanh(X @ W1 + b1)
    return a, a @ W2 + b2

def mse(pred, y):
    return np.mean((pred - y) ** 2)

def loss_and_grads(X, y, W1, b1, W2, b2):
    # y: (n, 1), real valued
    a, pred = forward(X, W1, b1, W2, b2)
    n = X.shape[0]
    dpred = 2 * (pred - y) / n
    dW2 = a.T @ dpred
    db2 = dpred.sum(0)
    da = dpred @ W2.T
    dz = da * (1 - a ** 2)
    dW1 = X.T @ dz
    db1 = dz.sum(0)
    return mse(pred, y), db1, dW1, db2, dW2

def train(X, y, hidden=15, lr=1e-2, steps=3000):
    rng = np.random.default_rng(0)
    W1 = rng.normal(size=(X.shape[1], hidden)) / np.sqrt(X.shape[1])
    b1 = np.zeros(hidden)
    W2 = rng.normal(size=(hidden, 1)) / np.sqrt(hidden)
    b2 = np.zeros(1)
    for s in range(steps):
        loss, db1, dW1, db2, dW2 = loss_and_grads(X, y, W1, b1, W2, b2)
        W1 -= lr * dW1
        b1 -= lr * db1
        W2 -= lr * dW2
        b2 -= lr * db2
        if s % 300 == 0:
            print(f"{s:5d} {loss:.5f}")
    return W1, b1, W2, b2

if __name__ == "__main__":
    table = np.loadtxt("yacht_hydrodynamics.data")
    X, y = table[:, :-1], table[:, -1:]
    X = (X - X.mean(0)) / X.std(0)
    y = (y - y.mean()) / y.std()
    train(X, y)
