import numpy as np
import h5py

def sigmoid(z):
    return 1/(1+np.exp(-z))

def propagate(w, b, X, Y):
    m = X.shape[1]
    # forward
    A = sigmoid(np.dot(w.T, X) + b)
    cost = -np.mean(Y*np.log(A) + (1-Y)*np.log(1-A))
    # backward
    dz = (A - Y)/m
    dw = 1/m * np.dot(X, dz.T)
    db = 1/m * np.sum(dz)
    assert(dw.shape == w.shape)
    return {"dw": dw, "db": db}, cost

def model(X, Y, num_iterations=2000, learning_rate=0.5):
    w = np.zeros((X.shape[0], 1))
    b = 0.0
    for i in range(num_iterations):
        grads, cost = propagate(w, b, X, Y)
        w -= learning_rate*grads["dw"]
        b -= learning_rate*grads["db"]
        if i % 100 == 0:
            print("Cost after iteration", i, ":", cost)
    return {"w": w, "b": b}

if __name__ == "__main__":
    with h5py.File("train_catvnoncat.h5") as f:
        X = f["train_set_x"][:]
        Y = f["train_set_y"][:].reshape(1, -1)
    X = X.reshape(X.shape[0], -1).T/255
    d = model(X, Y)
