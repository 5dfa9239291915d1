import pickle
import numpy as np

# columns: label first, then 784 grey values
data = np.loadtxt("train_digits.csv", delimiter=",", skiprows=1)
truth = data[:, 0].astype(int)
X = data[:, 1:].T / 255
m = X.shape[1]
Y = np.zeros((10, m))
Y[truth, np.arange(m)] = 1.0


def softmax(Z):
    E = np.exp(Z - Z.max(axis=0))
    return E / (E.sum(axis=0) + 1e-9)


with open("weights.pkl", "rb") as f:
    saved = pickle.load(f)
W1 = saved["W1"]
b1 = saved["b1"]
W2 = saved["W2"]
b2 = saved["b2"]

beta = 0.9
lr = 0.05
vW1, vb1 = np.zeros_like(W1), np.zeros_like(b1)
vW2, vb2 = np.zeros_like(W2), np.zeros_like(b2)

for epoch in range(15):
    for k in range(0, m, 128):
        xb = X[:, k:k + 128]
        yb = Y[:, k:k + 128]
        n = xb.shape[1]

        Z1 = W1 @ xb + b1
        A1 = np.maximum(0, Z1)
        A2 = softmax(W2 @ A1 + b2)

        dZ2 = (A2 - yb) / n
        dZ1 = (W2.T @ dZ2) * (Z1 > 0)

        vW2 = beta * vW2 + (1 - beta) * (dZ2 @ A1.T)
        vb2 = beta * vb2 + (1 - beta) * dZ2.sum(axis=1, keepdims=True)
        vW1 = beta * vW1 + (1 - beta) * (dZ1 @ xb.T)
        vb1 = beta * vb1 + (1 - beta) * dZ1.sum(axis=1, keepdims=True)

        W1 -= lr * vW1
        b1 -= lr * vb1
        W2 -= lr * vW2
        b2 -= lr * vb2

    hits = softmax(W2 @ np.maximum(0, W1 @ X + b1) + b2).argmax(axis=0)
    accuracy = np.mean(hits == truth)
    print(epoch, accuracy)
