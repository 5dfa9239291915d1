# Assignment 2, part B: two layers of neurons, each layer an object, on the parity of three switches
import numpy as np


class Neurons:
    def __init__(self, how_many, inputs_each):
        self.w = np.random.uniform(-1, 1, (inputs_each, how_many))
        self.offset = np.zeros((1, how_many))


class Brain:
    def __init__(self, front, back):
        self.front = front
        self.back = back

    def squash(self, v):
        return 1.0 / (1.0 + np.exp(-v))

    def respond(self, stimuli):
        hidden = self.squash(stimuli @ self.front.w)
        return hidden, self.squash(hidden @ self.back.w)

    def learn(self, stimuli, answers, rounds, lr=0.8):
        for _ in range(rounds):
            hidden, guess = self.respond(stimuli)
            back_delta = (guess - answers) * guess * (1 - guess)
            front_delta = (back_delta @ self.back.w.T) * hidden * (1 - hidden)
            self.back.w -= lr * (hidden.T @ back_delta)
            self.front.w -= lr * (stimuli.T @ front_delta)


if __name__ == "__main__":
    switches = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)], dtype=float)
    parity = (switches.sum(axis=1, keepdims=True) % 2).astype(float)
    first = Neurons(6, 3)
    second = Neurons(1, 6)
    brain = Brain(first, second)
    brain.learn(switches, parity, 20000)
    print(np.round(brain.respond(switches)[1], 2))
