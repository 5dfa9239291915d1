import numpy as np

def sigmoid(x):
  return 1/(1+np.exp(-x))

def sigmoid_derivative(x):
  return x*(1-x)

X = np.array([[0,0,1],[0,1,1],[1,0,1],[1,1,1]]).T
Y = np.array([[0,1,1,0]])
m = Y.shape[1]

W1 = (2*np.random.random((4,3))-1)*0.1
b1 = np.zeros((4,1))
W2 = (2*np.random.random((1,4))-1)*0.1
b2 = np.zeros((1,1))

for i in range(60000):
    Z1 = np.dot(W1, X) + b1
    A1 = sigmoid(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = sigmoid(Z2)

    if i%10000 == 0:
      print("Error: " + str(np.mean(np.abs(Y - A2))))

    dZ2 = A2 - Y
    dW2 = np.dot(dZ2, A1.T)/m
    db2 = np.sum(dZ2, axis=1, keepdims=True)/m
    dZ1 = np.dot(W2.T, dZ2)*sigmoid_derivative(A1)
    dW1 = np.dot(dZ1, X.T)/m
    db1 = np.sum(dZ1, axis=1, keepdims=True)/m

    W1 = W1 - dW1
    b1 = b1 - db1
    W2 = W2 - dW2
    b2 = b2 - db2
