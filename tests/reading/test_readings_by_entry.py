"""Small programs that move their parameters entry by entry, or are handed them by a method."""

import pytest

from reading.small_programs import checked, wrong

NEURONS = """
import numpy as np

def squash(z):
    return 1 / (1 + np.exp(-z))

class Perceptron:
    def __init__(self, rate, T):
        self.rate = rate
        self.T = T

    def init_weights(self, V, u):
        self.V = V
        self.u = u

    def learn_one(self, x, t):
        g = squash(self.V @ x)
        p = squash(self.u @ g)
        err = p - t
        back = np.zeros({units})
        for j, one in enumerate(g):
            back[j] = err * self.u[j] * {slope}
        {moves}

    def learn(self, X, Y):
        for turn in range(self.T):
            for x, t in zip(X, Y):
                self.learn_one(x, t)
"""

IN_PLACE = """
        for j in range(len(self.u)):
            self.u[j] -= self.rate * err * g[j]
        for i, x_i in enumerate(x):
            for j in range(len(back)):
                self.V[j, i] -= self.rate * back[j] * x_i
"""

BY_VALUE = """
        for (j, i), old in np.ndenumerate(self.V):
            self.V[j, i] = old - self.rate * back[j] * x[i]
        for j, old in enumerate(self.u):
            self.u[j] = old - self.rate * err * g[j]
"""

EARLY = """
        for j, old in enumerate(self.u):
            self.u[j] = old - self.rate * err * g[j]
        for (j, i), old in np.ndenumerate(self.V):
            self.V[j, i] = old - self.rate * err * self.u[j] * g[j] * (1 - g[j]) * x[i]
"""


@pytest.mark.parametrize("units", ["6", "len(g)"])
@pytest.mark.parametrize(
    ("moves", "slope", "amiss"),
    [
        (IN_PLACE, "one * (1 - one)", set()),
        (IN_PLACE, "1", {"dW1"}),
        (BY_VALUE, "one * (1 - one)", set()),
        (BY_VALUE, "one * (1 + one)", {"dW1"}),
        (EARLY, "one", {"dW1"}),
    ],
)
def test_entries_are_moved_one_by_one(moves: str, slope: str, units: str, amiss: set[str]) -> None:
    told = checked(NEURONS.format(moves=moves.strip(), slope=slope, units=units))
    assert told.verdict == ("wrong" if amiss else "right"), told.problem
    assert wrong(told) == amiss
    fixed = "always h = 6" in told.functions[0].convention
    assert fixed == (units == "6")


COUNTED = """
import numpy as np

class Machine:
    def __init__(self, T, rate=0.1):
        self.T = T
        self.rate = rate

    def fit(self, X, y):
        w = np.zeros(X.shape[1])
        done = 0
        while done < self.T:
            p = 1 / (1 + np.exp(-(X @ w)))
            w = w - self.rate * X.T @ ({residual}) / len(y)
            done += 1
        return w
"""


@pytest.mark.parametrize(("residual", "verdict"), [("p - y", "right"), ("y - p", "wrong")])
def test_what_loops_count_to_is_no_label(residual: str, verdict: str) -> None:
    told = checked(COUNTED.format(residual=residual))
    assert told.verdict == verdict, told.problem
