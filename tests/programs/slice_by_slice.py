import numpy as np

np.random.seed(4)


class Layer:
    def __init__(self, inputs, outputs):
        self.w = np.random.uniform(-1, 1, (inputs + 1, outputs))  # last row: bias

    def forward(self, a):
        self.a = np.hstack([a, np.ones((a.shape[0], 1))])
        self.out = 1 / (1 + np.exp(-self.a @ self.w))
        return self.out

    def backward(self, error):
        d = error * self.out * (1 - self.out)
        self.dw = self.a.T @ d
        return (d @ self.w.T)[:, :-1]


first = Layer(8, 3)
second = Layer(3, 8)

inputs = np.eye(8)
targets = np.eye(8)
rate = 0.5

for epoch in range(4000):
    for i in range(8):
        out = second.forward(first.forward(inputs[i:i + 1]))
        back = second.backward(targets[i:i + 1] - out)
        first.backward(back)
        second.w += rate * second.dw
        first.w += rate * first.dw
    if epoch % 500 == 0:
        print(epoch, np.sum((targets[7:8] - out) ** 2))
