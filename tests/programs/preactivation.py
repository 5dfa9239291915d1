import numpy as np

np.random.seed(10)

def relu(z):
    return np.maximum(0, z)

def sigmoid(z):
    return 1/(1+np.exp(-z))

def forward(p, X):
    p['Z1'] = p['W1'].dot(X) + p['b1']
    p['A1'] = relu(p['Z1'])
    p['Z2'] = p['W2'].dot(p['A1']) + p['b2']
    p['A2'] = sigmoid(p['Z2'])
    return p['A2']

def loss(A2, Y):
    m = Y.shape[1]
    return -(Y.dot(np.log(A2).T) + (1-Y).dot(np.log(1-A2).T)).item()/m

def backward(p, X, Y):
    m = X.shape[1]
    g = {}
    dZ2 = p['A2'] - Y
    g['W2'] = dZ2.dot(p['Z1'].T)/m
    g['b2'] = dZ2.sum(axis=1, keepdims=True)/m
    dZ1 = p['W2'].T.dot(dZ2)
    dZ1[p['Z1'] <= 0] = 0
    g['W1'] = dZ1.dot(X.T)/m
    g['b1'] = dZ1.sum(axis=1, keepdims=True)/m
    return g

def main():
    X = np.random.rand(3, 50)
    Y = (X.sum(axis=0, keepdims=True) > 1.5)*1
    p = {'W1': np.random.randn(5, 3), 'b1': np.zeros((5, 1)),
         'W2': np.random.randn(1, 5), 'b2': np.zeros((1, 1))}
    for i in range(1000):
        A2 = forward(p, X)
        g = backward(p, X, Y)
        for k in g:
            p[k] = p[k] - 0.1*g[k]
        if i % 200 == 0:
            print(i, loss(A2, Y))

if __name__ == '__main__':
    main()
