import numpy as np

def relu(v):
    return v * (v > 0)

def model(X, T, hidden, steps, lr):
    '''
    X: inputs, one sample per column
    T: targets (outputs x samples)
    '''
    np.random.seed(6)
    W1 = np.random.randn(hidden, X.shape[0]) * 0.3
    b1 = np.random.randn(hidden, 1) * 0.1
    W2 = np.random.randn(T.shape[0], hidden) * 0.3
    b2 = np.zeros((T.shape[0], 1))
    for s in range(steps):
        # forward
        Z = W1 @ X + b1
        A = relu(Z)
        O = W2 @ A + b2
        E = O - T
        loss = 0.5 * np.sum(E ** 2)   # sum over everything
        if s % 100 == 0:
            print(s, loss)
        # backward
        gW2 = E @ A.T
        gb2 = np.sum(E, axis=1, keepdims=True)
        gZ = (W2.T @ E) * (Z > 0)
        gW1 = gZ @ X.T
        gb1 = np.sum(gZ, axis=1, keepdims=True)
        # update
        W1, b1 = W1 - lr * gW1, b1 - lr * gb1
        W2, b2 = W2 - lr * gW2, b2 - lr * gb2
    return W1, b1, W2, b2

if __name__ == "__main__":
    X = np.random.rand(2, 30)
    T = np.vstack([X[0] * X[1], X[0] - X[1]])
    model(X, T, 10, 2000, 1e-3)
