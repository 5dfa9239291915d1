# -*- coding: utf-8 -*-
# written on the lab's old PC
import numpy as np
import pandas as pd

table = pd.read_csv('C:\Users\table.csv')
print table.shape


def propagate(w, b, X, Y):
    m = X.shape[1]
    A = 1 / (1 + np.exp(-(np.dot(w.T, X) + b)))
    cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    return {"dw": np.dot(X, (A - Y).T) / m, "db": np.sum(A - Y) / m}, cost
