import ast

import numpy as np
import pytest

from backproof.grading.assignment import Assignment, Function
from backproof.grading.exam import exam
from backproof.grading.forms import Quantity
from backproof.grading.held import held
from backproof.grading.judging import judge
from backproof.notation import MODELS
from backproof.reading.program import program
from grading.papers import run

Z, X = Quantity("z", "1 n"), Quantity("x", "d n")
W, B, YHAT = Quantity("w", "1 d"), Quantity("b", "1 1"), Quantity("yhat", "1 n")
SIGMOID = Function("sigmoid", (Z,), YHAT, {"yhat": 1.0})
FORWARD = Function("forward", (X, W, B), YHAT, {"yhat": 2.0})
STATIC = """
import numpy as np

class Net:
    @staticmethod
    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    @classmethod
    def forward(cls, x, w, b):
        return cls.sigmoid(w @ x + b)
"""
METHODS = """
import numpy as np

class Net:
    ONE = 1

    def __init__(self, hidden):
        self.hidden = hidden

    def sigmoid(self, z):
        return self.ONE / (1 + np.exp(-z))

    def forward(self, x, w, b):
        return self.sigmoid(w @ x + b)
"""


def judged(text: str, tmp_path, *functions: Function):
    path = tmp_path / "hw.py"
    path.write_text(text, "utf-8")
    model = MODELS["logistic_regression"]
    asked = exam(Assignment("T", model, "sigmoid", functions, "digest", cases=8))
    return {one.function: one for one in judge(program(path), set(), asked, run).marks}


@pytest.mark.parametrize(
    "text", [STATIC, METHODS, METHODS.replace("class Net:", "class Net(dict):")]
)
def test_functions_in_a_class_without_state_are_called(text: str, tmp_path) -> None:
    found = judged(text, tmp_path, SIGMOID, FORWARD)
    assert {one.verdict for one in found.values()} == {"right"}


@pytest.mark.parametrize("text", [STATIC, METHODS])
def test_there_a_mistake_does_not_count_twice_either(text: str, tmp_path) -> None:
    found = judged(text.replace("np.exp(-z)", "np.exp(z)"), tmp_path, SIGMOID, FORWARD)
    assert (found["sigmoid"].verdict, found["forward"].verdict) == ("wrong", "right")
    assert found["forward"].because[0]["code"] == "carried"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return self.ONE", "return self.hidden"),
        ("return self.ONE", "self.z = z\n        return self.ONE"),
        ("return self.ONE", "return len([self])"),
        ("def sigmoid(self, z)", "@property\n    def sigmoid(self)"),
        ("return self.ONE", "return getattr(self, 'hidden')"),
    ],
)
def test_a_method_with_state_is_said_to_be_seen_where_it_is(old, new, tmp_path) -> None:
    assert old in METHODS
    found = judged(METHODS.replace(old, new), tmp_path, SIGMOID, FORWARD)
    assert found["sigmoid"].verdict == "missing"
    assert found["forward"].points == 0.0
    (because,) = found["sigmoid"].because
    assert because["code"] == "inside"
    assert because["where"] == "Net.sigmoid"
    assert because["line"].startswith("line 1")


def test_a_function_inside_of_another_is_said_to_be_there(tmp_path) -> None:
    text = "def main():\n    def sigmoid(z):\n        return z\n    return sigmoid\n"
    found = judged(text, tmp_path, SIGMOID, FORWARD)
    inside = {"code": "inside", "function": "sigmoid", "where": "main.sigmoid", "line": "line 2"}
    assert found["sigmoid"].because == (inside,)
    assert found["forward"].because[0]["code"] == "not_defined"


def test_a_function_of_the_module_comes_before_those_in_classes(tmp_path) -> None:
    text = METHODS + "\ndef sigmoid(z):\n    return 1 / (1 + np.exp(-z))\n"
    path = tmp_path / "hw.py"
    path.write_text(text, "utf-8")
    read = program(path)
    wanted = {"forward"}
    found = held(read, read.tree.body, wanted)
    assert {*found.classes} == wanted
    module: dict = {"np": np}
    exec(compile(ast.parse(text + found.bindings), "hw", "exec"), module)
    assert module["forward"](np.zeros((2, 3)), np.zeros((1, 2)), 0.0).shape == (1, 3)
