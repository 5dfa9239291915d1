"""Small networks whose layers are lists that a constructor puts together, once unread."""

import pytest

from reading.small_programs import checked, wrong

STACK = """
import numpy as np

class Stack:
    def __init__(self, entering, between, leaving):
        sizes = {sizes}
        self.mats = [np.random.randn(a, b) for a, b in zip(sizes, sizes[1:])]
        self.held = [None] * len(sizes)
        self.grads = [None] * len(self.mats)

    def run(self, row):
        self.held[0] = row
        for k, mat in enumerate(self.mats):
            self.held[k + 1] = 1 / (1 + np.exp(-(self.held[k] @ mat)))
        return self.held[-1]

    def back(self, gap):
        for k in range(len(self.mats) - 1, -1, -1):
            out = self.held[k + 1]
            delta = gap * {slope}
            self.grads[k] = np.outer(self.held[k], delta)
            gap = self.mats[k] @ delta

    def move(self, rate{strength}):
        for k in range(len(self.mats)):
            weights = self.mats[k]
            grads = self.grads[k]
            {move}

    def fit(self, inputs, targets, epochs, rate{strength}):
        for turn in range(epochs):
            total = 0.0
            for row, target in zip(inputs, targets):
                p = self.run(row)
                self.back(p - target)
                self.move(rate{passed})
                total += self.{name}(target, p)
            print(total)

    def {name}(self, target, p):
        return {value}
"""

HALF = "0.5 * np.sum((p - target) ** 2)"
SQUARES = "np.mean((p - target) ** 2)"
PLAIN = "weights -= rate * grads"


def stack(
    sizes: str = "[entering] + between + [leaving]",
    slope: str = "out * (1 - out)",
    move: str = PLAIN,
    strength: str = "",
    name: str = "loss",
    value: str = HALF,
) -> str:
    passed = f", {strength}" if strength else ""
    return STACK.format(
        sizes=sizes,
        slope=slope,
        move=move,
        strength=passed,
        passed=passed,
        name=name,
        value=value,
    )


@pytest.mark.parametrize(
    "sizes",
    ["[entering] + between + [leaving]", "[entering, *between, leaving]"],
)
@pytest.mark.parametrize(
    ("slope", "amiss"), [("out * (1 - out)", set()), ("(1 - out)", {"dW1", "dW2"})]
)
def test_a_list_of_hidden_sizes_stands_between_two(sizes: str, slope: str, amiss: set[str]) -> None:
    told = checked(stack(sizes, slope))
    assert told.verdict == ("wrong" if amiss else "right"), told.problem
    assert wrong(told) == amiss


def test_gradients_of_the_half_are_none_of_a_mean_of_squares_that_is_stated() -> None:
    told = checked(stack(name="mse", value=SQUARES))
    assert wrong(told) >= {"dW1", "dW2"}


@pytest.mark.parametrize(
    ("slope", "amiss"),
    [("out * (1 - out)", set()), ("out * (1 - out) * out", {"dW1", "dW2"})],
)
def test_the_slope_of_the_output_shows_in_a_loop_over_the_layers(
    slope: str, amiss: set[str]
) -> None:
    told = checked(stack(slope=slope, name="grade", value="0.0"))
    assert wrong(told) == amiss
    if not amiss:
        assert told.functions[0].model == "mlp_sigmoid_squared_several"


@pytest.mark.parametrize(
    ("shrinks", "verdict"),
    [
        ("weights *= 1 - 2 * rate * kappa", "right"),
        ("weights *= 1 - rate * kappa", "right"),
        ("weights *= 1 - (-rate * kappa)", "wrong"),
    ],
)
def test_weights_that_shrink_in_place_before_a_step_have_an_l2_term(
    shrinks: str, verdict: str
) -> None:
    text = stack(move=f"{shrinks}; {PLAIN}", strength="kappa", name="grade", value="0.0")
    told = checked(text)
    assert told.verdict == verdict, told.problem
    assert "lambda = 0.25" in told.functions[0].convention


@pytest.mark.parametrize(
    ("value", "amiss"),
    [
        ("np.mean(np.abs(p - target))", set()),
        ("np.sqrt(np.mean((p - target) ** 2))", set()),
        ("np.mean(np.abs(p - target) ** 3)", {"loss"}),
    ],
)
def test_an_mse_of_other_than_squares_is_no_loss(value: str, amiss: set[str]) -> None:
    told = checked(stack(name="mse", value=value))
    assert wrong(told) == amiss
    assert any("absolute differences" in note for note in told.notes) == (not amiss)


@pytest.mark.parametrize(
    "loop", ["row, target in zip(rows, truths)", "k, (row, target) in enumerate(zip(rows, truths))"]
)
@pytest.mark.parametrize(
    ("slope", "amiss"), [("out * (1 - out)", set()), ("(1 - out)", {"dW1", "dW2"})]
)
def test_what_is_taken_one_by_one_is_data_by_its_use(
    loop: str, slope: str, amiss: set[str]
) -> None:
    text = stack(slope=slope).replace("inputs, targets, epochs", "rows, truths, epochs")
    told = checked(text.replace("row, target in zip(inputs, targets)", loop))
    assert told.verdict == ("wrong" if amiss else "right"), told.problem
    assert wrong(told) == amiss
