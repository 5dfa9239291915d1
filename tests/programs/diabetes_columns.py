import numpy as np
import pandas as pd

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def loss(Y, A):
    # log loss
    return -1 / Y.shape[1] * np.sum(Y * np.log(A))

def step(params, X, Y, learning_rate):
    """X: (n, m), Y: (1, m), params: {'W': (1, n), 'b': scalar}"""
    m = X.shape[1]
    A = sigmoid(np.dot(params['W'], X) + params['b'])
    tmp = A - Y
    dW = np.dot(tmp, X.T) / m
    db = np.sum(tmp) / m
    params['W'] = params['W'] - learning_rate * dW
    params['b'] = params['b'] - learning_rate * db
    return loss(Y, A)

def main():
    df = pd.read_csv("diabetes.csv")
    X = df.iloc[:, :-1].values.T
    Y = df.iloc[:, -1:].values.T
    params = {'W': np.zeros((1, X.shape[0])), 'b': 0}
    for i in range(1000):
        l = step(params, X, Y, 0.01)
        if i % 100 == 0:
            print(i, l)
    pred = sigmoid(np.dot(params['W'], X) + params['b']) > 0.5
    print("Accuracy:", np.mean(pred == Y) * 100)

if __name__ == "__main__":
    main()
