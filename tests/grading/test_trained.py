import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof import models
from backproof.grading.alone import run as run_alone
from backproof.grading.assignment import Assignment, Function, Training
from backproof.grading.exam import exam
from backproof.grading.forms import Anything, Quantity, Size
from backproof.grading.judging import judge, missing
from backproof.grading.outcome import Answer, Limits, Outcome
from backproof.grading.prepared import CALLING
from backproof.grading.quantities import Known, layouts
from backproof.grading.rehearsal import rehearsed
from backproof.grading.sandbox import Call
from backproof.grading.trained import loss_of, trained
from backproof.grading.trials import trials
from backproof.notation import MODELS
from backproof.reading.program import program
from backproof.reading.told import Unreadable
from grading.papers import run

XOR = Training("xor", 0.1, 2.0, 2000, 5.0)
X, Y, RATE, STEPS = Quantity("x", "d n"), Quantity("y", "1 n"), Quantity("rate", ""), Size("steps")
PARAMETERS = tuple(Quantity(one, layouts(MODELS["mlp"])[one]) for one in ("W1", "b1", "W2", "b2"))
OPTIMIZE = Function(
    "optimize", (X, Y, RATE, STEPS), (*PARAMETERS, Anything()), {"training": 3.0}, training=XOR
)
RIGHT = """
import numpy as np

def optimize(x, y, lr, n_iter):
    n = x.shape[1]
    W1, b1 = np.random.randn(6, 2), np.zeros((6, 1))
    W2, b2 = np.random.randn(1, 6), np.zeros((1, 1))
    for t in range(n_iter):
        a1 = 1 / (1 + np.exp(-(W1 @ x + b1)))
        yhat = 1 / (1 + np.exp(-(W2 @ a1 + b2)))
        dz2 = (yhat - y) / n
        dz1 = W2.T @ dz2 * a1 * (1 - a1)
        W1 = W1 - lr * dz1 @ x.T
        b1 = b1 - lr * dz1.sum(axis=1, keepdims=True)
        W2 = W2 - lr * dz2 @ a1.T
        b2 = b2 - lr * dz2.sum()
    return W1, b1, W2, b2, [0.0] * n_iter
"""
LEFT = (
    "    globals().update(W1=W1, b1=b1, W2=W2, b2=b2)\n"  # and only losses are returned, or nothing
)


def assignment(*functions: Function, name: str = "mlp", **told) -> Assignment:
    return Assignment("T", MODELS[name], "sigmoid", functions, "digest", **told)


