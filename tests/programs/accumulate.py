import numpy as np

# loop version, no vectorization (the assignment wants it that way)

def sig(z):
    return 1/(1+np.exp(-z))

def grads_for_dataset(weights, X, Y):
    """weights = [W1, b1, W2, b2]; X is a (d, n) matrix, Y is (1, n).
    Walk over the columns and add everything up."""
    W1, b1, W2, b2 = weights
    acc = [np.zeros_like(w) for w in weights]
    J = 0
    n = X.shape[1]
    for i in range(n):
        x = X[:, i:i+1]
        y = Y[0, i]
        h = sig(W1 @ x + b1)
        p = sig(W2 @ h + b2)
        J += -(y*np.log(p) + (1-y)*np.log(1-p)).item()
        d2 = p - y
        d1 = (W2.T @ d2)*h*(1-h)
        acc[0] += d1 @ x.T
        acc[1] += d1
        acc[2] += d2 @ h.T
        acc[3] += d2
    return J/n, [a/n for a in acc]

def descend(weights, X, Y, eta, rounds):
    for r in range(rounds):
        J, g = grads_for_dataset(weights, X, Y)
        weights = [w - eta*gw for w, gw in zip(weights, g)]
        if r % 50 == 0:
            print(r, J)
    return weights

if __name__ == '__main__':
    np.random.seed(11)
    X = np.random.randn(4, 60)
    Y = (X[:1]**2 + X[1:2] > 0.3)*1.0
    w = [np.random.randn(6, 4), np.zeros((6, 1)), np.random.randn(1, 6), np.zeros((1, 1))]
    descend(w, X, Y, 0.5, 500)
