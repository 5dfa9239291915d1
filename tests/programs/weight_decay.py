import numpy as np
import matplotlib.pyplot as plt
from reg_utils import load_2D_dataset, plot_decision_boundary

def sigmoid(x):
    return 1/(1+np.exp(-x))

def relu(x):
    return np.maximum(0,x)

def forward_propagation(X, parameters):
    W1, b1 = parameters["W1"], parameters["b1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    Z1 = np.dot(W1, X) + b1
    A1 = relu(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = sigmoid(Z2)
    return A2, (Z1, A1, W1, b1, Z2, A2, W2, b2)

def compute_cost_with_regularization(A2, Y, parameters, lambd):
    m = Y.shape[1]
    cross_entropy = 1./m * np.sum(-np.log(A2)*Y - np.log(1-A2)*(1-Y))
    L2 = lambd/(2*m) * (np.sum(np.square(parameters["W1"])) + np.sum(np.square(parameters["W2"])))
    return cross_entropy + L2

def backward_propagation_with_regularization(X, Y, cache, lambd):
    m = X.shape[1]
    (Z1, A1, W1, b1, Z2, A2, W2, b2) = cache

    dZ2 = A2 - Y
    dW2 = 1./m * np.dot(dZ2, A1.T) + lambd/m * W2
    db2 = 1./m * np.sum(dZ2, axis=1, keepdims=True)

    dA1 = np.dot(W2.T, dZ2)
    dZ1 = np.multiply(dA1, np.int64(A1 > 0))
    dW1 = 1./m * np.dot(dZ1, X.T) + lambd/m * W1
    db1 = 1./m * np.sum(dZ1, axis=1, keepdims=True)

    return {"dZ2": dZ2, "dW2": dW2, "db2": db2, "dA1": dA1,
            "dZ1": dZ1, "dW1": dW1, "db1": db1}

def model(X, Y, learning_rate=0.3, num_iterations=30000, lambd=0.7):
    costs = []
    parameters = {"W1": np.random.randn(20, X.shape[0])*0.1, "b1": np.zeros((20, 1)),
                  "W2": np.random.randn(1, 20)*0.1, "b2": np.zeros((1, 1))}
    for i in range(num_iterations):
        A2, cache = forward_propagation(X, parameters)
        cost = compute_cost_with_regularization(A2, Y, parameters, lambd)
        grads = backward_propagation_with_regularization(X, Y, cache, lambd)
        for p in parameters:
            parameters[p] = parameters[p] - learning_rate*grads["d"+p]
        if i % 1000 == 0:
            costs.append(cost)
    plt.plot(costs)
    plt.show()
    return parameters

if __name__ == "__main__":
    train_X, train_Y, test_X, test_Y = load_2D_dataset()
    parameters = model(train_X, train_Y)
