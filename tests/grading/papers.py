"""Assignments for the tests, and a program's answers without a sandbox."""

from __future__ import annotations

import copy

import numpy as np

from backproof.grading.assignment import Assignment, Function
from backproof.grading.exam import Exam
from backproof.grading.forms import Anything, Quantity, quantities_in
from backproof.grading.marking import Mark, marks
from backproof.grading.outcome import Answer, Outcome
from backproof.grading.prepared import CALLING
from backproof.grading.quantities import layouts
from backproof.notation import MODELS


def whole(name: str, activation: str = "sigmoid", **told) -> Assignment:
    """Forward and backward of a model, each as one function."""
    model = MODELS[name]
    own = layouts(model)
    parameters = tuple(Quantity(one, own[one]) for one in model.parameters)
    x, y = Quantity("x", own["x"]), Quantity("y", own["y"])
    yhat, loss = Quantity("yhat", own["yhat"]), Quantity("loss", "")
    gradients = tuple(Quantity(f"d{one}", own[f"d{one}"]) for one in model.parameters)
    functions = (
        Function("forward", (*parameters, x), (yhat, Anything()), {"yhat": 1.0}),
        Function("loss", (yhat, y), loss, {"loss": 1.0}),
        Function(
            "backward", (*parameters, x, y), gradients, {one.symbol: 1.0 for one in gradients}
        ),
    )
    return Assignment("A test", model, activation, functions, "digest", cases=24, **told)


def answered(exam: Exam, text: str) -> list[Answer]:
    """What a program answers, run here: only for programs of our own."""
    return list(run(text + CALLING, exam.calls).answers)


def run(text: str, calls, limits=None) -> Outcome:
    """As a sandbox runs a program, but here and without limits: only for programs of our own."""
    module: dict = {}
    exec(text, module)
    answers = []
    for call in calls:
        arguments = copy.deepcopy(call.arguments)
        try:
            with np.errstate(all="ignore"):
                value = module[call.function](*arguments)
        except Exception as error:
            answers.append(Answer(error=f"{type(error).__name__}: {error}"))
        else:
            answers.append(Answer(value, arguments))
    return Outcome("answered", tuple(answers), "", "")


def marked(exam: Exam, text: str) -> list[Mark]:
    """The marks of a program of our own."""
    defined = frozenset(function.name for function in exam.assignment.functions)
    return marks(exam, answered(exam, text), defined)


def symbols(assignment: Assignment) -> list[str]:
    return [one.symbol for f in assignment.functions for one in quantities_in(f.returns)]
