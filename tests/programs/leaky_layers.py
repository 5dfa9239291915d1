import numpy as np

SLOPE = 0.2

def leaky_relu(z):
    return np.maximum(z, SLOPE * z)

def leaky_relu_backward(da, z):
    return da * np.where(z > 0, 1.0, SLOPE)

def softmax(z):
    z = z - z.max(axis=0)
    return np.exp(z) / np.exp(z).sum(axis=0)

def build(layer_dims, seed=0):
    rng = np.random.default_rng(seed)
    Ws, bs = [], []
    for n_in, n_out in zip(layer_dims[:-1], layer_dims[1:]):
        Ws.append(rng.normal(0, np.sqrt(2 / n_in), (n_out, n_in)))
        bs.append(np.zeros((n_out, 1)))
    return Ws, bs

def forward(X, Ws, bs):
    a, zs, acts = X, [], [X]
    for i, (W, b) in enumerate(zip(Ws, bs)):
        z = W @ a + b
        a = softmax(z) if i == len(Ws) - 1 else leaky_relu(z)
        zs.append(z)
        acts.append(a)
    return zs, acts

def cross_entropy(P, Y):
    return -np.sum(Y * np.log(P)) / Y.shape[1]

def backward(Y, Ws, zs, acts):
    """Y one-hot (k, n). Returns two lists, first layer first."""
    n = Y.shape[1]
    dWs, dbs = [], []
    dz = (acts[-1] - Y) / n
    for i in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, dz @ acts[i].T)
        dbs.insert(0, dz.sum(axis=1, keepdims=True))
        if i:
            dz = leaky_relu_backward(Ws[i].T @ dz, zs[i - 1])
    return dWs, dbs

if __name__ == "__main__":
    letters = np.load("letters.npz")
    X = letters["X"].T
    Y = np.eye(26)[letters["y"]].T
    Ws, bs = build([X.shape[0], 64, 32, 26])
    for epoch in range(300):
        zs, acts = forward(X, Ws, bs)
        dWs, dbs = backward(Y, Ws, zs, acts)
        for j in range(len(Ws)):
            Ws[j] -= 0.1 * dWs[j]
            bs[j] -= 0.1 * dbs[j]
        if epoch % 20 == 0:
            print(epoch, cross_entropy(acts[-1], Y))
