import numpy as np
import matplotlib.pyplot as plt

# all data lives at module level, the functions just use it
data = np.loadtxt("exam_scores.txt", delimiter=",")
X = data[:, 0:2]
y = data[:, 2]
m = len(y)

w = np.zeros(2)
b = 0.0
alpha = 0.002

def h():
    return 1/(1 + np.exp(-(X @ w + b)))

def J():
    p = h()
    return -(y @ np.log(p) + (1 - y) @ np.log(1 - p))/m

def gradient():
    r = h() - y
    dw = X.T @ r/m
    db = r.sum()/m
    return dw, db

def descend(steps):
    global w, b
    for _ in range(steps):
        dw, db = gradient()
        w = w - alpha*dw
        b = b - alpha*db

print("J before:", J())
descend(50000)
print("J after :", J(), " w =", w, " b =", b)
t = np.array([X[:, 0].min(), X[:, 0].max()])
plt.plot(t, -(w[0]*t + b)/w[1], "k--")
plt.scatter(X[:, 0], X[:, 1], c=y)
plt.savefig("boundary.png")
