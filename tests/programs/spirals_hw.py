import numpy as np

def sigmoid(z):
    return 1/(1+np.exp(-z))

def forward(X, parameters):
    W1, b1, W2, b2 = parameters['W1'], parameters['b1'], parameters['W2'], parameters['b2']
    A1 = np.tanh(W1 @ X + b1)
    A2 = sigmoid(W2 @ A1 + b2)
    return A2, (A1, A2)

def cost(A2, Y):
    m = Y.shape[1]
    return np.sum(Y*np.log(A2) + (1-Y)*np.log(1-A2)) / m

def backward(parameters, cache, X, Y):
    A1, A2 = cache
    m = X.shape[1]
    dZ2 = (A2 - Y) / m
    grads = {}
    grads['dW2'] = dZ2 @ A1.T
    grads['db2'] = dZ2.sum(axis=1, keepdims=True)
    dZ1 = (parameters['W2'].T @ dZ2) * (1 - A1*A1)
    grads['dW1'] = dZ1 @ X.T
    grads['db1'] = dZ1.sum(axis=1, keepdims=True)
    return grads

def train(X, Y, n_h=5, lr=0.7, n=1000):
    rng = np.random.default_rng(8)
    parameters = dict(W1=rng.normal(size=(n_h, X.shape[0])), b1=np.zeros((n_h, 1)),
                      W2=rng.normal(size=(1, n_h)), b2=np.zeros((1, 1)))
    for i in range(n):
        A2, cache = forward(X, parameters)
        grads = backward(parameters, cache, X, Y)
        for key in parameters:
            parameters[key] -= lr*grads['d' + key]
        if i % 100 == 0:
            print('cost', cost(A2, Y))
    return parameters

if __name__ == '__main__':
    data = np.loadtxt('spirals.txt')
    train(data[:, :2].T, data[:, 2:].T)
