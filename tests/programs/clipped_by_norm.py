import numpy as np

def grads(params, X, y):
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    h = np.tanh(X @ W1 + b1)
    p = 1 / (1 + np.exp(-(h @ W2 + b2)))
    d = (p - y) / len(X)
    g = {"W2": h.T @ d, "b2": d.sum(0)}
    dh = d @ W2.T * (1 - h ** 2)
    g["W1"] = X.T @ dh
    g["b1"] = dh.sum(0)
    return g

def clip_by_norm(g, max_norm=1.0):
    total = np.sqrt(sum((v ** 2).sum() for v in g.values()))
    scale = min(1.0, max_norm / (total + 1e-6))
    return {k: v * scale for k, v in g.items()}

def train(X, y, hidden=16, lr=0.5, steps=200):
    rng = np.random.default_rng(3)
    params = {
        "W1": rng.normal(0, 0.5, (X.shape[1], hidden)), "b1": np.zeros(hidden),
        "W2": rng.normal(0, 0.5, (hidden, 1)), "b2": np.zeros(1),
    }
    for _ in range(steps):
        g = clip_by_norm(grads(params, X, y))
        for k in params:
            params[k] -= lr * g[k]
    return params
