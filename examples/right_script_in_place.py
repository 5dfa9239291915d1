# RIGHT: a bare script without a function or biases; it updates in place, by the squared error.
import numpy as np


# tiny network, trained on a truth table. no bias, keep it simple!
def sig(x):
    return 1 / (1 + np.exp(-x))


X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 0], [0, 1, 0]])
y = np.array([[0], [1], [1], [0], [1]])

np.random.seed(3)
w_in = 2 * np.random.random((3, 4)) - 1
w_out = 2 * np.random.random((4, 1)) - 1
rate = 0.5

for it in range(8000):
    # forward
    hidden = sig(np.dot(X, w_in))
    out = sig(np.dot(hidden, w_out))

    # how much did we miss?
    err = y - out
    if it % 2000 == 0:
        print("error after", it, ":", np.mean(np.abs(err)))

    out_delta = err * out * (1 - out)
    hidden_delta = out_delta.dot(w_out.T) * hidden * (1 - hidden)

    w_out += rate * hidden.T.dot(out_delta)
    w_in += rate * X.T.dot(hidden_delta)

print("after training")
print(out)
