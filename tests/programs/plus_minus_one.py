import numpy as np

def logistic_loss(w, X, y, lam):
    """mean of log(1 + exp(-y * w.x)), y in {-1, +1}, plus lam/2 |w|^2"""
    margin = y * (X @ w)
    return np.mean(np.log(1 + np.exp(-margin))) + 0.5 * lam * np.dot(w, w)

def logistic_grad(w, X, y, lam):
    n = X.shape[0]
    margin = y * (X @ w)
    coef = -y / (1 + np.exp(margin))
    return X.T @ coef / n + lam * w

def gd(X, y, lam=0.1, step=0.5, iters=300):
    w = np.zeros(X.shape[1])
    for k in range(iters):
        w = w - step * logistic_grad(w, X, y, lam)
    return w

if __name__ == "__main__":
    rng = np.random.RandomState(0)
    X = rng.randn(100, 5)
    true_w = rng.randn(5)
    y = np.sign(X @ true_w + 0.3 * rng.randn(100))
    w = gd(X, y)
    print("loss %.4f" % logistic_loss(w, X, y, 0.1))
    print("angle", w @ true_w / np.linalg.norm(w) / np.linalg.norm(true_w))
