import numpy as np

# reusable bits for the deep net (part 1 of the project)

def sigmoid(Z):
    A = 1/(1+np.exp(-Z))
    cache = Z
    return A, cache

def relu(Z):
    A = np.maximum(0, Z)
    cache = Z
    return A, cache

def relu_backward(dA, cache):
    """gradient through a relu unit"""
    Z = cache
    dZ = dA
    dZ[Z <= 0] = 0
    return dZ

def sigmoid_backward(dA, cache):
    """gradient through a sigmoid unit"""
    Z = cache
    s, _ = sigmoid(Z)
    dZ = dA * s * (1-s)
    return dZ

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = 1./m * np.dot(dZ, A_prev.T)
    db = 1./m * np.sum(dZ, axis=1, keepdims=True)
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db

if __name__ == '__main__':
    np.random.seed(1)
    dA = np.random.randn(3, 4)
    Z = np.random.randn(3, 4)
    print("sigmoid:", sigmoid_backward(dA, Z))
    print("relu:", relu_backward(dA, Z))
