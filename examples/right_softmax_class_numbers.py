# RIGHT: softmax regression on class numbers, in batches drawn at random.
import numpy as np

# Softmax regression on flattened images
# X: (N, D)   W: (D, C)   b: (C,)   y: (N,) integers 0..C-1


def softmax(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_loss(W, b, X, y):
    N = X.shape[0]
    probs = softmax(X.dot(W) + b)

    loss = -np.log(probs[np.arange(N), y]).sum() / N

    dscores = probs.copy()
    dscores[np.arange(N), y] -= 1
    dscores /= N

    dW = X.T.dot(dscores)
    db = dscores.sum(axis=0)
    return loss, dW, db


def train(X, y, n_classes, lr=1e-1, steps=500, batch=64):
    W = 0.001 * np.random.randn(X.shape[1], n_classes)
    b = np.zeros(n_classes)
    history = []
    for s in range(steps):
        idx = np.random.choice(X.shape[0], batch)
        loss, dW, db = softmax_loss(W, b, X[idx], y[idx])
        W -= lr * dW
        b -= lr * db
        history.append(loss)
    return W, b, history


def main():
    X = np.load("fashion_x.npy").reshape(-1, 784) / 255
    y = np.load("fashion_y.npy")
    W, b, history = train(X, y, 10)
    pred = (X.dot(W) + b).argmax(axis=1)
    print("train acc", np.mean(pred == y))


if __name__ == "__main__":
    main()
