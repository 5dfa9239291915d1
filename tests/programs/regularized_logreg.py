import numpy as np
import matplotlib.pyplot as plt
from utils_reg import map_feature, load_data, plot_data

def sigmoid(z):
    return 1/(1+np.exp(-z))

def compute_cost_reg(X, y, w, b, lambda_=1):
    """
    X : (m, n) data, m examples by n features
    y : (m,) target values
    lambda_ : strength of the regularization
    """
    m, n = X.shape
    f = sigmoid(X @ w + b)
    cost = np.sum(-y*np.log(f) - (1-y)*np.log(1-f)) / m
    reg = (lambda_/(2*m)) * np.sum(w**2)
    return cost + reg

def compute_gradient_reg(X, y, w, b, lambda_=1):
    m, n = X.shape
    err = sigmoid(X @ w + b) - y
    dj_db = np.sum(err) / m
    dj_dw = X.T @ err / m + (lambda_/m) * w
    return dj_db, dj_dw

def gradient_descent(X, y, w, b, alpha, num_iters, lambda_):
    J = []
    for i in range(num_iters):
        dj_db, dj_dw = compute_gradient_reg(X, y, w, b, lambda_)
        w = w - alpha*dj_dw
        b = b - alpha*dj_db
        J.append(compute_cost_reg(X, y, w, b, lambda_))
    return w, b, J

if __name__ == "__main__":
    X_train, y_train = load_data("data/ex2data2.txt")
    X_mapped = map_feature(X_train[:, 0], X_train[:, 1])
    w0 = np.random.rand(X_mapped.shape[1]) - 0.5
    w, b, J = gradient_descent(X_mapped, y_train, w0, 1., 0.01, 10000, 0.01)
    plt.plot(J)
    plt.show()
