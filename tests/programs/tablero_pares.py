# Semáforo: qué luz viene después, a partir de las tres que se ven (columnas, un ejemplo cada vez)
import numpy as np

transiciones = [
    ([1, 0, 0], [0, 0, 1]),
    ([0, 0, 1], [0, 1, 0]),
    ([0, 1, 0], [1, 0, 0]),
]


def sigma(v):
    return 1 / (1 + np.exp(-v))


entradas = 3
ocultas = entradas * 2
salidas = entradas
pesos = np.random.uniform(-1, 1, (ocultas, entradas))
sesgo = np.random.uniform(-1, 1, (ocultas, 1))
pesos_salidas = np.random.uniform(-1, 1, (salidas, ocultas))
sesgo_salidas = np.random.uniform(-1, 1, (salidas, 1))
tasa = 0.3

for vuelta in range(4000):
    for visto, siguiente in transiciones:
        visto = np.array(visto).reshape(-1, 1)
        siguiente = np.array(siguiente).reshape(-1, 1)
        oculta = sigma(np.dot(pesos, visto) + sesgo)
        salida = sigma(np.dot(pesos_salidas, oculta) + sesgo_salidas)
        delta_salida = (siguiente - salida) * salida * (1 - salida)
        delta_oculta = np.dot(pesos_salidas.T, delta_salida) * oculta * (1 - oculta)
        pesos_salidas += tasa * np.dot(delta_salida, oculta.T)
        sesgo_salidas += tasa * delta_salida
        pesos += tasa * np.dot(delta_oculta, visto.T)
        sesgo += tasa * delta_oculta
