import numpy as np

sigm = lambda z: 1.0 / (1.0 + np.exp(-z))
predict = lambda X, w, b: sigm(X @ w + b)
loss = lambda X, y, w, b: -np.mean(y * np.log(predict(X, w, b)) + (1 - y) * np.log(1 - predict(X, w, b)))
grad_w = lambda X, y, w, b: X.T @ (predict(X, w, b) - y) / len(y)
grad_b = lambda X, y, w, b: np.mean(predict(X, w, b) - y)
