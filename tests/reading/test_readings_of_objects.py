"""Small networks that a script fills by calls before it trains them, once unread."""

import pytest

from reading.small_programs import checked, wrong

FILLED = """
import numpy as np

class Full:
    def __init__(self, fan_in, fan_out):
        self.weight = 0.1 * np.random.randn(fan_in, fan_out)
        self.bias = np.zeros((1, fan_out))

    def ahead(self, row):
        self.row = row
        return row @ self.weight + self.bias

    def back(self, error, rate):
        handed = {handed}
        self.weight -= rate * self.row.T @ error
        self.bias -= rate * error
        return handed

class Bend:
    def __init__(self, curve, slope):
        self.curve, self.slope = curve, slope

    def ahead(self, row):
        self.row = row
        return self.curve(row)

    def back(self, error, rate):
        return error * self.slope(self.row)

class Chain:
    def __init__(self):
        self.links = []
        self.cost = None

    def put(self, link):
        self.links.append(link)

    def with_cost(self, cost, slope_of_cost):
        self.cost, self.slope_of_cost = cost, slope_of_cost

    def train(self, X, Y, epochs, rate):
        for turn in range(epochs):
            total = 0.0
            for k in range(len(X)):
                out = X[k]
                for link in self.links:
                    out = link.ahead(out)
                total += self.cost(Y[k], out)
                error = self.slope_of_cost(Y[k], out)
                for link in reversed(self.links):
                    error = link.back(error, rate)

def squares(y, p):
    return np.mean((y - p) ** 2)

def slope_of_squares(y, p):
    return {cost} * (p - y) / y.size

{main}
    X = np.array([[[0, 0]], [[0, 1]], [[1, 0]], [[1, 1]]])
    Y = np.array([[[0]], [[1]], [[1]], [[0]]])
    units = 4
    chain = Chain()
    chain.put(Full(2, units))
    chain.put(Bend(np.tanh, lambda z: 1 - np.tanh(z) ** 2))
    chain.put(Full(units, 1))
    chain.put(Bend(np.tanh, lambda z: 1 - np.tanh(z) ** 2))
    chain.with_cost(squares, slope_of_squares)
    chain.train(X, Y, epochs=100, rate=0.1)
"""


@pytest.mark.parametrize("main", ["if True:", "if __name__ == '__main__':"])
@pytest.mark.parametrize(
    ("handed", "cost", "amiss"),
    [
        ("error @ self.weight.T", "2", set()),
        ("error", "2", {"dW1", "db1"}),
        ("error @ self.weight.T", "-2", {"dW1", "db1", "dW2", "db2"}),
    ],
)
def test_a_network_that_is_filled_and_told_its_cost(
    handed: str, cost: str, main: str, amiss: set[str]
) -> None:
    text = FILLED.format(handed=handed, cost=cost, main=main)
    if main == "if True:":  # the script itself
        head, _, tail = text.partition("if True:\n")
        text = head + "\n".join(line.strip() for line in tail.splitlines()) + "\n"
    told = checked(text)
    assert told.verdict == ("wrong" if amiss else "right"), told.problem
    assert wrong(told) == amiss