def mark_of(text: str, function: Function = OPTIMIZE, name: str = "mlp"):
    asked = assignment(function, name=name)
    (one,) = trials(asked)
    return trained(asked, one, lambda trial: run(text + CALLING, [trial.call]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("np.random.randn(6, 2)", "np.random.default_rng(3).standard_normal((6, 2))"),
        ("np.random.randn(6, 2)", "np.random.randn(6, 2).astype(np.float32)"),
        ("W1, b1, W2, b2, [0.0]", "W1.tolist(), b1, W2, float(b2[0, 0]), [0.0]"),
        ("    return W1, b1, W2, b2,", f"{LEFT}    return"),
        ("    return W1, b1, W2, b2, [0.0] * n_iter", LEFT),
    ],
)
def test_what_gets_there_has_its_points(old: str, new: str) -> None:
    mark = mark_of(RIGHT.replace(old, new))
    assert (mark.part, mark.verdict, mark.points, mark.because) == ("training", "right", 3.0, ())


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("for t in range(n_iter)", "for t in range(0)", "not_reached"),  # though it says 0.0
        (" - lr", " + lr", "not_reached"),
        ("W2 = W2 - lr * dz2 @ a1.T", "pass", "not_reached"),
        ("b2 = b2 - lr * dz2.sum()", "pass", "not_moved"),
        ("lr *", "2.0 *", "rate_ignored"),
        ("a1 * (1 - a1)", "a1 * np.nan", "not_finite"),
        ("W1, b1, W2, b2, [0.0]", "W1.T, b1, W2, b2, [0.0]", "shape"),
        ("W1, b1, W2, b2, [0.0] * n_iter", "W1, b1, W2, b2", "form"),
        ("W1, b1, W2, b2, [0.0] * n_iter", "{'code': np.ones(3)}", "form"),
        ("return W1, b1, W2, b2,", "return", "no_parameters"),
        ("return W1, b1, W2, b2, [0.0] * n_iter", "return np.zeros(n_iter)", "no_parameters"),
        ("    return W1, b1, W2, b2, [0.0] * n_iter", "", "no_parameters"),
        ("W1, b1, W2, b2, [0.0] * n_iter", "W1 @ x", "form"),
        (
            "b2 = b2 - lr * dz2.sum()\n    return W1, b1, W2, b2,",
            f"pass\n{LEFT}    return",
            "not_moved",
        ),
        (
            "    return W1, b1, W2, b2,",
            f"{LEFT.replace('W1=W1', 'W1=0 * W1')}    return",
            "no_parameters",
        ),
        ("n = x.shape[1]", "n = x.shape[2]", "raised"),
        ("x, y, lr, n_iter):", "x, y):", "signature"),
        (
            "for t in range(n_iter):",
            "W1, b1 = np.array([[9.0, 9], [9, 9]]), np.array([[-4.0], [-14]])\n"
            "    W2, b2 = np.array([[9.0, -9]]), np.array([[-4.0]])\n    for t in range(0):",
            "rate_ignored",
        ),
    ],
)
def test_what_does_not_has_none_and_is_told_why(old: str, new: str, code: str) -> None:
    assert old in RIGHT
    mark = mark_of(RIGHT.replace(old, new))
    assert (mark.verdict, mark.points, [one["code"] for one in mark.because]) == (
        "wrong",
        0,
        [code],
    )


@pytest.mark.parametrize(
    "other",
    ["[0.0] * 100_000", "type('Any', (), {'__getattr__': lambda s, _: s})()", "np.ones(2**21)"],
)
def test_what_else_has_a_parameters_name_is_no_hindrance(other: str) -> None:
    asked = assignment(OPTIMIZE)
    (one,) = trials(asked)

    def mark(text: str):
        files = {"hw.py": f"{text}\nW1 = {other}\n{CALLING}".encode()}
        limits = Limits(answer_bytes=4 << 20)
        return trained(asked, one, lambda trial: run_alone(files, "hw.py", [trial.call], limits))

    assert mark(RIGHT).because == ()
    (because,) = mark(RIGHT.replace("return W1, b1, W2, b2,", "return")).because
    assert because["code"] == "no_parameters"


def test_the_loss_that_is_told_is_that_of_the_parameters() -> None:
    (because,) = mark_of(RIGHT.replace("range(n_iter)", "range(0)")).because
    assert 0.6 < because["loss"] < 2.0
    assert because["wanted"] == 0.1


def test_initial_parameters_and_sizes_are_given_where_they_are_asked_for() -> None:
    weights = (Quantity("w", "d 1"), Quantity("b", ""))
    told = Training("separable", 0.1, 0.5, 500, 5.0)
    given = Function(
        "fit", (*weights, Size("d"), Quantity("x", "n d"), Quantity("y", "n"), STEPS, RATE),
        {"w": weights[0], "b": weights[1]}, {"training": 1.0}, training=told,
    )  # fmt: skip
    text = """
def fit(w, b, d, X, y, epochs, alpha):
    assert w.shape == (d, 1) and X.shape == (len(y), d) and b == 0.0
    for _ in range(epochs):
        e = 1 / (1 + np.exp(-(X @ w)[:, 0] - b)) - y
        w = w - alpha * X.T @ e[:, None] / len(y)
        b = b - alpha * e.mean()
    return {"w": w, "b": b}
"""
    text = "import numpy as np\n" + text
    assert mark_of(text, given, "logistic_regression").verdict == "right"
    in_place = text.replace("w = w -", "w -=").replace('return {"w": w, "b": b}', "return {'b': b}")
    assert mark_of(in_place, given, "logistic_regression").verdict == "wrong"
    in_place = in_place.replace("return {'b': b}", "globals()['b'] = b")
    assert mark_of(in_place, given, "logistic_regression").verdict == "right"
    (because,) = mark_of(text.replace("w = w -", "w = w +"), given, "logistic_regression").because
    assert because["code"] == "not_reached"


