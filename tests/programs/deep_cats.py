# L-layer model, assignment 4
import numpy as np
import h5py

def sigmoid(Z):
    A = 1/(1+np.exp(-Z))
    return A, Z

def relu(Z):
    A = np.maximum(0,Z)
    return A, Z

def relu_backward(dA, cache):
    dZ = np.array(dA, copy=True)
    dZ[cache <= 0] = 0
    return dZ

def sigmoid_backward(dA, cache):
    s = 1/(1+np.exp(-cache))
    return dA*s*(1-s)

def initialize_parameters(layer_dims):
    np.random.seed(3)
    parameters = {}
    for l in range(1, len(layer_dims)):
        parameters[f"W{l}"] = np.random.randn(layer_dims[l], layer_dims[l-1])*0.1
        parameters[f"b{l}"] = np.zeros((layer_dims[l], 1))
    return parameters

def model_forward(X, parameters):
    A, caches = X, []
    L = len(parameters)//2
    for l in range(1, L+1):
        W, b = parameters[f"W{l}"], parameters[f"b{l}"]
        Z = np.dot(W, A) + b
        linear_cache = (A, W, b)
        A, activation_cache = relu(Z) if l < L else sigmoid(Z)
        caches.append((linear_cache, activation_cache))
    return A, caches

def compute_cost(AL, Y):
    return -np.mean(Y*np.log(AL) + (1-Y)*np.log(1-AL))

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T)/m
    db = np.sum(dZ)/m
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db

def linear_activation_backward(dA, cache, activation):
    linear_cache, activation_cache = cache
    if activation == "relu":
        dZ = relu_backward(dA, activation_cache)
    else:
        dZ = sigmoid_backward(dA, activation_cache)
    return linear_backward(dZ, linear_cache)

def model_backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    dA = -(Y/AL) + (1-Y)/(1-AL)
    for l in range(L, 0, -1):
        dA, dW, db = linear_activation_backward(dA, caches[l-1], "sigmoid" if l == L else "relu")
        grads[f"dW{l}"], grads[f"db{l}"] = dW, db
    return grads

if __name__ == "__main__":
    layer_dims = [12288, 20, 5, 1]
    f = h5py.File("train_catvnoncat.h5", "r")
    X = np.array(f["train_set_x"]).reshape(209, -1).T/255
    Y = np.array(f["train_set_y"]).reshape(1, -1)
    p = initialize_parameters(layer_dims)
    for i in range(2500):
        AL, caches = model_forward(X, p)
        g = model_backward(AL, Y, caches)
        for k in p:
            p[k] = p[k] - 0.0075*g["d"+k]
        if i % 100 == 0:
            print(i, compute_cost(AL, Y))
