# Joana - lista 4, amostras nas linhas
import numpy as np

sigmoide = lambda z: 1 / (1 + np.exp(-z))

def forward(X, params):
    A1 = np.tanh(np.dot(X, params['W1']) + params['b1'])
    A2 = sigmoide(np.dot(A1, params['W2']) + params['b2'])
    return A2, {'A1': A1, 'A2': A2}

def custo(A2, Y):
    return -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))

def backward(params, cache, X, Y):
    n = X.shape[0]
    A1, A2 = cache['A1'], cache['A2']
    dZ2 = A2 - Y
    dW2 = np.dot(A1.T, dZ2) / n
    db2 = np.sum(dZ2) / n
    dZ1 = np.dot(dZ2, params['W2'].T) * (1 - A1 ** 2)
    dW1 = np.dot(X.T, dZ1) / n
    db1 = np.sum(dZ1) / n
    return {'dW1': dW1, 'db1': db1, 'dW2': dW2, 'db2': db2}

def treina(X, Y, nh=6, taxa=0.8, epocas=3000):
    np.random.seed(1)
    params = {'W1': np.random.randn(X.shape[1], nh) * 0.1, 'b1': np.zeros((1, nh)),
              'W2': np.random.randn(nh, 1) * 0.1, 'b2': np.zeros((1, 1))}
    for e in range(epocas):
        A2, cache = forward(X, params)
        g = backward(params, cache, X, Y)
        for nome in params:
            params[nome] = params[nome] - taxa * g['d' + nome]
    print('custo final', custo(A2, Y))
    return params

if __name__ == '__main__':
    dados = np.loadtxt('moons.csv', delimiter=',')
    treina(dados[:, :2], dados[:, 2:])
