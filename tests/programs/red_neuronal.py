# Red neuronal con una capa oculta
import pandas as pd
import numpy as np

datos = pd.read_csv("vinos.csv")


def sigmoide(z):
    return 1 / (1 + np.exp(-z))


class Red:
    def __init__(self, entradas, ocultas, salidas):
        self.pesos1 = np.random.randn(entradas, ocultas)
        self.sesgos1 = np.zeros((1, ocultas))
        self.pesos2 = np.random.randn(ocultas, salidas)
        self.sesgos2 = np.zeros((1, salidas))

    def entrenar(self, entrada, etiquetas, tasa_aprendizaje, i):
        for vuelta in range(i):
            a1 = sigmoide(np.dot(entrada, self.pesos1) + self.sesgos1)
            a2 = sigmoide(np.dot(a1, self.pesos2) + self.sesgos2)
            delta2 = (a2 - etiquetas) * a2 * (1 - a2)
            delta1 = np.dot(delta2, self.pesos2.T) * a1 * (1 - a1)
            self.pesos2 -= tasa_aprendizaje * np.dot(a1.T, delta2)
            self.sesgos2 -= tasa_aprendizaje * np.sum(delta2, axis=0, keepdims=True)
            self.pesos1 -= tasa_aprendizaje * np.dot(entrada.T, delta1)
            self.sesgos1 -= tasa_aprendizaje * np.sum(delta1, axis=0)
