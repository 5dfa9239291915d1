import numpy as np
CLIP = 1.0
X = np.random.randn(100, 4)
y = (X[:, 0] > 0).astype(float)
w = np.zeros(4)
b = 0.0
lr = 0.1
for _ in range(200):
    p = 1 / (1 + np.exp(-np.clip(X @ w + b, -500, 500)))
    dw = X.T @ (p - y) / len(y)
    db = np.sum(p - y)
    w -= lr * np.clip(dw, -CLIP, CLIP)
    b -= lr * np.clip(db, -CLIP, CLIP)
