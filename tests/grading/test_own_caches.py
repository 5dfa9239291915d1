"""Arguments by name, and caches that a student's own forward made."""

import numpy as np
import pytest

from backproof.grading.assignment import Assignment, Function
from backproof.grading.exam import exam
from backproof.grading.forms import Anything, CacheOf, Constant, Quantity, Size
from backproof.grading.judging import judge
from backproof.grading.quantities import layouts
from backproof.grading.rehearsal import rehearsed
from backproof.grading.solution import solution
from backproof.notation import MODELS
from backproof.reading.program import program
from backproof.reading.told import Unreadable
from grading.papers import marked, run

OWN = layouts(MODELS["mlp"])


def of(symbol: str, layout: str | None = None, **told) -> Quantity:
    return Quantity(symbol, OWN[symbol] if layout is None else layout, **told)


FORWARD = Function(
    "linear_forward", (of("x"), of("W1"), of("b1")), (of("z1"), Anything()), {"z1": 1.0}
)
BACKWARD = Function(
    "linear_backward",
    (of("dz1"), CacheOf("linear_forward")),
    {"dx": of("dx"), "dW": of("dW1"), "db": of("db1")},
    {"dx": 1.0, "dW1": 1.0, "db1": 1.0},
)
TEXT = """
import numpy as np

class Cache:
    pass

def linear_forward(A, W, b):
    cache = Cache()
    cache.A, cache.W = A, W
    return W @ A + b, cache

def linear_backward(dZ, cache):
    return {"dx": cache.W.T @ dZ, "dW": dZ @ cache.A.T, "db": dZ.sum(axis=1, keepdims=True)}
"""


def asked(*functions: Function, name: str = "mlp"):
    return Assignment("T", MODELS[name], "relu", functions, "digest", cases=8)


def judged(text: str, tmp_path):
    path = tmp_path / "hw.py"
    path.write_text(text, "utf-8")
    found = judge(program(path), set(), exam(asked(FORWARD, BACKWARD)), run)
    return {(one.function, one.part): one for one in found.marks}, found.status


def test_a_cache_of_any_kind_is_handed_on_and_never_comes_out(tmp_path) -> None:
    found, status = judged(TEXT, tmp_path)
    assert {one.verdict for one in found.values()} == {"right"}
    assert status == "graded"


def test_a_mistake_behind_a_right_forward_is_the_backward_s(tmp_path) -> None:
    found, status = judged(TEXT.replace("dZ @ cache.A.T", "dZ @ cache.A.T * 2"), tmp_path)
    lost = {part: one for (_, part), one in found.items() if one.verdict != "right"}
    assert {*lost} == {"dW1"}
    assert (lost["dW1"].verdict, status) == ("wrong", "graded")
    assert [name for name, _ in lost["dW1"].case["arguments"]] == ["dz1"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cache.A, cache.W = A, W", "cache.A, cache.W = 0 * A, W\n    b = 0"),
        ("def linear_f", "def f"),
    ],
)
def test_behind_a_wrong_forward_a_person_decides(old: str, new: str, tmp_path) -> None:
    found, status = judged(TEXT.replace(old, new), tmp_path)
    assert found["linear_forward", "z1"].verdict in ("wrong", "missing")
    mark = found["linear_backward", "dW1"]
    assert (mark.verdict, mark.points, status) == ("undecided", 0.0, "review")
    assert mark.because[0] == {"code": "own_cache", "functions": "linear_forward"}


def test_a_right_program_keeps_what_its_backward_needs() -> None:
    told = asked(FORWARD, BACKWARD)
    assert [one for one in marked(exam(told), solution(told)) if one.verdict != "right"] == []
    try:
        found = rehearsed(told)
    except Unreadable as error:
        pytest.skip(str(error))
    assert found.sound, found.text


STEP = Function(
    "step",
    (of("W2"),),
    (of("W2'"), of("b2'")),
    {"W2'": 1.0, "b2'": 1.0},
    keywords={
        "learning_rate": of("rate"),
        "grads": {"a": of("dW2"), "b": of("db2")},
        "b": of("b2"),
    },
)


def test_arguments_are_given_by_name() -> None:
    told = asked(STEP)
    text = "def step(w, *, learning_rate, grads, b):\n    r = learning_rate\n"
    text += "    return w - r * grads['a'], b - r * grads['b']\n"
    assert {one.verdict for one in marked(exam(told), text)} == {"right"}
    assert {one.verdict for one in marked(exam(told), solution(told))} == {"right"}
    (wrong, _) = marked(exam(told), text.replace("- r", "+ r", 1))
    assert [name for name, _ in wrong.case["arguments"]] == ["W2", "learning_rate", "grads", "b"]
    (other, _) = marked(exam(told), text.replace("grads", "gradients"))
    assert other.because == ({"code": "signature", "count": 4},)
    changing = text.replace("    r =", "    w *= 1.5\n    r =")
    (moved, _) = marked(exam(told), changing)
    assert moved.because[-1] == {"code": "mutates", "argument": "W2"}


@pytest.mark.parametrize("code", ["class", "class1"])
@pytest.mark.parametrize("beside", ["yhat", "W", "k"])
def test_class_numbers_are_labels_where_something_says_how_many_there_are(code, beside) -> None:
    own = layouts(MODELS["softmax_regression"])
    y = Quantity("y", "n", code)
    given = {
        "yhat": (y, Quantity("yhat", "k n")),
        "W": (y, *(Quantity(one, own[one]) for one in ("W", "b", "x"))),
        "k": (y, Size("k"), Quantity("yhat", "k n")),
    }[beside]
    function = Function("loss", given, Quantity("loss", ""), {"loss": 1.0})
    told = asked(function, name="softmax_regression")
    assert [one.verdict for one in marked(exam(told), solution(told))] == ["right"]


def test_class_numbers_alone_do_not_say_how_many_classes_there_are() -> None:
    function = Function("f", (Quantity("y", "n", "class"),), Quantity("y", "k n"), {"y": 1.0})
    with pytest.raises(LookupError, match="nothing that says how many classes"):
        solution(asked(function, name="softmax_regression"))


def test_a_global_may_have_a_quantity_s_own_name() -> None:
    function = Function(
        "predict",
        (of("W1"), of("b1"), Constant("relu")),
        of("z1"),
        {"z1": 1.0},
        globals={"x": of("x")},
    )
    told = asked(function)
    assert [one.verdict for one in marked(exam(told), solution(told))] == ["right"]
    assert np.isfinite(exam(told).known["float64"][0].values["z1"]).all()
