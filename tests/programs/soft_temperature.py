"""Softmax regression whose scores are divided by a temperature; one row of theta for each class."""
import numpy as np
from helpers import plot_history


def probabilities(X, theta, temperature):
    scores = theta @ X.T / temperature
    scores = scores - scores.max(axis=0)
    e = np.exp(scores)
    return e / e.sum(axis=0)


def cost(X, Y, theta, lambda_factor, temperature):
    P = probabilities(X, theta, temperature)
    return -np.mean(np.log(P[Y, np.arange(len(Y))])) + lambda_factor / 2 * np.sum(theta ** 2)


def step(X, Y, theta, alpha, lambda_factor, temperature):
    M = np.zeros((theta.shape[0], len(Y)))
    M[Y, np.arange(len(Y))] = 1
    P = probabilities(X, theta, temperature)
    gradient = (P - M) @ X / (temperature * len(Y)) + lambda_factor * theta
    return theta - alpha * gradient


def train(X, Y, temperature, alpha, lambda_factor, k, iterations):
    X = np.hstack([np.ones((len(X), 1)), X])
    theta = np.zeros((k, X.shape[1]))
    history = []
    for i in range(iterations):
        history.append(cost(X, Y, theta, lambda_factor, temperature))
        theta = step(X, Y, theta, alpha, lambda_factor, temperature)
    plot_history(history)
    return theta, history
