"""Deep network out of small pieces: tanh, tanh, ..., sigmoid."""
import numpy as np
import matplotlib.pyplot as plt


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def linear_activation_forward(A_prev, W, b, activation):
    Z = W @ A_prev + b
    A = sigmoid(Z) if activation == "sigmoid" else np.tanh(Z)
    return A, ((A_prev, W, b), A)


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    return W.T @ dZ, dZ @ A_prev.T / m, dZ.sum(axis=1, keepdims=True) / m


def linear_activation_backward(dA, cache, activation):
    # the activation cache is A itself here, not Z
    linear_cache, A = cache
    if activation == "sigmoid":
        dZ = dA * A * (1 - A)
    elif activation == "tanh":
        dZ = dA * (1 - A ** 2)
    else:
        raise ValueError("unknown activation " + activation)
    return linear_backward(dZ, linear_cache)


def forward(X, parameters):
    L = len(parameters) // 2
    caches, A = [], X
    for l in range(1, L + 1):
        kind = "sigmoid" if l == L else "tanh"
        A, cache = linear_activation_forward(A, parameters["W%d" % l], parameters["b%d" % l], kind)
        caches.append(cache)
    return A, caches


def compute_cost(AL, Y):
    return -np.mean(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))


def backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dA = -Y / AL + (1 - Y) / (1 - AL)
    for l in range(L, 0, -1):
        kind = "sigmoid" if l == L else "tanh"
        dA, grads["dW%d" % l], grads["db%d" % l] = linear_activation_backward(dA, caches[l - 1], kind)
    return grads


def train(X, Y, layer_dims, lr=0.3, steps=3000):
    np.random.seed(0)
    parameters = {}
    for l in range(1, len(layer_dims)):
        parameters["W%d" % l] = np.random.randn(layer_dims[l], layer_dims[l - 1]) / np.sqrt(layer_dims[l - 1])
        parameters["b%d" % l] = np.zeros((layer_dims[l], 1))
    costs = []
    for s in range(steps):
        AL, caches = forward(X, parameters)
        costs.append(compute_cost(AL, Y))
        grads = backward(AL, Y, caches)
        for k in parameters:
            parameters[k] = parameters[k] - lr * grads["d" + k]
    return parameters, costs


if __name__ == "__main__":
    X = np.random.randn(2, 250)
    Y = (np.abs(X[:1] * X[1:]) > 0.4).astype(float)
    _, costs = train(X, Y, [2, 6, 4, 1])
    plt.plot(costs)
    plt.show()
