import numpy as np
from sklearn import datasets

X, y = datasets.make_moons(300, noise=0.2)
n = len(X)
n_in, n_out = 2, 2


def run(model, points):
    w1, b1, w2, b2 = model['w1'], model['b1'], model['w2'], model['b2']
    a1 = np.tanh(points.dot(w1) + b1)
    s = a1.dot(w2) + b2
    probs = np.exp(s) / np.sum(np.exp(s), axis=1, keepdims=True)
    return {'a1': a1, 'probs': probs}


def total_loss(model):
    probs = run(model, X)['probs']
    return -np.sum(y * np.log(probs[np.arange(n), y])) / n


def learn(hidden, turns=3000, show=False):
    model = {
        'w1': np.random.randn(n_in, hidden), 'b1': np.zeros((1, hidden)),
        'w2': np.random.randn(hidden, n_out), 'b2': np.zeros((1, n_out)),
    }
    rate = 0.01
    for i in range(turns):
        r = run(model, X)
        d2 = r['probs']
        d2[np.arange(n), y] -= 1
        d2 = d2 / n
        d1 = (1 - r['a1'] ** 2) * d2.dot(model['w2'].T)
        model['w1'] -= rate * X.T.dot(d1)
        model['b1'] -= rate * d1.sum(axis=0, keepdims=True)
        model['w2'] -= rate * r['a1'].T.dot(d2)
        model['b2'] -= rate * d2.sum(axis=0, keepdims=True)
        if show and i % 500 == 0:
            print(i, total_loss(model))
    return model
