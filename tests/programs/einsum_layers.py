import numpy as np

def forward_backward(X, Y, W1, b1, W2, b2):
    Z1 = np.einsum("nd,dh->nh", X, W1) + b1
    A1 = np.tanh(Z1)
    Z2 = np.einsum("nh,hk->nk", A1, W2) + b2
    Z2 = Z2 - Z2.max(axis=1, keepdims=True)
    P = np.exp(Z2) / np.exp(Z2).sum(axis=1, keepdims=True)
    loss = -np.einsum("nk,nk->", Y, np.log(P)) / X.shape[0]
    G2 = (P - Y) / X.shape[0]
    dW2 = np.einsum("nh,nk->hk", A1, G2)
    db2 = np.einsum("nk->k", G2)
    G1 = np.einsum("nk,hk->nh", G2, W2) * (1 - A1 ** 2)
    dW1 = np.einsum("nd,nh->dh", X, G1)
    db1 = np.einsum("nh->h", G1)
    return loss, dW1, db1, dW2, db2
