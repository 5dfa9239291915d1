import numpy as np
# regressão linear com regularização, em português
def custo(X, y, teta, lamb):
    m = len(y)
    erro = X @ teta - y
    return (erro @ erro + lamb * teta[1:] @ teta[1:]) / (2 * m)

def gradiente(X, y, teta, lamb):
    m = len(y)
    g = X.T @ (X @ teta - y) / m
    g[1:] += lamb / m * teta[1:]
    return g

def descida(X, y, teta, alfa, lamb, n_iter):
    historico = []
    for _ in range(n_iter):
        teta = teta - alfa * gradiente(X, y, teta, lamb)
        historico.append(custo(X, y, teta, lamb))
    return teta, historico
