import numpy as np

# Sheet 5: backward of the single steps. Every function gets the gradient
# of what it produced and gives the gradient of what it consumed.

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = 1/m * dZ @ A_prev.T
    db = 1/m * np.sum(dZ, axis=1, keepdims=True)
    dA_prev = W.T @ dZ
    return dA_prev, dW, db

def relu_backward(dA, cache):
    Z = cache
    dZ = np.array(dA, copy=True)
    dZ[Z <= 0] = 0
    return dZ

def sigmoid_backward(dA, cache):
    Z = cache
    dZ = dA * Z * (1 - Z)
    return dZ

def linear_activation_backward(dA, cache, activation):
    linear_cache, activation_cache = cache
    if activation == 'relu':
        dZ = relu_backward(dA, activation_cache)
    elif activation == 'sigmoid':
        dZ = sigmoid_backward(dA, activation_cache)
    else:
        raise ValueError(activation)
    return linear_backward(dZ, linear_cache)

if __name__ == '__main__':
    np.random.seed(2)
    dA = np.random.randn(1, 2)
    A, W, b = np.random.randn(3, 2), np.random.randn(1, 3), np.random.randn(1, 1)
    Z = W @ A + b
    for act in ('sigmoid', 'relu'):
        dA_prev, dW, db = linear_activation_backward(dA, ((A, W, b), Z), act)
        print(act)
        print(' dA_prev =', dA_prev)
        print(' dW =', dW)
        print(' db =', db)