@given(st.lists(st.booleans(), min_size=5, max_size=5))
def test_three_of_five_starts_have_to_get_there_and_no_more_are_made_than_decide_it(got) -> None:
    asked = assignment(OPTIMIZE)
    (one,) = trials(asked)
    made = []

    def ask(trial) -> Outcome:
        number = len(made)
        made.append(trial)
        far = 9.0 if trial is not one.still and got[one.starts.index(trial)] else 0.001 * number
        W1 = np.array([[far, far], [far, far]])
        b1, W2 = far * np.array([[-0.5], [-1.5]]), 2 * far * np.array([[1.0, -1.0]])
        value = (W1, b1, W2, np.array([[-far]]), None)
        return Outcome("answered", (Answer(value),), "", "")

    mark = trained(asked, one, ask)
    assert (mark.verdict == "right") == (sum(got) >= 3)
    needed = next(
        count for count in range(6) if sum(got[:count]) == 3 or count - sum(got[:count]) == 3
    )
    assert len(made) == needed + (sum(got) >= 3)


@pytest.mark.parametrize(
    ("status", "code"), [("time", "time"), ("memory", "memory"), ("broken", "killed")]
)
def test_a_training_that_does_not_end_is_one_that_does_not_get_there(status, code) -> None:
    asked = assignment(OPTIMIZE)
    (one,) = trials(asked)
    mark = trained(asked, one, lambda _: Outcome(status, (), "", ""))
    assert (mark.verdict, mark.because) == ("wrong", ({"code": code},))


def test_trainings_are_those_of_the_seed_each_on_data_of_its_own_within_its_own_limits() -> None:
    asked = assignment(OPTIMIZE, limits=Limits(cpu_seconds=60.0))
    (one,), (again,), (public,) = trials(asked), trials(asked), trials(asked, public=True)
    frames = [trial.call.frame for trial in (*one.starts, one.still)]
    assert frames == [trial.call.frame for trial in (*again.starts, again.still)]
    assert len({*frames, *(trial.call.frame for trial in public.starts)}) == 11
    assert {trial.limits.cpu_seconds for trial in one.starts} == {5.0}


@given(st.sampled_from(["mlp", "mlp_softmax", "softmax_regression", "linear_regression"]),
       st.sampled_from(["sigmoid", "tanh", "relu"]), st.integers(0, 2**32))  # fmt: skip
def test_the_loss_is_the_models(name: str, activation: str, seed: int) -> None:
    model, rng = MODELS[name], np.random.default_rng(seed)
    sizes = dict.fromkeys(model.axes, 3)
    arrays = {tensor: rng.standard_normal(model.shape(tensor, sizes)) for tensor in model.layouts}
    arrays["y"] = np.eye(3) if model.output == "softmax" else np.float64(arrays["y"] > 0.0)
    parameters = {one: arrays[one] for one in model.parameters}
    with jax.enable_x64(True):
        truth = float(models.loss(model, parameters, arrays["x"], arrays["y"], activation))
    assert np.isclose(loss_of(model, activation, parameters, Known(arrays, {}, sizes)), truth)


FORWARD = Function("forward", (*PARAMETERS, X), Quantity("yhat", "1 n"), {"yhat": 1.0})
CALLS_FORWARD = (
    RIGHT.replace("yhat = 1 / (1 + np.exp(-(W2 @ a1 + b2)))", "yhat = forward(W1, b1, W2, b2, x)")
    + """
def forward(W1, b1, W2, b2, x):
    a1 = 1 / (1 + np.exp(-(W1 @ x + b1)))
    return 1 / (1 + np.exp(-(W2 @ a1 + b2)))
"""
)


