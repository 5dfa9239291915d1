import numpy as np

def loss(w, b, X, y):
    """sum over the samples of log(1 + exp(-y (w.x + b))), y is -1 or 1"""
    return np.sum(np.log(1 + np.exp(-y * (X @ w + b))))

def grad(w, b, X, y):
    g = -y / (1 + np.exp(y * (X @ w + b)))
    gw = X.T @ g / X.shape[0]
    gb = np.mean(g)
    return gw, gb

def train(X, y, lr, n_steps, verbose=False):
    w = np.random.randn(X.shape[1]) * 1e-2
    b = 0.0
    for t in range(n_steps):
        gw, gb = grad(w, b, X, y)
        w -= lr * gw
        b -= lr * gb
        if verbose and t % 10 == 0:
            print("step", t, "loss", loss(w, b, X, y))
    return w, b

if __name__ == "__main__":
    import argparse
    ap = argparse.ArgumentParser()
    ap.add_argument("--data", default="ionosphere.npy")
    ap.add_argument("--lr", type=float, default=0.1)
    args = ap.parse_args()
    D = np.load(args.data)
    X, y = D[:, :-1], 2 * D[:, -1] - 1
    w, b = train(X, y, args.lr, 200, verbose=True)
    print("train error", np.mean(np.sign(X @ w + b) != y))
