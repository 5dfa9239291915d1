# Rede em listas, treinada em lotes pequenos
import random

import numpy as np


def sigmoide(z):
    return 1.0 / (1.0 + np.exp(-z))


def derivada_sigmoide(z):
    return sigmoide(z) * (1 - sigmoide(z))


class Rede:
    def __init__(self, formato):
        self.camadas = len(formato)
        self.pesos = [np.random.randn(s, e) for e, s in zip(formato[:-1], formato[1:])]
        self.vieses = [np.random.randn(s, 1) for s in formato[1:]]

    def retropropaga(self, entrada, esperado):
        ativacao, ativacoes, somas = entrada, [entrada], []
        for p, v in zip(self.pesos, self.vieses):
            soma = p @ ativacao + v
            somas.append(soma)
            ativacao = sigmoide(soma)
            ativacoes.append(ativacao)
        delta = (ativacoes[-1] - esperado) * derivada_sigmoide(somas[-1])
        nabla_p = [np.zeros(p.shape) for p in self.pesos]
        nabla_v = [np.zeros(v.shape) for v in self.vieses]
        nabla_p[-1], nabla_v[-1] = delta @ ativacoes[-2].T, delta
        for c in range(2, self.camadas):
            delta = self.pesos[-c + 1].T @ delta * derivada_sigmoide(somas[-c])
            nabla_p[-c], nabla_v[-c] = delta @ ativacoes[-c - 1].T, delta
        return nabla_p, nabla_v

    def passo(self, lote, taxa):
        soma_p = [np.zeros(p.shape) for p in self.pesos]
        soma_v = [np.zeros(v.shape) for v in self.vieses]
        for entrada, esperado in lote:
            gp, gv = self.retropropaga(entrada, esperado)
            soma_p = [a + b for a, b in zip(soma_p, gp)]
            soma_v = [a + b for a, b in zip(soma_v, gv)]
        self.pesos = [p - taxa / len(lote) * g for p, g in zip(self.pesos, soma_p)]
        self.vieses = [v - taxa / len(lote) * g for v, g in zip(self.vieses, soma_v)]

    def treina(self, dados, quantas, tam_lote, taxa):
        for vez in range(quantas):
            random.shuffle(dados)
            lotes = [dados[k : k + tam_lote] for k in range(0, len(dados), tam_lote)]
            for lote in lotes:
                self.passo(lote, taxa)
            print("vez", vez)
