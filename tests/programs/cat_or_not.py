import numpy as np
import h5py
import matplotlib.pyplot as plt


def load_dataset():
    f = h5py.File('datasets/train_cats.h5', "r")
    x = np.array(f["train_set_x"][:])
    y = np.array(f["train_set_y"][:])
    return x, y.reshape((1, y.shape[0]))


def sigmoid(z):
    s = 1. / (1. + np.exp(-z))
    return s


def propagate(w, b, X, Y):
    """
    w -- weights, a numpy array of size (num_px * num_px * 3, 1)
    b -- bias, a scalar
    X -- data of size (num_px * num_px * 3, number of examples)
    Y -- "label" vector of size (1, number of examples)
    """
    m = X.shape[1]

    A = sigmoid(np.dot(w.T, X) + b)
    cost = -(1 / m) * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))

    dw = (1 / m) * np.dot(X, (A - Y).T)
    db = (1 / m) * np.sum(A - Y)

    grads = {"dw": dw,
             "db": db}
    return grads, cost


def optimize(w, b, X, Y, num_iterations, learning_rate):
    costs = []
    for i in range(num_iterations):
        grads, cost = propagate(w, b, X, Y)
        w = w - learning_rate * grads["dw"]
        b = b - learning_rate * grads["db"]
        if i % 100 == 0:
            costs.append(cost)
            print("Cost after iteration %i: %f" % (i, cost))
    return w, b, costs


if __name__ == '__main__':
    X, Y = load_dataset()
    X = X.reshape(X.shape[0], -1).T / 255.
    w, b, costs = optimize(np.zeros((X.shape[0], 1)), 0., X, Y, 2000, 0.005)
    plt.plot(costs)
    plt.ylabel('cost')
    plt.xlabel('iterations (per hundreds)')
    plt.show()
