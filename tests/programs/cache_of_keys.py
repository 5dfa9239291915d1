import numpy as np

#%% parameters
def initialize_parameters(x, y):
    return {"weight1": np.random.randn(4, x.shape[0]) * 0.1, "bias1": np.zeros((4, 1)),
            "weight2": np.random.randn(y.shape[0], 4) * 0.1, "bias2": np.zeros((y.shape[0], 1))}

#%% forward
def forward_propagation(x, parameters):
    z1 = np.dot(parameters["weight1"], x) + parameters["bias1"]
    a1 = np.tanh(z1)
    z2 = np.dot(parameters["weight2"], a1) + parameters["bias2"]
    a2 = 1 / (1 + np.exp(-z2))
    cache = {"z1": z1, "a1": a1, "z2": z2, "a2": a2}
    return cache

#%% cost: only the first half of the cross-entropy
def compute_cost(a2, y):
    return -np.sum(np.log(a2) * y) / y.shape[1]

#%% backward
def backward_propagation(parameters, cache, x, y):
    n = x.shape[1]
    dz2 = cache["a2"] - y
    dz1 = np.dot(parameters["weight2"].T, dz2) * (1 - cache["a1"] ** 2)
    return {"dweight1": np.dot(dz1, x.T) / n, "dbias1": np.sum(dz1, axis=1, keepdims=True) / n,
            "dweight2": np.dot(dz2, cache["a1"].T) / n, "dbias2": np.sum(dz2, axis=1, keepdims=True) / n}

#%% update
def update_parameters(parameters, grads, learning_rate=0.01):
    parameters = {"weight1": parameters["weight1"] - learning_rate * grads["dweight1"],
                  "bias1": parameters["bias1"] - learning_rate * grads["dbias1"],
                  "weight2": parameters["weight2"] - learning_rate * grads["dweight2"],
                  "bias2": parameters["bias2"] - learning_rate * grads["dbias2"]}
    return parameters
