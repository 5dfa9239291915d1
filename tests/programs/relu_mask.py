import numpy as np

def relu(x):
    return np.maximum(0, x)

def softmax(x):
    ex = np.exp(x - np.max(x, axis=1, keepdims=True))
    return ex / np.sum(ex, axis=1, keepdims=True)

class ThreeClassNet(object):

    def __init__(self, D, H, C):
        self.model = dict(
            W1=1e-2 * np.random.randn(D, H), b1=np.zeros(H),
            W2=1e-2 * np.random.randn(H, C), b2=np.zeros(C))

    def loss_and_grads(self, X, y):
        """X (N, D); y (N,) labels. Returns loss and a dict of gradients"""
        m = self.model
        N = X.shape[0]
        h = relu(X @ m['W1'] + m['b1'])
        p = softmax(h @ m['W2'] + m['b2'])
        loss = -np.sum(np.log(p[range(N), y])) / N

        dz2 = p
        dz2[range(N), y] -= 1
        dz2 /= N
        grads = {}
        grads['W2'] = h.T @ dz2
        grads['b2'] = np.sum(dz2, axis=0)
        dh = dz2 @ m['W2'].T
        dh[dh <= 0] = 0
        grads['W1'] = X.T @ dh
        grads['b1'] = np.sum(dh, axis=0)
        return loss, grads

    def train(self, X, y, lr=1.0, iters=200):
        for i in range(iters):
            loss, grads = self.loss_and_grads(X, y)
            for k in grads:
                self.model[k] -= lr * grads[k]
            if i % 20 == 0:
                print('iteration %d: loss %f' % (i, loss))

if __name__ == '__main__':
    N, K = 100, 3
    X = np.zeros((N*K, 2))
    y = np.zeros(N*K, dtype='uint8')
    for j in range(K):
        ix = range(N*j, N*(j+1))
        r = np.linspace(0.0, 1, N)
        t = np.linspace(j*4, (j+1)*4, N) + np.random.randn(N)*0.2
        X[ix] = np.c_[r*np.sin(t), r*np.cos(t)]
        y[ix] = j
    ThreeClassNet(2, 100, K).train(X, y)
