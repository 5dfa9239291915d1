# Multilayer perceptron, tanh units everywhere, targets -1 / +1
import numpy as np

X = np.array([[-1., -1.], [-1., 1.], [1., -1.], [1., 1.]])
T = np.array([[-1.], [1.], [1.], [-1.]])

nin, nhid, nout = 2, 4, 1
rng = np.random.RandomState(17)
Wh = rng.uniform(-1, 1, size=(nin, nhid))
bh = rng.uniform(-1, 1, size=nhid)
Wo = rng.uniform(-1, 1, size=(nhid, nout))
bo = rng.uniform(-1, 1, size=nout)

mu = 0.1
epoch = 0
mse = 1.0

while mse > 1e-3 and epoch < 20000:
    H = np.tanh(X @ Wh + bh)
    O = np.tanh(H @ Wo + bo)
    err = O - T
    mse = np.mean(err ** 2)

    do = 2 * err / len(X) * (1 - O ** 2)
    dh = do @ Wo.T * (1 - H ** 2)

    Wo -= mu * H.T @ do
    bo -= mu * do.sum(axis=0)
    Wh -= mu * X.T @ dh
    bh -= mu * dh.sum(axis=0)

    epoch += 1
    if epoch % 1000 == 0:
        print(epoch, mse)

print("stopped at epoch", epoch)
print(np.sign(O).ravel())
