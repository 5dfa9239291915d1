# Ana Beatriz - lista 4
import numpy as np

def inicializa(nx, nh):
    W1 = np.random.randn(nh, nx) * 0.1
    b1 = np.zeros((nh, 1))
    W2 = np.random.randn(1, nh) * 0.1
    b2 = np.zeros((1, 1))
    return {'W1': W1, 'b1': b1, 'W2': W2, 'b2': b2}

def sigmoide(z):
    return 1 / (1 + np.exp(-z))

def forward(X, params):
    Z1 = np.dot(params['W1'], X) + params['b1']
    A1 = np.tanh(Z1)
    Z2 = np.dot(params['W2'], A1) + params['b2']
    A2 = sigmoide(Z2)
    return A2, {'Z1': Z1, 'A1': A1, 'Z2': Z2, 'A2': A2}

def custo(A2, Y):
    return -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))

def backward(params, cache, X, Y):
    m = X.shape[1]
    A1 = cache['A1']
    A2 = cache['A2']
    # camada de saida
    dZ2 = A2 - Y
    dW2 = np.dot(dZ2, A1.T) / m
    db2 = np.sum(dZ2) / m
    # camada escondida
    dZ1 = np.dot(params['W2'].T, dZ2) * (1 - A1 ** 2)
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1) / m
    return {'dW1': dW1, 'db1': db1, 'dW2': dW2, 'db2': db2}

def treina(X, Y, nh=6, taxa=0.8, epocas=3000):
    params = inicializa(X.shape[0], nh)
    for e in range(epocas):
        A2, cache = forward(X, params)
        g = backward(params, cache, X, Y)
        for nome in ('W1', 'b1', 'W2', 'b2'):
            params[nome] = params[nome] - taxa * g['d' + nome]
        if e % 500 == 0:
            print('epoca', e, 'custo', custo(A2, Y))
    return params

if __name__ == '__main__':
    dados = np.loadtxt('moons.csv', delimiter=',')
    treina(dados[:, :2].T, dados[:, 2:].T)
