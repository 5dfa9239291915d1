import numpy as np

# Softmax regression, images in columns
# X: (D, N)   W: (C, D)   b: (C, 1)   y: (N,) integers 0..C-1


def softmax(scores):
    e = np.exp(scores - scores.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


def softmax_loss(W, b, X, y):
    N = X.shape[1]
    probs = softmax(W.dot(X) + b)
    loss = -np.log(probs[y, np.arange(N)]).sum() / N

    dscores = probs.copy()
    dscores[y, np.arange(N)] -= 1
    dscores /= N
    dW = dscores.dot(X.T)
    db = dscores.sum(axis=1, keepdims=True)
    return loss, dW, db


def train(X, y, n_classes, lr=1e-1, steps=500, batch=64):
    W = 0.001 * np.random.randn(n_classes, X.shape[0])
    b = np.zeros((n_classes, 1))
    history = []
    for s in range(steps):
        idx = np.random.choice(X.shape[1], batch)
        loss, dW, db = softmax_loss(W, b, X[:, idx], y[idx])
        W -= lr * dW
        b -= lr * db
        history.append(loss)
    return W, b, history


def main():
    X = np.load("fashion_x.npy").reshape(-1, 784).T / 255
    y = np.load("fashion_y.npy")
    W, b, history = train(X, y, 10)
    pred = (W.dot(X) + b).argmax(axis=0)
    print("train acc", np.mean(pred == y))


if __name__ == "__main__":
    main()
