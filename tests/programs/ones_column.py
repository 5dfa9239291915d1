import numpy as np
import matplotlib.pyplot as plt

np.random.seed(5)

# regression of a noisy sine with one hidden layer; bias = extra column of ones
x = np.linspace(-3, 3, 40).reshape(-1, 1)
t = np.sin(x) + 0.1*np.random.randn(40, 1)
N = x.shape[0]

X = np.hstack((x, np.ones((N, 1))))
H = 12
V = 0.5*np.random.randn(2, H)       # input -> hidden
W = 0.5*np.random.randn(H + 1, 1)   # hidden (+1) -> output
eta = 0.05
E = []

for epoch in range(4000):
    S = np.tanh(X.dot(V))
    S1 = np.hstack((S, np.ones((N, 1))))
    o = S1.dot(W)

    e = o - t
    E.append((e**2).sum()/(2*N))

    gW = S1.T.dot(e)/N
    gS = e.dot(W[:-1].T)*(1 - S**2)
    gV = X.T.dot(gS)/N

    W = W - eta*gW
    V = V - eta*gV

print("final error", E[-1])
plt.plot(x, t, 'k.')
plt.plot(x, o, 'r-')
plt.figure()
plt.plot(E)
plt.show()
