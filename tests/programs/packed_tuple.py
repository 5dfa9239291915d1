import numpy as np

def act(z):
    return 1 / (1 + np.exp(-z))

def predict(params, X):
    W1, b1, W2, b2 = params
    hidden = act(X @ W1 + b1)
    return hidden, act(hidden @ W2 + b2)

def loss(params, X, t):
    _, out = predict(params, X)
    return -np.mean(t * np.log(out) + (1 - t) * np.log(1 - out))

def grad(params, X, t):
    # output layer first, because that's the order they are computed in
    W1, b1, W2, b2 = params
    hidden, out = predict(params, X)
    n = len(t)
    d_out = (out - t) / n
    g_W2 = hidden.T @ d_out
    g_b2 = d_out.sum(axis=0)
    d_hid = d_out @ W2.T * hidden * (1 - hidden)
    g_W1 = X.T @ d_hid
    g_b1 = d_hid.sum(axis=0)
    return g_W2, g_b2, g_W1, g_b1

def fit(X, t, hidden=5, lr=0.3, epochs=1000):
    rs = np.random.RandomState(1)
    params = (rs.normal(0, 0.5, (X.shape[1], hidden)), np.zeros(hidden),
              rs.normal(0, 0.5, (hidden, 1)), np.zeros(1))
    for epoch in range(epochs):
        gW2, gb2, gW1, gb1 = grad(params, X, t)
        W1, b1, W2, b2 = params
        params = (W1 - lr * gW1, b1 - lr * gb1, W2 - lr * gW2, b2 - lr * gb2)
    return params

if __name__ == "__main__":
    X = np.genfromtxt("banknotes.csv", delimiter=";")
    t = X[:, -1:]
    X = X[:, :-1]
    p = fit(X, t)
    print("final loss:", loss(p, X, t))
