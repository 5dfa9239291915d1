import numpy as np
import scipy.optimize as opt


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def costReg(theta, X, y, learningRate):
    theta = np.matrix(theta)
    X = np.matrix(X)
    y = np.matrix(y)
    first = np.multiply(-y, np.log(sigmoid(X * theta.T)))
    second = np.multiply((1 - y), np.log(1 - sigmoid(X * theta.T)))
    reg = (learningRate / (2 * len(X))) * np.sum(np.power(theta[:, 1:], 2))
    return np.sum(first - second) / len(X) + reg


def gradientReg(theta, X, y, learningRate):
    theta = np.matrix(theta)
    X = np.matrix(X)
    y = np.matrix(y)
    error = sigmoid(X * theta.T) - y
    grad = ((X.T * error) / len(X)).T + ((learningRate / len(X)) * theta)
    # the intercept is not regularized
    grad[0, 0] = np.sum(np.multiply(error, X[:, 0])) / len(X)
    return np.array(grad).ravel()


def one_vs_all(X, y, num_labels, learning_rate):
    X = np.insert(X, 0, values=np.ones(len(X)), axis=1)
    found = []
    for k in range(1, num_labels + 1):
        y_k = (y == k).astype(int).reshape(-1, 1)
        fmin = opt.minimize(costReg, np.zeros(X.shape[1]), args=(X, y_k, learning_rate), jac=gradientReg)
        found.append(fmin.x)
    return np.array(found)
