import numpy as np

def sigmoid(z):
    return 1/(1+np.exp(-z))

def cost(w, b, X, Y, lambd):
    """X (n_x, m), Y (1, m). Cross entropy + L2 penalty"""
    m = X.shape[1]
    A = sigmoid(w.T @ X + b)
    ce = -np.sum(Y*np.log(A) + (1-Y)*np.log(1-A))/m
    return ce + lambd/(2*m)*np.sum(w**2)

def gradients(w, b, X, Y, lambd):
    m = X.shape[1]
    A = sigmoid(w.T @ X + b)
    dZ = A - Y
    dw = X @ dZ.T/m
    db = np.sum(dZ)/m
    return {'dw': dw, 'db': db}

def train(X, Y, lambd=0.1, alpha=0.1, n_iter=1000, verbose=True):
    w = np.zeros((X.shape[0], 1))
    b = 0.0
    for i in range(n_iter):
        g = gradients(w, b, X, Y, lambd)
        w = w - alpha*g['dw']
        b = b - alpha*g['db']
        if verbose and i % 100 == 0:
            print(f"iter {i}: {cost(w, b, X, Y, lambd):.6f}")
    return w, b

if __name__ == '__main__':
    raw = np.loadtxt('sonar.csv', delimiter=',')
    X = raw[:, :-1].T
    Y = raw[:, -1].reshape(1, -1)
    for lambd in (0, 0.1, 1, 10):
        w, b = train(X, Y, lambd, verbose=False)
        print(lambd, np.linalg.norm(w))
