import numpy as np

def lrelu(z, a=0.1):
    return np.where(z > 0, z, a*z)

def lrelu_grad(z, a=0.1):
    g = np.ones_like(z)
    g[z < 0] = 0
    return g

def sigmoid(z):
    return 1/(1+np.exp(-z))

def forward(params, X):
    Z1 = params[0] @ X + params[1]
    A1 = lrelu(Z1)
    A2 = sigmoid(params[2] @ A1 + params[3])
    return Z1, A1, A2

def bce(A2, Y):
    return -np.sum(Y*np.log(A2) + (1-Y)*np.log(1-A2))/Y.shape[1]

def backward(params, X, Y):
    """params: [W1, b1, W2, b2]"""
    m = X.shape[1]
    Z1, A1, A2 = forward(params, X)
    dZ2 = (A2 - Y)/m
    dZ1 = (params[2].T @ dZ2)*lrelu_grad(Z1)
    return [dZ1 @ X.T, dZ1.sum(1, keepdims=True), dZ2 @ A1.T, dZ2.sum(1, keepdims=True)]

def run():
    np.random.seed(7)
    X = np.random.randn(3, 120)
    Y = (np.sin(X).sum(axis=0, keepdims=True) > 0)*1.0
    params = [np.random.randn(9, 3), np.zeros((9, 1)), np.random.randn(1, 9), np.zeros((1, 1))]
    for i in range(600):
        grads = backward(params, X, Y)
        params = [p - 0.3*g for p, g in zip(params, grads)]
        if i % 100 == 0:
            print(bce(forward(params, X)[2], Y))

if __name__ == "__main__":
    run()
