import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

book = pd.ExcelFile('sensors_train.xlsx')
frame = book.parse('Sheet1')
frame = (frame - frame.min()) / (frame.max() - frame.min())
codes = np.array(pd.ExcelFile('sensors_target.xlsx').parse('Sheet1'))
pcs = PCA(n_components=40).fit_transform(frame)


def tansig(x):
    return 2 / (1 + np.exp(-2 * x)) - 1


epochs = 500
lr = 0.01
n_features = frame.shape[1]
n_hidden = 120

wh = np.random.uniform(size=(n_features, n_hidden))
bh = np.random.uniform(size=(1, n_hidden))
wout = np.random.uniform(size=(n_hidden, 6))
bout = np.random.uniform(size=(1, 6))

for i in range(epochs):
    hidden = tansig(np.dot(pcs, wh) + bh)
    out = tansig(np.dot(hidden, wout) + bout)
    error = out - codes
    d_out = error * (1 - out ** 2)
    d_hidden = np.dot(d_out, wout.T) * (1 - hidden ** 2)
    wout -= lr * np.dot(hidden.T, d_out)
    bout -= lr * d_out.sum(axis=0, keepdims=True)
    wh -= lr * np.dot(pcs.T, d_hidden)
    bh -= lr * d_hidden.sum(axis=0, keepdims=True)
