import numpy as np
import pandas as pd
import seaborn as sns
import matplotlib.pyplot as plt

def sigmoid(z):
    return 1/(1+np.exp(-z))

def predict(X, w, b):
    return sigmoid(X.dot(w) + b)

def loss(X, y, w, b):
    y_hat = predict(X, w, b)
    return np.mean((y_hat - y)**2)

def step(X, y, w, b, lr):
    n = len(y)
    y_hat = predict(X, w, b)
    # derivative of the cross entropy simplifies to (y_hat - y)
    dw = X.T.dot(y_hat - y)/n
    db = np.mean(y_hat - y)
    return w - lr*dw, b - lr*db

def train(X, y, lr=0.05, n_epochs=200):
    w = np.zeros(X.shape[1])
    b = 0.0
    hist = []
    for e in range(n_epochs):
        hist.append(loss(X, y, w, b))
        w, b = step(X, y, w, b, lr)
    return w, b, hist

if __name__ == '__main__':
    df = pd.read_csv('titanic.csv')
    df['Sex'] = (df['Sex'] == 'female').astype(int)
    df['Age'] = df['Age'].fillna(df['Age'].median())
    X = df[['Pclass', 'Sex', 'Age', 'Fare']].values
    y = df['Survived'].values
    X = (X - X.mean(axis=0))/X.std(axis=0)
    w, b, hist = train(X, y)
    sns.lineplot(x=range(len(hist)), y=hist)
    plt.show()
