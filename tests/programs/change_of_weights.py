# quiz: by how much do the weights of one unit change?
import numpy as np

learning_rate = 0.3
x = np.array([0.4, -1.2, 0.7])
target = 1.0
weights = np.array([0.2, 0.1, -0.4])


def unit(total):
    return 1 / (1 + np.exp(-total))


output = unit(np.dot(x, weights))
term = (target - output) * output * (1 - output)
delta_weights = learning_rate * term * x
print("change:", delta_weights)
