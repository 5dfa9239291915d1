# exercicio 2 - regressao logistica (notas de duas provas)
import numpy as np
import matplotlib.pyplot as plt

def sigmoid(z):
    return 1.0/(1.0+np.exp(-z))

def costFunction(theta, X, y):
    m = len(y)
    h = sigmoid(X @ theta)
    J = (-y @ np.log(h) - (1-y) @ np.log(1-h)) / m
    return J

def gradient(theta, X, y):
    m = len(y)
    h = sigmoid(X @ theta)
    return X.T @ (h - y) / m

if __name__ == '__main__':
    data = np.loadtxt('ex2data1.txt', delimiter=',')
    X = data[:, :2]
    y = data[:, 2]
    m = X.shape[0]
    # coluna de uns para o termo independente
    X = np.c_[np.ones(m), X]
    theta = np.zeros(3)
    print('custo inicial:', costFunction(theta, X, y))
    alpha = 0.001
    for k in range(100000):
        theta = theta - alpha * gradient(theta, X, y)
    print('theta:', theta)
    pos = y == 1
    plt.scatter(X[pos, 1], X[pos, 2], marker='+')
    plt.scatter(X[~pos, 1], X[~pos, 2], marker='o')
    plt.show()
