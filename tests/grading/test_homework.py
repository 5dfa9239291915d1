"""The ready-made assignments, on homework as people write it (in `homework/`, our own writing)."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from backproof.grading import alone
from backproof.grading.assignment import read
from backproof.grading.exam import Exam, exam
from backproof.grading.judging import judge
from backproof.grading.marking import Mark
from backproof.grading.outcome import Limits
from backproof.grading.ready_made import READY_MADE, names
from backproof.reading.program import of_script, program
from grading import papers

HOMEWORK = Path(__file__).parent / "homework"
# The notebook's functions are those of the other family under names of its own, of any depth.
NOTEBOOK = {
    "initialize_parameters_deep": "initialize_parameters",
    "L_model_forward": "forward_pass",
    "compute_cost": "binary_cross_entropy",
    "L_model_backward": "backward_pass",
}


def written(name: str) -> str:
    """A right homework for a ready-made assignment."""
    others = {"mlp": "l_model_backward", "mlp3": "l_model_backward", "backward": "lecture_mlp"}
    text = (HOMEWORK / f"{others.get(name, name)}.py").read_text("utf-8")
    for theirs, own in NOTEBOOK.items() if name in ("mlp", "mlp3") else ():
        text = text.replace(theirs, own)
    return text


@functools.cache
def asked(name: str) -> Exam:
    return exam(read(READY_MADE / f"{name}.toml"))


def marks(name: str, text: str, folder: Path) -> list[Mark]:
    file = folder / "homework.py"
    file.write_text(text, "utf-8")

    def run(text, calls, limits=None):
        files = {"homework.py": text.encode()}
        return alone.run(files, "homework.py", calls, limits or Limits(30.0, 2 << 30))

    return judge(program(file), set(), asked(name), run).marks


BY_DAY = ("propagate", "l_model_backward")
NAMES = [
    name if name in BY_DAY else pytest.param(name, marks=pytest.mark.nightly) for name in names()
]


@pytest.mark.parametrize("name", NAMES)
def test_a_right_homework_gets_full_marks(name: str, tmp_path: Path) -> None:
    found = marks(name, written(name), tmp_path)
    assert [one for one in found if one.verdict != "right"] == []
    assert sum(one.points for one in found) == pytest.approx(asked(name).assignment.out_of)


@pytest.mark.parametrize("name", ["mlp", pytest.param("mlp3", marks=pytest.mark.nightly)])
@pytest.mark.parametrize(
    ("old", "new", "function"),
    [
        ("np.dot(W, A) + b", "np.dot(W, A)", "linear_forward"),
        ("np.maximum(0, Z)", "np.maximum(1, Z)", "relu"),
        ("dW = 1 / m * ", "dW = ", "linear_backward"),
        ("keepdims=True", "keepdims=False", "linear_backward"),
        ("dZ[Z <= 0] = 0", "dZ[Z >= 0] = 0", "relu_backward"),
        ("dA * s * (1 - s)", "dA * s * (1 + s)", "sigmoid_backward"),
        ("dAL = -(", "dAL = (", "backward_pass"),
    ],
)
def test_a_mistake_costs_the_points_of_the_function_that_it_is_in(name, old, new, function) -> None:
    text = written(name)
    assert old in text
    wrong = of_script(Path("homework.py"), text.replace(old, new))
    judged = judge(wrong, set(), asked(name), lambda text, calls, _: papers.run(text, calls))
    assert {one.function for one in judged.marks if one.verdict != "right"} == {function}
    assert judged.status == "graded"


def test_who_has_written_two_layers_down_loses_points_at_three(tmp_path: Path) -> None:
    text = written("l_model_backward")
    shallow = text.replace("L = len(caches)", "L = 2")
    assert shallow != text
    lost = {(one.function, one.verdict) for one in marks("l_model_backward", shallow, tmp_path)}
    assert ("L_model_backward", "wrong") in lost
    assert ("linear_activation_backward", "right") in lost
