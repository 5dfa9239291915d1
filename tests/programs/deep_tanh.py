import numpy as np
import matplotlib.pyplot as plt

def init_deep(layer_dims):
    p = {}
    for l in range(1, len(layer_dims)):
        p["W%d" % l] = np.random.randn(layer_dims[l], layer_dims[l-1]) * np.sqrt(2.0/layer_dims[l-1])
        p["b%d" % l] = np.zeros((layer_dims[l], 1))
    return p

def linear_forward(A, W, b):
    return np.dot(W, A) + b, (A, W, b)

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    dW = np.dot(dZ, A_prev.T)
    db = np.sum(dZ, axis=1, keepdims=True)
    return np.dot(W.T, dZ), dW, db

def tanh_backward(dA, cache):
    return dA * (1 - np.tanh(cache)**2)

def L_model_forward(X, p):
    caches = []
    A = X
    L = len(p)//2
    for l in range(1, L+1):
        Z, lin = linear_forward(A, p["W%d" % l], p["b%d" % l])
        A = np.tanh(Z) if l < L else 1/(1+np.exp(-Z))
        caches.append((lin, Z))
    return A, caches

def compute_cost(AL, Y):
    m = Y.shape[1]
    return np.squeeze(-(np.dot(Y, np.log(AL).T) + np.dot(1-Y, np.log(1-AL).T))/m)

def L_model_backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    lin, Z = caches[L-1]
    dA, grads["dW%d" % L], grads["db%d" % L] = linear_backward(AL - Y, lin)
    for l in range(L-1, 0, -1):
        lin, Z = caches[l-1]
        dA, grads["dW%d" % l], grads["db%d" % l] = linear_backward(tanh_backward(dA, Z), lin)
    return grads

def train(X, Y, layer_dims=(2, 6, 4, 1), lr=0.01, n=1500):
    p = init_deep(layer_dims)
    costs = []
    for i in range(n):
        AL, caches = L_model_forward(X, p)
        costs.append(compute_cost(AL, Y))
        g = L_model_backward(AL, Y, caches)
        for k in p:
            p[k] -= lr*g["d" + k]
    plt.plot(costs)
    return p

if __name__ == "__main__":
    X = np.random.randn(2, 100)
    Y = (X[:1] + X[1:]**2 > 0.5).astype(int)
    train(X, Y)
