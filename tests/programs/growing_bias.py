import numpy as np

def sigmoid(z):
    return 1/(1 + np.exp(-z))

def train(X, Y, n_h, iterations, alpha):
    """X (n_x, m), Y (1, m)"""
    np.random.seed(4)
    m = X.shape[1]
    W1 = np.random.randn(n_h, X.shape[0]) * 0.5
    b1 = np.zeros((n_h, 1))
    W2 = np.random.randn(1, n_h) * 0.5
    b2 = np.zeros((1, 1))
    J = []
    for k in range(iterations):
        Z1 = np.dot(W1, X) + b1
        A1 = sigmoid(Z1)
        Z2 = np.dot(W2, A1) + b2
        A2 = sigmoid(Z2)
        J.append(-1/m*np.sum(Y*np.log(A2) + (1-Y)*np.log(1-A2)))

        dZ2 = A2 - Y
        dW2 = 1/m*np.sum(dZ2*A1, axis=1, keepdims=True).T
        db2 = 1/m*np.sum(dZ2, axis=1, keepdims=True)
        dZ1 = W2.T*dZ2*A1*(1-A1)
        dW1 = 1/m*np.dot(dZ1, X.T)
        db1 = 1/m*np.sum(dZ1, axis=1, keepdims=True)

        W1 = W1 - alpha*dW1
        b1 = b1 - alpha*db1
        W2 = W2 - alpha*dW2
        b2 = b2 - alpha*db1
    return W1, b1, W2, b2, J

if __name__ == "__main__":
    X = np.random.randn(2, 100)
    Y = (X[0] > X[1]).reshape(1, 100)*1
    W1, b1, W2, b2, J = train(X, Y, 3, 500, 0.5)
    print("first cost", J[0], "last cost", J[-1])
