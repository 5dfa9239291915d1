import numpy as np

"""Three-class problem, biases as an extra column of ones."""

def with_bias(a):
    return np.concatenate([a, np.ones((a.shape[0], 1))], axis=1)

def relu(z): return np.where(z > 0, z, 0)

def softmax(z):
    z = np.exp(z - z.max(1)[:, None])
    return z / z.sum(1)[:, None]

def forward(weights, X):
    V, W = weights
    Xb = with_bias(X)
    pre = Xb @ V
    Hb = with_bias(relu(pre))
    return Xb, pre, Hb, softmax(Hb @ W)

def loss(weights, X, T):
    P = forward(weights, X)[-1]
    return -np.sum(T * np.log(P)) / len(X)

def gradient(weights, X, T):
    """weights = (V, W), T one-hot rows. Same structure back."""
    V, W = weights
    Xb, pre, Hb, P = forward(weights, X)
    delta_out = (P - T) / len(X)
    delta_hid = (delta_out @ W.T)[:, :-1] * (pre > 0)
    return Xb.T @ delta_hid, Hb.T @ delta_out

def main():
    rng = np.random.default_rng(4)
    wine = np.genfromtxt("wine.data", delimiter=",")
    T = np.eye(3)[wine[:, 0].astype(int) - 1]
    X = wine[:, 1:]
    X = (X - X.mean(0)) / X.std(0)
    weights = (0.1 * rng.normal(size=(X.shape[1] + 1, 20)), 0.1 * rng.normal(size=(21, 3)))
    for i in range(500):
        gV, gW = gradient(weights, X, T)
        weights = (weights[0] - 0.5 * gV, weights[1] - 0.5 * gW)
    print("loss", loss(weights, X, T))

if __name__ == "__main__":
    main()
