import numpy as np

class MLP:
    def __init__(self, layers):
        self.layers = layers
        self.parameters = {}
        self.grads = {}
        for l in range(1, len(layers)):
            self.parameters['W' + str(l)] = np.random.randn(layers[l], layers[l-1]) * 0.1
            self.parameters['b' + str(l)] = np.zeros((layers[l], 1))

    def forward_propagation(self, X):
        self.cache = {'A0': X}
        A = X
        for l in range(1, len(self.layers)):
            Z = np.dot(self.parameters['W' + str(l)], A) + self.parameters['b' + str(l)]
            A = 1 / (1 + np.exp(-Z))
            self.cache['A' + str(l)] = A
        return A

    def backward_propagation(self, Y):
        L = len(self.layers) - 1
        m = Y.shape[1]
        dZ = self.cache['A' + str(L)] - Y
        for l in range(L, 0, -1):
            A_prev = self.cache['A' + str(l-1)]
            self.grads['dW' + str(l)] = np.dot(dZ, A_prev.T) / m
            self.grads['db' + str(l)] = np.sum(dZ, axis=1, keepdims=True) / m
            if l > 1:
                dZ = np.dot(self.parameters['W' + str(l)].T, dZ) * A_prev

    def update_parameters(self, learning_rate=0.01):
        for l in range(1, len(self.layers)):
            self.parameters['W' + str(l)] -= learning_rate * self.grads['dW' + str(l)]
            self.parameters['b' + str(l)] -= learning_rate * self.grads['db' + str(l)]

np.random.seed(1)
mlp = MLP([10, 4, 5, 1])
X = np.random.randn(10, 5)
Y = np.random.randint(0, 2, (1, 5))
mlp.forward_propagation(X)
mlp.backward_propagation(Y)
mlp.update_parameters(learning_rate=0.01)
