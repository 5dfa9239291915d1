import numpy as np
from scipy.io import loadmat
from scipy.optimize import minimize

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def sigmoid_gradient(z):
    g = sigmoid(z)
    return g * (1 - g)

def nn_cost_function(nn_params, input_layer_size, hidden_layer_size, num_labels, X, y, lambda_):
    """X: m x input_layer_size, y: (m,) with labels 0..num_labels-1
    nn_params: Theta1 and Theta2 unrolled into one vector"""
    cut = hidden_layer_size * (input_layer_size + 1)
    Theta1 = nn_params[:cut].reshape(hidden_layer_size, input_layer_size + 1)
    Theta2 = nn_params[cut:].reshape(num_labels, hidden_layer_size + 1)
    m = X.shape[0]
    Y = np.eye(num_labels)[y]

    # feedforward
    a1 = np.hstack([np.ones((m, 1)), X])
    z2 = a1 @ Theta1.T
    a2 = np.hstack([np.ones((m, 1)), sigmoid(z2)])
    z3 = a2 @ Theta2.T
    h = sigmoid(z3)

    J = np.sum(-Y * np.log(h) - (1 - Y) * np.log(1 - h)) / m
    J += lambda_ / (2 * m) * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))

    # backprop
    d3 = h - Y
    d2 = (d3 @ Theta2)[:, 1:] * sigmoid_gradient(z2)
    Theta1_grad = d2.T @ a1 / m
    Theta2_grad = d3.T @ a2 / m
    Theta1_grad[:, 1:] += lambda_ / m * Theta1[:, 1:]
    Theta2_grad[:, 1:] += lambda_ / m * Theta2[:, 1:]

    grad = np.concatenate([Theta1_grad.ravel(), Theta2_grad.ravel()])
    return J, grad

def rand_init(L_in, L_out):
    eps = 0.12
    return np.random.rand(L_out, L_in + 1) * 2 * eps - eps

if __name__ == "__main__":
    mat = loadmat("ex4data1.mat")
    X = mat["X"]
    y = mat["y"].ravel() % 10
    start = np.concatenate([rand_init(400, 25).ravel(), rand_init(25, 10).ravel()])
    res = minimize(nn_cost_function, start, args=(400, 25, 10, X, y, 1), jac=True,
                   method="TNC", options={"maxiter": 100})
    print(res.fun)
