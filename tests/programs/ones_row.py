import numpy as np

def sigmoid(z):
    return 1/(1 + np.exp(-z))

def add_ones(A):
    # bias trick: put a row of ones on top
    return np.vstack((np.ones((1, A.shape[1])), A))

def forward(X, params):
    A0 = add_ones(X)
    A1 = add_ones(np.tanh(params['W1'] @ A0))
    A2 = sigmoid(params['W2'] @ A1)
    return {'A0': A0, 'A1': A1, 'A2': A2}

def cost(cache, Y):
    A2 = cache['A2']
    return -np.mean(Y*np.log(A2) + (1 - Y)*np.log(1 - A2))

def backprop(params, cache, Y):
    """W1: (h, d+1), W2: (1, h+1), first column is the bias"""
    m = Y.shape[1]
    D2 = (cache['A2'] - Y)/m
    dW2 = D2 @ cache['A1'].T
    D1 = params['W2'][:, 1:].T @ D2 * (1 - cache['A1'][1:]**2)
    dW1 = D1 @ cache['A0'].T
    return {'W1': dW1, 'W2': dW2}

def train(X, Y, h=4, lr=0.5, n_iter=3000):
    r = np.random.RandomState(2)
    params = {'W1': r.randn(h, X.shape[0] + 1), 'W2': r.randn(1, h + 1)}
    for i in range(n_iter):
        cache = forward(X, params)
        g = backprop(params, cache, Y)
        for k in params:
            params[k] = params[k] - lr*g[k]
        if i % 500 == 0:
            print(i, cost(cache, Y))
    return params

if __name__ == '__main__':
    X = np.random.rand(2, 80)*2 - 1
    Y = (X[0:1]*X[1:2] > 0).astype(float)
    train(X, Y)
