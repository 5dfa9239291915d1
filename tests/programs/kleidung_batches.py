"""Kleidungsstücke: ein Netz mit ReLU und Softmax, Bilder in Spalten, Stapel zu je 50."""
import numpy as np

bilder = np.load("bilder.npy") / 255.0
X_train, labels = bilder[:5000], np.load("klassen.npy")[:5000]
Y_train = np.eye(10)[labels]

rng = np.random.default_rng(0)
W1 = rng.normal(0, 0.05, (64, 784))
b1 = np.zeros((64, 1))
W2 = rng.normal(0, 0.05, (10, 64))
b2 = np.zeros((10, 1))
stapel = 50

for epoche in range(10):
    for i in range(0, len(X_train), stapel):
        x = X_train[i:i + stapel].T
        t = Y_train[i:i + stapel].T

        z1 = W1 @ x + b1
        a1 = np.maximum(z1, 0)
        z2 = W2 @ a1 + b2
        e = np.exp(z2 - z2.max(axis=0))
        p = e / e.sum(axis=0)

        dz2 = p - t
        dW2 = dz2 @ a1.T / stapel
        db2 = np.mean(dz2, axis=1, keepdims=True)
        dz1 = (W2.T @ dz2) * (z1 > 0)
        dW1 = dz1 @ x.T / stapel
        db1 = np.mean(dz1, axis=1, keepdims=True)

        W1 -= 0.1 * dW1
        b1 -= 0.1 * db1
        W2 -= 0.1 * dW2
        b2 -= 0.1 * db2
