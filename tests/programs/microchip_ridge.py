import numpy as np
import scipy.optimize as opt

# ex2, part 2 (regularized logistic regression, microchip data)

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def costFunctionReg(theta, X, y, lam):
    """theta[0] is the intercept and is not regularized"""
    m = y.size
    h = sigmoid(X.dot(theta))
    J = -(y.dot(np.log(h)) + (1 - y).dot(np.log(1 - h))) / m
    J = J + lam / (2 * m) * np.sum(theta[1:] ** 2)
    return J

def gradientReg(theta, X, y, lam):
    m = y.size
    h = sigmoid(X.dot(theta))
    grad = X.T.dot(h - y) / m + lam / m * theta
    return grad

def mapFeature(a, b, degree=6):
    cols = [a ** (i - j) * b ** j for i in range(degree + 1) for j in range(i + 1)]
    return np.stack(cols, axis=1)     # first one is all ones

if __name__ == '__main__':
    d = np.loadtxt('ex2data2.txt', delimiter=',')
    X = mapFeature(d[:, 0], d[:, 1])
    y = d[:, 2]
    theta = np.zeros(X.shape[1])
    print('Cost at zeros:', costFunctionReg(theta, X, y, 1))
    res = opt.minimize(costFunctionReg, theta, (X, y, 1), jac=gradientReg, method='BFGS')
    print(res.x[:5])
    p = sigmoid(X.dot(res.x)) >= 0.5
    print('Train accuracy:', np.mean(p == y) * 100)
