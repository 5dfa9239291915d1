import numpy as np

def sigmoid(z):
    return 1/(1+np.exp(-z))

def init(d, h):
    W1 = np.random.randn(h, d)*np.sqrt(1/d)
    b1 = np.zeros((h, 1))
    W2 = np.random.randn(1, h)*np.sqrt(1/h)
    b2 = np.zeros((1, 1))
    return W1, b1, W2, b2

def forward(x, W1, b1, W2, b2):
    z1 = W1@x + b1
    a1 = sigmoid(z1)
    z2 = W2@a1 + b2
    a2 = sigmoid(z2)
    return z1, a1, z2, a2

def cost(a2, y):
    m = y.shape[1]
    return (-1/m)*np.sum(y*np.log(a2)+(1-y)*np.log(1-a2))

def backward(x, y, W1, b1, W2, b2, z1, a1, z2, a2):
    m = x.shape[1]
    dz2 = a2 - y
    dW2 = (1/m)*dz2@a1.T
    db2 = (1/m)*np.sum(dz2, axis=1, keepdims=True)
    dz1 = W2.T@dz2*a1*(1-a1)
    dW1 = dz1@x.T
    db1 = (1/m)*np.sum(dz1, axis=1, keepdims=True)
    return dW1, db1, dW2, db2

def train(x, y, h=4, lr=0.01, epochs=10000):
    W1, b1, W2, b2 = init(x.shape[0], h)
    for i in range(epochs):
        z1, a1, z2, a2 = forward(x, W1, b1, W2, b2)
        dW1, db1, dW2, db2 = backward(x, y, W1, b1, W2, b2, z1, a1, z2, a2)
        W1 = W1 - lr*dW1
        b1 = b1 - lr*db1
        W2 = W2 - lr*dW2
        b2 = b2 - lr*db2
        if i % 1000 == 0:
            print("cost", cost(a2, y))
    return W1, b1, W2, b2

if __name__ == "__main__":
    x = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    y = np.array([[0, 1, 1, 0]])
    train(x, y)
