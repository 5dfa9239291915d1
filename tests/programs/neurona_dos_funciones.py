"""Una neurona a la que se le pasan la función de activación y su derivada."""
import numpy as np


class Neurona:
    def __init__(self, entradas, activation_function, derivative_function, tasa):
        self.activation_function = activation_function
        self.derivative_function = derivative_function
        self.pesos = np.random.rand(entradas)
        self.sesgo = np.random.rand()
        self.tasa = tasa

    def aprende(self, X, Y):
        for x, y in zip(X, Y):
            h = np.dot(x, self.pesos) + self.sesgo
            salida = self.activation_function(h)
            factor = self.tasa * (y - salida) * self.derivative_function(h)
            self.pesos += factor * x
            self.sesgo += factor


def sigmoid(h):
    return 1 / (1 + np.exp(-h))


def sigmoid_derivative(h):
    return sigmoid(h) * (1 - sigmoid(h))


def tanh(h):
    return np.tanh(h)


def tanh_derivative(h):
    return 1 - np.tanh(h) ** 2


if __name__ == "__main__":
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    Y = np.array([-1, 1, 1, 1])
    neurona = Neurona(2, activation_function=tanh, derivative_function=tanh_derivative, tasa=0.1)
    for epoca in range(500):
        neurona.aprende(X, Y)
