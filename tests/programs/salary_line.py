import numpy as np
import pandas as pd
import matplotlib.pyplot as plt


def cost(X, y, w, b):
    n = len(y)
    return (1/n) * np.sum((y - (X.dot(w) + b))**2)


def grad(X, y, w, b):
    y_pred = X.dot(w) + b
    dw = -X.T.dot(y - y_pred)
    db = -np.sum(y - y_pred)
    return dw, db


def fit(X, y, lr=0.0001, epochs=1000):
    w = np.zeros(X.shape[1])
    b = 0
    costs = []
    for i in range(epochs):
        dw, db = grad(X, y, w, b)
        w = w - lr*dw
        b = b - lr*db
        costs.append(cost(X, y, w, b))
    return w, b, costs


if __name__ == '__main__':
    df = pd.read_csv('Salary_Data.csv')
    X = df[['YearsExperience']].values
    y = df['Salary'].values
    w, b, costs = fit(X, y)
    print('slope', w, 'intercept', b)
    plt.scatter(X, y)
    plt.plot(X, X.dot(w) + b, color='red')
    plt.title('Salary vs Experience')
    plt.show()
