import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(100, 3)); Y = (X.sum(1, keepdims=True) > 0).astype(float)
params = [rng.normal(size=(3, 6)) * 0.5, np.zeros((1, 6)), rng.normal(size=(6, 1)) * 0.5, np.zeros((1, 1))]

def forward(params, X):
    W1, b1, W2, b2 = params
    H = np.maximum(0, X @ W1 + b1)
    return H, 1 / (1 + np.exp(-(H @ W2 + b2)))

def bce(P, Y):
    return -np.sum(Y * np.log(P) + (1 - Y) * np.log(1 - P)) / len(Y)

def grads(params, X, Y):
    H, P = forward(params, X)
    d2 = (P - Y) / len(X)
    d1 = d2 @ params[2].T * (H > 0)
    return [X.T @ d1, d1.sum(0, keepdims=True), H.T @ d2, d2.sum(0, keepdims=True)]

lr = 0.5
for epoch in range(100):
    g = grads(params, X, Y)
    for i in range(len(params)):
        params[i] -= lr * g[i]
    if epoch % 10 == 0:
        print(bce(forward(params, X)[1], Y))
