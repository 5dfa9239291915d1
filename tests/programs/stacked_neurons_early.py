# Assignment 2, part B: two layers of neurons, each layer an object
import numpy as np


class Neurons:
    def __init__(self, how_many, inputs_each):
        self.w = np.random.uniform(-1, 1, (inputs_each, how_many))


class Brain:
    def __init__(self, front, back):
        self.front, self.back = front, back

    def squash(self, v):
        return 1.0 / (1.0 + np.exp(-v))

    def learn(self, stimuli, answers, rounds, lr=0.8):
        for _ in range(rounds):
            hidden = self.squash(stimuli @ self.front.w)
            guess = self.squash(hidden @ self.back.w)
            back_delta = (guess - answers) * guess * (1 - guess)
            self.back.w -= lr * (hidden.T @ back_delta)
            front_delta = (back_delta @ self.back.w.T) * hidden * (1 - hidden)
            self.front.w -= lr * (stimuli.T @ front_delta)


first = Neurons(5, 2)
second = Neurons(1, 5)
brain = Brain(first, second)
corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
brain.learn(corners, np.array([[0], [1], [1], [0]], dtype=float), 5000)
