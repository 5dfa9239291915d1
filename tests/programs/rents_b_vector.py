"""Aluguéis: regressão linear, os coeficientes todos em b."""
import numpy as np
import pandas as pd

dados = pd.read_csv("alugueis.csv", sep=";")
y = dados["valor"].values
x = np.array([np.ones(len(y)), dados["area"].values, dados["quartos"].values, dados["andar"].values]).T
b = np.zeros(4)


def custo(x, y, b):
	return np.sum((x.dot(b) - y) ** 2) / (2 * len(y))


def descida(x, y, b, alpha, passos):
	historico = []
	for i in range(passos):
		resto = x.dot(b) - y
		b = b - alpha * x.T.dot(resto) / len(y)
		historico.append(custo(x, y, b))
	return b, historico


b, historico = descida(x, y, b, 0.001, 500)
print(b, historico[-1])
