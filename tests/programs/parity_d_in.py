"""Is the number of ones even? D_in and D_out are the data here, and no sizes."""
import numpy as np

np.random.seed(8)
N, H = 6, 12
D_in = 2.0 * np.random.randint(0, 2, (40, N)) - 1
D_out = np.empty((40, 1))
for i in range(40):
    D_out[i] = (np.prod(D_in[i]) + 1) / 2

synapses_in = np.random.normal(0, 0.5, (N, H))
synapses_out = np.random.normal(0, 0.5, (H, 1))

for turn in range(3000):
    layer_0 = D_in
    layer_1 = 1 / (1 + np.exp(-layer_0.dot(synapses_in)))
    layer_2 = 1 / (1 + np.exp(-layer_1.dot(synapses_out)))

    off = D_out - layer_2
    back_2 = off * layer_2 * (1 - layer_2)
    back_1 = back_2.dot(synapses_out.T) * layer_1 * (1 - layer_1)

    synapses_out += 0.5 * layer_1.T.dot(back_2)
    synapses_in += 0.5 * layer_0.T.dot(back_1)

print(np.mean(np.abs(off)))