def judged(text: str, tmp_path, *functions: Function):
    path = tmp_path / "hw.py"
    path.write_text(text, "utf-8")
    asked = exam(assignment(*functions, cases=8))
    return {one.function: one for one in judge(program(path), set(), asked, run).marks}


def test_training_with_a_wrong_function_is_tried_again_with_a_right_one(tmp_path) -> None:
    right = judged(CALLS_FORWARD, tmp_path, FORWARD, OPTIMIZE)
    assert {one.verdict for one in right.values()} == {"right"}
    wrong = CALLS_FORWARD.replace("return 1 / (1 + np.exp(-(W2", "return 1 / (1 + np.exp((W2")
    found = judged(wrong, tmp_path, FORWARD, OPTIMIZE)
    assert (found["forward"].verdict, found["optimize"].verdict) == ("wrong", "right")
    assert found["optimize"].because[0] == {"code": "carried", "functions": "forward"}


def test_training_that_is_not_there_is_missing_and_costs_nothing_else(tmp_path) -> None:
    text = CALLS_FORWARD.replace("def optimize", "def other")
    found = judged(text, tmp_path, FORWARD, OPTIMIZE)
    assert (found["forward"].verdict, found["optimize"].verdict) == ("right", "missing")


def test_marks_are_in_the_order_of_the_assignment(tmp_path) -> None:
    text = CALLS_FORWARD.replace("def optimize", "def other")
    assert [*judged(text, tmp_path, OPTIMIZE, FORWARD)] == ["optimize", "forward"]
    nothing = missing(exam(assignment(OPTIMIZE, FORWARD, cases=8)))
    assert [one.function for one in nothing] == ["optimize", "forward"]


def test_training_that_does_not_end_is_ended_and_costs_nothing_else(tmp_path) -> None:
    """Run as a student runs it, in a process of its own, with little time."""
    path = tmp_path / "hw.py"
    endless = CALLS_FORWARD.replace("return W1, b1", "while True: pass\n    return W1, b1")
    path.write_text(endless, "utf-8")
    limits = Limits(cpu_seconds=20.0, wall_seconds=60.0)
    quick = Function(**{**vars(OPTIMIZE), "training": Training("xor", 0.1, 2.0, 2000, 0.3)})
    asked = exam(assignment(FORWARD, quick, cases=8, limits=limits))

    def alone(text, calls, limits) -> Outcome:
        return run_alone({"hw.py": text.encode()}, "hw.py", calls, limits)

    found = {one.function: one for one in judge(program(path), set(), asked, alone).marks}
    assert found["forward"].verdict == "right"
    assert found["optimize"].because == ({"code": "time"},)


def test_each_start_has_numbers_of_its_own_and_the_same_again() -> None:
    text = "import numpy as np, random\ndef optimize(*_):\n"
    text += "    return np.random.randn(), np.random.default_rng(7).random(), random.random()\n"
    (one,) = trials(assignment(OPTIMIZE))
    calls = [trial.call for trial in (*one.starts, one.starts[0])]
    *drawn, again = (answer.value for answer in run(text + CALLING, calls).answers)
    assert again == drawn[0]
    assert [len({*numbers}) for numbers in zip(*drawn, strict=True)] == [5, 1, 5]


def test_what_is_drawn_without_a_seed_is_drawn_again_the_same(kept) -> None:
    text = (
        b"import numpy as np\nrng = np.random.default_rng()\ndef f():\n    return rng.random(3)\n"
    )
    one, other = (kept.run({"a.py": text}, "a.py", [Call("f")]).answers[0].value for _ in "12")
    assert np.array_equal(one, other)


@pytest.mark.nightly
def test_an_assignment_is_tried_with_training_that_is_right_and_with_mistakes() -> None:
    try:
        told = rehearsed(assignment(OPTIMIZE, seed=3))
    except Unreadable as error:
        pytest.skip(str(error))
    assert told.sound, told.text
    assert "5 of 5 mistakes cost points" in told.text
    loose = Function(**{**vars(OPTIMIZE), "training": Training("xor", 50.0, 2.0, 2000, 5.0)})
    assert not rehearsed(assignment(loose)).sound
