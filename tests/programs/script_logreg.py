import numpy as np

# dados: 3 medidas por flor, uma flor por coluna
dados = np.loadtxt("iris_duas_classes.txt")
X = dados[:, :3].T
Y = dados[:, 3].reshape(1, -1)
m = X.shape[1]

np.random.seed(0)
w = np.random.randn(3, 1) * 0.01
b = 0.0
alpha = 0.1

for i in range(1000):
    # ida
    Z = np.dot(w.T, X) + b
    A = 1 / (1 + np.exp(-Z))
    J = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m

    # volta
    dZ = A - Y
    dw = np.dot(X, dZ.T) / m
    db = np.sum(dZ) / m

    # atualiza
    w = w - alpha * dw
    b = b - alpha * db

    if i % 100 == 0:
        print("iteracao", i, "custo", J)

print("acertos:", np.sum((A > 0.5) == Y), "de", m)
