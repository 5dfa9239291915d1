import numpy as np

# sem alocar memória dentro do laço


def passo(w, b, X, y, taxa):
    erro = np.empty(len(y))
    np.dot(X, w, out=erro)
    erro += b
    np.subtract(erro, y, out=erro)
    np.divide(erro, len(y), out=erro)
    dw = np.empty_like(w)
    np.dot(X.T, erro, out=dw)
    return w - taxa * dw, b - taxa * erro.mean()


def treinar(X, y, taxa=0.05, voltas=300):
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(voltas):
        w, b = passo(w, b, X, y, taxa)
    return w, b
